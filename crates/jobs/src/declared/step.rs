//! One `collect` step of a field: how much of an object it reads, and what it finds. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ktel_model::standard::schema::{CollectVerb, Field, MapValue, Source, Type, Words};
use serde_json::{Map, Value, json};

use super::json_path::{JsonPath, JsonPathError};

/// One step of one field, over one source.
pub(super) struct Step {
    pub(super) field: String,
    pub(super) verb: CollectVerb,
    path: Option<JsonPath>,
    words: Option<Words>,
}

/// How much of the objects a step reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    /// Only whether the server has them.
    Nothing,
    /// How many there are.
    Number,
    Metadata,
    Object,
}

/// What a step has found so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    Count(u64),
    Value(Option<Value>),
    Words(BTreeSet<String>),
    Groups(BTreeMap<String, u64>),
    Newest(Option<Timestamp>),
}

impl Step {
    pub(super) fn new(
        name: &str,
        field: &Field,
        verb: CollectVerb,
        source: &Source,
    ) -> Result<Self, JsonPathError> {
        let path = source.path.as_deref().map(JsonPath::compile).transpose()?;
        let words = match &field.of {
            Type::Enum(words) | Type::List(words) | Type::Map(words, MapValue::Count(_)) => {
                Some(words.clone())
            }
            _ => None,
        };
        Ok(Self { field: name.to_owned(), verb, path, words })
    }

    /// Tells how much of each object the step reads.
    pub(super) fn depth(&self) -> Depth {
        match self.verb {
            CollectVerb::ServedVersions => Depth::Nothing,
            CollectVerb::Count => Depth::Number,
            CollectVerb::WrittenVersions | CollectVerb::NewestChange => Depth::Metadata,
            CollectVerb::Matches
            | CollectVerb::Value
            | CollectVerb::Values
            | CollectVerb::GroupCount => match &self.path {
                Some(path) if path.in_metadata => Depth::Metadata,
                _ => Depth::Object,
            },
        }
    }

    /// Gives what the step has found before the first object.
    pub(super) fn start(&self) -> Found {
        match self.verb {
            CollectVerb::Count | CollectVerb::Matches => Found::Count(0),
            CollectVerb::Value => Found::Value(None),
            CollectVerb::Values | CollectVerb::WrittenVersions | CollectVerb::ServedVersions => {
                Found::Words(BTreeSet::new())
            }
            CollectVerb::GroupCount => Found::Groups(BTreeMap::new()),
            CollectVerb::NewestChange => Found::Newest(None),
        }
    }

    pub(super) fn add_object(&self, sum: &mut Found, object: &Value) {
        let found = || self.path.as_ref().map(|path| path.values(object)).unwrap_or_default();
        match (self.verb, sum) {
            (CollectVerb::Count, Found::Count(count)) => *count += 1,
            (CollectVerb::Matches, Found::Count(count)) => *count += found().len() as u64,
            (CollectVerb::Value, Found::Value(value @ None)) => {
                *value = found().into_iter().find(|value| !value.is_null()).cloned();
            }
            (CollectVerb::Values, Found::Words(words)) => {
                words.extend(found().into_iter().filter_map(|value| self.word(value)));
            }
            (CollectVerb::GroupCount, Found::Groups(groups)) => {
                for word in found().into_iter().filter_map(|value| self.word(value)) {
                    *groups.entry(word).or_default() += 1;
                }
            }
            (CollectVerb::WrittenVersions, Found::Words(words)) => {
                words.extend(written_version(object).map(|version| self.known(version)));
            }
            (CollectVerb::NewestChange, Found::Newest(newest)) => {
                *newest = (*newest).max(last_change(object));
            }
            // A value was found already. `sum` always comes from `start` of the same step.
            _ => {}
        }
    }

    /// Adds a version that the server has.
    pub(super) fn add_served(&self, sum: &mut Found, version: &str) {
        if let Found::Words(words) = sum {
            words.insert(self.known(version));
        }
    }

    fn word(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(self.known(text)),
            Value::Bool(_) | Value::Number(_) => Some(self.known(&value.to_string())),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Replaces a word that the schema does not have. This bounds the memory, whatever is in the
    /// cluster.
    fn known(&self, word: &str) -> String {
        match &self.words {
            Some(Words { values, other }) if !values.iter().any(|value| value == word) => {
                other.clone()
            }
            _ => word.to_owned(),
        }
    }
}

impl Found {
    /// Adds what another source gave.
    pub(super) fn add(&mut self, other: Self) {
        match (self, other) {
            (Self::Count(sum), Self::Count(more)) => *sum += more,
            (Self::Value(value @ None), Self::Value(more)) => *value = more,
            (Self::Words(words), Self::Words(more)) => words.extend(more),
            (Self::Groups(groups), Self::Groups(more)) => {
                for (word, count) in more {
                    *groups.entry(word).or_default() += count;
                }
            }
            (Self::Newest(newest), Self::Newest(more)) => *newest = (*newest).max(more),
            // All sources of a field have the field's verb. A second value is ignored.
            _ => {}
        }
    }

    pub(super) fn into_value(self) -> Option<Value> {
        match self {
            Self::Count(count) => Some(json!(count)),
            Self::Value(value) => value,
            Self::Words(words) => Some(json!(words)),
            Self::Groups(groups) => Some(Value::Object(
                groups.into_iter().map(|(word, count)| (word, json!(count))).collect::<Map<_, _>>(),
            )),
            Self::Newest(newest) => newest.map(|newest| json!(newest.to_string())),
        }
    }
}

/// Gives the entries of `managedFields` that wrote the object itself, with their times.
fn writes(object: &Value) -> impl Iterator<Item = (Option<Timestamp>, &Value)> {
    let fields = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    fields
        .into_iter()
        .flatten()
        .filter(|entry| entry.get("subresource").and_then(Value::as_str).is_none_or(str::is_empty))
        .map(|entry| {
            let time = entry.get("time").and_then(Value::as_str);
            (time.and_then(|time| time.parse().ok()), entry)
        })
}

/// Decides when an object was last changed: the newest write, else its creation.
fn last_change(object: &Value) -> Option<Timestamp> {
    let created = || {
        let created = object.pointer("/metadata/creationTimestamp")?;
        created.as_str()?.parse().ok()
    };
    writes(object).filter_map(|(time, _)| time).max().or_else(created)
}

/// Decides which version an object was last written with; its group is known already.
fn written_version(object: &Value) -> Option<&str> {
    let (_, entry) = writes(object).max_by_key(|(time, _)| *time)?;
    let version = entry.get("apiVersion")?.as_str()?;
    Some(version.rsplit_once('/').map_or(version, |(_, version)| version))
}

#[cfg(test)]
mod tests {
    use super::{last_change, written_version};
    use serde_json::json;

    #[test]
    fn a_change_of_the_status_is_not_a_change_of_the_configuration() {
        let object = json!({"metadata": {
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "managedFields": [
                {"manager": "kubectl", "time": "2026-02-01T00:00:00Z", "apiVersion": "networking.k8s.io/v1"},
                {"manager": "controller", "time": "2026-03-01T00:00:00Z", "subresource": "status", "apiVersion": "networking.k8s.io/v1beta1"},
            ],
        }});
        assert_eq!(last_change(&object).unwrap().to_string(), "2026-02-01T00:00:00Z");
        assert_eq!(written_version(&object), Some("v1"));
    }

    #[test]
    fn without_managed_fields_the_creation_is_the_last_change() {
        let object = json!({"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}});
        assert_eq!(last_change(&object).unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(written_version(&object), None);
        assert_eq!(last_change(&json!({"metadata": {"creationTimestamp": "yesterday"}})), None);
    }
}
