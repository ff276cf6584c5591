//! Events that a controller emits itself, on their way to the agent.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::extract::scalar;
use crate::lifecycle::{Event, Kind, Values, decide};
use crate::limits;
use crate::status::{DropReason, Status};

/// Takes the events of a controller. Clones share one queue.
///
/// A call never blocks: events wait in a bounded queue, and are dropped where telemetry is off. An agent
/// sends them also while it is not the leader, because no other agent knows of them.
#[derive(Debug, Clone)]
pub struct Lifecycle(Option<(Sender<EmittedEvent>, Status)>);

/// Why an event is dropped. No controller needs to stop for it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EmitError {
    /// The queue is full.
    #[error("too many events wait to be sent")]
    Full,
    /// The agent has ended.
    #[error("the agent has ended")]
    Ended,
    /// The value is not a mapping of fields.
    #[error("the event of a `{kind}` has no fields")]
    NoFields {
        /// The kind.
        kind: String,
    },
}

/// An event of a controller, with the names of its fields.
#[derive(Debug, PartialEq)]
pub(super) struct EmittedEvent {
    pub(super) kind: String,
    pub(super) fields: IndexMap<String, ()>,
    pub(super) event: Event,
}

impl Lifecycle {
    /// Makes a handle, and what takes from it.
    pub(super) fn new(status: Status) -> (Self, Receiver<EmittedEvent>) {
        let (sender, receiver) = channel(limits::EMITTED_EVENTS_MAX);
        (Self(Some((sender, status))), receiver)
    }

    /// Makes a handle that does nothing.
    pub(super) fn off() -> Self {
        Self(None)
    }

    /// Emits that an object of a kind was created, with these fields.
    ///
    /// # Errors
    /// When the event is dropped.
    pub fn created(&self, kind: &str, fields: &impl Serialize) -> Result<(), EmitError> {
        self.emit(kind, None, Some(json(kind, fields)?))
    }

    /// Emits that an object has other fields than before. Nothing is sent when the event's schema
    /// declares none of those that changed.
    ///
    /// # Errors
    /// When the event is dropped.
    pub fn updated(
        &self,
        kind: &str,
        old: &impl Serialize,
        new: &impl Serialize,
    ) -> Result<(), EmitError> {
        self.emit(kind, Some(json(kind, old)?), Some(json(kind, new)?))
    }

    /// Emits that an object was deleted, with the fields it had last.
    ///
    /// # Errors
    /// When the event is dropped.
    pub fn deleted(&self, kind: &str, fields: &impl Serialize) -> Result<(), EmitError> {
        self.emit(kind, Some(json(kind, fields)?), None)
    }

    fn emit(
        &self,
        kind: &str,
        old: Option<Map<String, Value>>,
        new: Option<Map<String, Value>>,
    ) -> Result<(), EmitError> {
        let Some((sender, status)) = &self.0 else { return Ok(()) };
        let Some(event) = event(kind, old.as_ref(), new.as_ref()) else { return Ok(()) };
        sender.try_send(event).map_err(|error| match error {
            TrySendError::Full(_) => {
                status.dropped(DropReason::QueueFull);
                EmitError::Full
            }
            TrySendError::Closed(_) => EmitError::Ended,
        })
    }
}

fn json(kind: &str, fields: &impl Serialize) -> Result<Map<String, Value>, EmitError> {
    match serde_json::to_value(fields) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(EmitError::NoFields { kind: kind.to_owned() }),
    }
}

/// Makes an event of the fields before and after, or none where nothing is different; pure.
fn event(
    kind: &str,
    old: Option<&Map<String, Value>>,
    new: Option<&Map<String, Value>>,
) -> Option<EmittedEvent> {
    let names = old.into_iter().chain(new).flat_map(Map::keys);
    let fields: IndexMap<String, ()> =
        names.take(2 * limits::WATCHED_FIELDS_MAX).map(|name| (name.clone(), ())).collect();
    let values = |map: &Map<String, Value>| -> Values {
        fields.keys().map(|name| map.get(name).and_then(scalar)).collect()
    };
    let (old, new) = (old.map(values), new.map(values));
    let event = decide(old.as_ref(), new.as_ref())?;
    Some(EmittedEvent { kind: kind.to_owned(), fields, event })
}

/// Finds the schema of an event among those of all kinds.
pub(super) fn schema_of<'s>(
    schemas: &'s BTreeMap<String, BTreeMap<Kind, String>>,
    emitted: &EmittedEvent,
) -> Option<&'s str> {
    schemas.get(&emitted.kind)?.get(&emitted.event.kind).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{EmitError, Kind, Lifecycle, Status};
    use crate::limits;

    #[test]
    fn an_update_is_one_only_where_a_field_differs() {
        let (lifecycle, mut received) = Lifecycle::new(Status::default());
        lifecycle.created("lamp", &json!({"colour": "red"})).unwrap();
        lifecycle.updated("lamp", &json!({"colour": "red"}), &json!({"colour": "red"})).unwrap();
        lifecycle.updated("lamp", &json!({"colour": "red"}), &json!({"watt": 3})).unwrap();
        lifecycle.deleted("lamp", &json!({"watt": 3})).unwrap();
        let mut emitted = Vec::new();
        while let Ok(one) = received.try_recv() {
            emitted.push((one.event.kind, one.fields.keys().cloned().collect::<Vec<_>>()));
        }
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let expected = [
            (Kind::Created, names(&["colour"])),
            (Kind::Updated, names(&["colour", "watt"])),
            (Kind::Deleted, names(&["watt"])),
        ];
        assert_eq!(emitted, expected);
    }

    #[test]
    fn what_no_closed_type_could_hold_never_waits_anywhere() {
        let (lifecycle, mut received) = Lifecycle::new(Status::default());
        let long = "x".repeat(limits::WATCHED_TEXT_BYTES_MAX + 1);
        lifecycle.created("lamp", &json!({"text": long, "deep": {"a": 1}, "n": 7})).unwrap();
        let emitted = received.try_recv().unwrap();
        assert_eq!(emitted.event.new, [None, None, Some(json!(7))]);
    }

    #[test]
    fn a_full_queue_costs_events_and_no_time() {
        let (lifecycle, received) = Lifecycle::new(Status::default());
        for _ in 0..limits::EMITTED_EVENTS_MAX {
            lifecycle.created("lamp", &json!({})).unwrap();
        }
        assert_eq!(lifecycle.created("lamp", &json!({})), Err(EmitError::Full));
        drop(received);
        assert_eq!(lifecycle.created("lamp", &json!({})), Err(EmitError::Ended));
        let none = EmitError::NoFields { kind: "lamp".into() };
        assert_eq!(lifecycle.created("lamp", &3), Err(none));
        assert_eq!(Lifecycle::off().created("lamp", &json!({})), Ok(()));
    }
}
