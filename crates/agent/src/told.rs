//! What a controller says has happened, on its way to the agent.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::extract::scalar;
use super::lifecycle::{Event, Kind, Values, decide};
use crate::limits;

/// Takes what a controller itself knows to have happened; clones are the same.
///
/// Calling it costs no time: events wait in a bounded queue, and where telemetry is off they end
/// here. They are told by whoever is called, whether or not the lease is his: another agent does
/// not know of them.
#[derive(Debug, Clone)]
pub struct Lifecycle(Option<Sender<Happened>>);

/// Why an event is not told. No controller needs to stop for it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Untold {
    /// More happens than can be told.
    #[error("too many events wait to be told")]
    Full,
    /// The agent has ended.
    #[error("the agent has ended")]
    Ended,
    /// The fields are none.
    #[error("what happened to a `{kind}` has no fields")]
    NoFields {
        /// The kind.
        kind: String,
    },
}

/// An event of a controller's.
#[derive(Debug, PartialEq)]
pub(super) struct Happened {
    pub(super) kind: String,
    pub(super) fields: IndexMap<String, ()>,
    pub(super) event: Event,
}

impl Lifecycle {
    /// Makes a handle, and what takes from it.
    pub(super) fn new() -> (Self, Receiver<Happened>) {
        let (sender, receiver) = channel(limits::HAPPENED_MAX);
        (Self(Some(sender)), receiver)
    }

    /// Makes a handle that does nothing.
    pub(super) fn off() -> Self {
        Self(None)
    }

    /// Says that an object of a kind was created, with these fields.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn created(&self, kind: &str, fields: &impl Serialize) -> Result<(), Untold> {
        self.happened(kind, None, Some(json(kind, fields)?))
    }

    /// Says that an object has other fields than before; nothing is told where the event's schema
    /// tells none of those that changed.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn updated(
        &self,
        kind: &str,
        old: &impl Serialize,
        new: &impl Serialize,
    ) -> Result<(), Untold> {
        self.happened(kind, Some(json(kind, old)?), Some(json(kind, new)?))
    }

    /// Says that an object was deleted, with the fields it had last.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn deleted(&self, kind: &str, fields: &impl Serialize) -> Result<(), Untold> {
        self.happened(kind, Some(json(kind, fields)?), None)
    }

    fn happened(
        &self,
        kind: &str,
        old: Option<Map<String, Value>>,
        new: Option<Map<String, Value>>,
    ) -> Result<(), Untold> {
        let Some(sender) = &self.0 else { return Ok(()) };
        let Some(happened) = happened(kind, old.as_ref(), new.as_ref()) else { return Ok(()) };
        sender.try_send(happened).map_err(|error| match error {
            TrySendError::Full(_) => Untold::Full,
            TrySendError::Closed(_) => Untold::Ended,
        })
    }
}

fn json(kind: &str, fields: &impl Serialize) -> Result<Map<String, Value>, Untold> {
    match serde_json::to_value(fields) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Untold::NoFields { kind: kind.to_owned() }),
    }
}

/// Makes an event of the fields before and after, or none where nothing is different; pure.
fn happened(
    kind: &str,
    old: Option<&Map<String, Value>>,
    new: Option<&Map<String, Value>>,
) -> Option<Happened> {
    let names = old.into_iter().chain(new).flat_map(Map::keys);
    let fields: IndexMap<String, ()> =
        names.take(2 * limits::WATCHED_FIELDS_MAX).map(|name| (name.clone(), ())).collect();
    let values = |map: &Map<String, Value>| -> Values {
        fields.keys().map(|name| map.get(name).and_then(scalar)).collect()
    };
    let (old, new) = (old.map(values), new.map(values));
    let event = decide(old.as_ref(), new.as_ref())?;
    Some(Happened { kind: kind.to_owned(), fields, event })
}

/// Says which schema tells an event, of those that a kind has.
pub(super) fn schema_of<'s>(
    told: &'s std::collections::BTreeMap<String, std::collections::BTreeMap<Kind, String>>,
    happened: &Happened,
) -> Option<&'s str> {
    told.get(&happened.kind)?.get(&happened.event.kind).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Kind, Lifecycle, Untold};
    use crate::limits;

    #[test]
    fn an_update_is_one_only_where_a_field_differs() {
        let (lifecycle, mut received) = Lifecycle::new();
        lifecycle.created("lamp", &json!({"colour": "red"})).unwrap();
        lifecycle.updated("lamp", &json!({"colour": "red"}), &json!({"colour": "red"})).unwrap();
        lifecycle.updated("lamp", &json!({"colour": "red"}), &json!({"watt": 3})).unwrap();
        lifecycle.deleted("lamp", &json!({"watt": 3})).unwrap();
        let mut told = Vec::new();
        while let Ok(one) = received.try_recv() {
            told.push((one.event.kind, one.fields.keys().cloned().collect::<Vec<_>>()));
        }
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let expected = [
            (Kind::Created, names(&["colour"])),
            (Kind::Updated, names(&["colour", "watt"])),
            (Kind::Deleted, names(&["watt"])),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_no_closed_type_could_hold_never_waits_anywhere() {
        let (lifecycle, mut received) = Lifecycle::new();
        let long = "x".repeat(limits::WATCHED_TEXT_BYTES_MAX + 1);
        lifecycle.created("lamp", &json!({"text": long, "deep": {"a": 1}, "n": 7})).unwrap();
        let happened = received.try_recv().unwrap();
        assert_eq!(happened.event.new, [None, None, Some(json!(7))]);
    }

    #[test]
    fn a_full_queue_costs_events_and_no_time() {
        let (lifecycle, received) = Lifecycle::new();
        for _ in 0..limits::HAPPENED_MAX {
            lifecycle.created("lamp", &json!({})).unwrap();
        }
        assert_eq!(lifecycle.created("lamp", &json!({})), Err(Untold::Full));
        drop(received);
        assert_eq!(lifecycle.created("lamp", &json!({})), Err(Untold::Ended));
        let none = Untold::NoFields { kind: "lamp".into() };
        assert_eq!(lifecycle.created("lamp", &3), Err(none));
        assert_eq!(Lifecycle::off().created("lamp", &json!({})), Ok(()));
    }
}
