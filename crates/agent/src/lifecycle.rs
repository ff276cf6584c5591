//! What a change of a watched object means: created, updated, deleted, or nothing. Pure.

use indexmap::IndexMap;
use jiff::civil::Date;
use ktel_model::Schema;
use ktel_model::standard::Applied;
use ktel_model::standard::schema::Form;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What has happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is there, and was not.
    Created,
    /// A declared field of it has another value.
    Updated,
    /// It was there, and is not.
    Deleted,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Created, Self::Updated, Self::Deleted];

    /// Gives the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}

/// The declared fields of an object, in the order of their declaration.
pub type Values = Vec<Option<Value>>;

/// What has happened to an object, with its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What has happened.
    pub kind: Kind,
    /// The fields before; none of what was created.
    #[serde(default)]
    pub old: Values,
    /// The fields after; none of what was deleted.
    #[serde(default)]
    pub new: Values,
}

/// Decides what has happened to an object: `known` is what was seen of it last, `now` what is seen.
///
/// The event's schema decides whether a changed field is sent.
#[must_use]
pub fn decide(known: Option<&Values>, now: Option<&Values>) -> Option<Event> {
    match (known, now) {
        (None, None) => None,
        (None, Some(new)) => Some(Event { kind: Kind::Created, old: Vec::new(), new: new.clone() }),
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) => {
            Some(Event { kind: Kind::Updated, old: old.clone(), new: new.clone() })
        }
        (Some(old), None) => Some(Event { kind: Kind::Deleted, old: old.clone(), new: Vec::new() }),
    }
}

/// What comes of an event once its schema was applied.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Composed {
    /// A document to be sent.
    Event(Applied),
    /// No field that the schema declares has changed.
    Unchanged,
    /// A field is missing that the schema requires.
    Incomplete(String),
}

/// Fills an event's schema: `old_FIELD` and `new_FIELD` from an update, `FIELD` from what is there
/// or was there last, anything else from the facts.
pub(super) fn compose<T>(
    event: &Event,
    fields: &IndexMap<String, T>,
    facts: &Map<String, Value>,
    schema: &Schema,
    today: Date,
) -> Composed {
    let at = |values: &Values, name: &str| {
        let index = fields.get_index_of(name)?;
        values.get(index).cloned().flatten()
    };
    let last = if event.kind == Kind::Deleted { &event.old } else { &event.new };
    let mut raw = Map::new();
    for name in schema.fields.keys() {
        let side = |prefix, values| at(values, name.strip_prefix(prefix)?);
        let value = side("old_", &event.old)
            .or_else(|| side("new_", &event.new))
            .or_else(|| at(last, name))
            .or_else(|| facts.get(name).cloned());
        raw.extend(value.map(|value| (name.clone(), value)));
    }
    let applied = schema.apply(&raw, Form::Exact, today);
    if event.kind == Kind::Updated {
        // As it is sent, so that a change which the standard blurs away is none.
        let differs = fields.keys().any(|name| {
            let (old, new) = (format!("old_{name}"), format!("new_{name}"));
            applied.sent.get(&old) != applied.sent.get(&new)
        });
        if !differs {
            return Composed::Unchanged;
        }
    }
    match applied.missing.first() {
        Some(field) => Composed::Incomplete(field.clone()),
        None => Composed::Event(applied),
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use serde_json::{Map, Value, json};

    use super::{Composed, Event, Kind, Values, compose, decide};

    fn values(version: &str, status: &str) -> Values {
        vec![Some(version.into()), Some(status.into())]
    }

    #[test]
    fn what_has_happened_follows_from_before_and_after() {
        let (one, two) = (values("v1.30.0", "Ready"), values("v1.31.0", "Ready"));
        let table: [(Option<&Values>, Option<&Values>, Option<Kind>); 5] = [
            (None, None, None),
            (None, Some(&one), Some(Kind::Created)),
            (Some(&one), Some(&one), None),
            (Some(&one), Some(&two), Some(Kind::Updated)),
            (Some(&one), None, Some(Kind::Deleted)),
        ];
        for (known, now, expected) in table {
            let event = decide(known, now);
            assert_eq!(event.as_ref().map(|event| event.kind), expected, "{known:?} {now:?}");
            let Some(Event { old, new, .. }) = event else { continue };
            assert_eq!(&old, known.unwrap_or(&Vec::new()));
            assert_eq!(&new, now.unwrap_or(&Vec::new()));
        }
    }

    #[track_caller]
    fn check(known: Option<&Values>, now: Option<&Values>, schema: &str, expected: Option<Value>) {
        let fields = IndexMap::from([("tcp_version".to_owned(), ()), ("status".to_owned(), ())]);
        let facts = json!({"kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3"});
        let facts = facts.as_object().unwrap();
        let schemas: Vec<_> =
            ktel_model::built_in::DOCUMENTS.iter().map(|file| file.schema()).collect();
        let schema = schemas.iter().find(|one| one.name == schema).unwrap();
        let event = decide(known, now).unwrap();
        let today = jiff::civil::date(2026, 11, 21);
        let composed = compose(&event, &fields, facts, schema, today);
        match (composed, expected) {
            (Composed::Event(applied), Some(expected)) => {
                assert_eq!(Value::Object(applied.sent), expected);
            }
            (Composed::Unchanged, None) => {}
            (other, _) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_documents_of_the_seed_come_out() {
        let (one, two) = (values("v1.26.0", "Ready"), values("v1.27.0", "Ready"));
        let created = json!({"tcp_version": "v1.26.0", "kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3"});
        check(None, Some(&one), "kamaji-create", Some(created));
        let updated = json!({"kamaji_version": "v0.6.1", "new_tcp_version": "v1.27.0", "old_tcp_version": "v1.26.0", "kubernetes_version": "v1.27.3"});
        check(Some(&one), Some(&two), "kamaji-update", Some(updated));
        let deleted = json!({"status": "Ready", "tcp_version": "v1.27.0", "kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3"});
        check(Some(&two), None, "kamaji-delete", Some(deleted));
    }

    #[test]
    fn a_change_that_the_schema_does_not_declare_is_none() {
        let (ready, asleep) = (values("v1.26.0", "Ready"), values("v1.26.0", "Sleeping"));
        check(Some(&ready), Some(&asleep), "kamaji-update", None);
        // The standard keeps no build metadata.
        let built = values("v1.26.0+abc", "Ready");
        check(Some(&ready), Some(&built), "kamaji-update", None);
    }

    #[test]
    fn a_document_without_a_required_field_is_not_sent() {
        let schemas: Vec<_> =
            ktel_model::built_in::DOCUMENTS.iter().map(|file| file.schema()).collect();
        let schema = schemas.iter().find(|one| one.name == "kamaji-create").unwrap();
        let event = decide(None, Some(&vec![None])).unwrap();
        let fields = IndexMap::from([("tcp_version".to_owned(), ())]);
        let today = jiff::civil::date(2026, 11, 21);
        let composed = compose(&event, &fields, &Map::new(), schema, today);
        assert_eq!(composed, Composed::Incomplete("kamaji_version".into()));
    }
}
