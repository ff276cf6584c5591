//! How a field of a watched object is found: by `JSONPath`, in closed words, never at length.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::limits;
use ktel_jobs::JsonPath as Path;

/// The ways to a value, as they are written: a path, a step, or a list of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw(Vec<RawStep>);

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    path: Option<String>,
    words: Option<BTreeMap<String, String>>,
    is: Option<String>,
    #[serde(default)]
    exists: bool,
}

/// A field's way to its value: the first step that gives one.
#[derive(Debug, Clone)]
pub(super) struct Extract(Vec<Step>);

#[derive(Debug, Clone)]
enum Step {
    /// What stands at the path.
    At(Path),
    /// The word for what stands at the path.
    Word(Path, BTreeMap<String, String>),
    /// A word, if anything stands at the path.
    If(Path, String),
    /// Whether anything stands at the path.
    Whether(Path),
    /// A word.
    Always(String),
}

impl Raw {
    /// Compiles the steps.
    pub(super) fn compile(&self) -> Result<Extract, String> {
        if self.0.is_empty() {
            return Err("has no step".into());
        }
        self.0.iter().map(step).collect::<Result<_, _>>().map(Extract)
    }
}

fn step(raw: &RawStep) -> Result<Step, String> {
    let RawStep { path, words, is, exists } = raw;
    let path = path.as_deref().map(Path::compile).transpose().map_err(|error| error.to_string())?;
    Ok(match (path, words, is, exists) {
        (Some(path), None, None, false) => Step::At(path),
        (Some(path), Some(words), None, false) => Step::Word(path, words.clone()),
        (Some(path), None, Some(is), false) => Step::If(path, is.clone()),
        (Some(path), None, None, true) => Step::Whether(path),
        (None, None, Some(is), false) => Step::Always(is.clone()),
        _ => return Err("has a step that is none of `path`, `path` with `words`, `path` with `is`, `path` with `exists: true`, `is`".into()),
    })
}

impl Extract {
    /// Finds the value in an object.
    pub(super) fn value(&self, object: &Value) -> Option<Value> {
        let first = |path: &Path| {
            path.values(object).into_iter().find(|value| !value.is_null()).and_then(scalar)
        };
        let any = |path: &Path| path.values(object).into_iter().any(|value| !value.is_null());
        self.0.iter().find_map(|step| match step {
            Step::At(path) => first(path),
            Step::Word(path, words) => words.get(first(path)?.as_str()?).cloned().map(Value::from),
            Step::If(path, word) => any(path).then(|| word.as_str().into()),
            Step::Whether(path) => Some(any(path).into()),
            Step::Always(word) => Some(word.as_str().into()),
        })
    }

    /// Tells whether `metadata` is all that has to be read.
    pub(super) fn in_metadata(&self) -> bool {
        self.0.iter().all(|step| match step {
            Step::At(path) | Step::Word(path, _) | Step::If(path, _) | Step::Whether(path) => {
                path.in_metadata
            }
            Step::Always(_) => true,
        })
    }
}

/// Keeps what a closed type could be; a long text or a structure cannot, and costs no memory.
pub(super) fn scalar(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if text.len() > limits::WATCHED_TEXT_BYTES_MAX => None,
        Value::String(_) | Value::Bool(_) | Value::Number(_) => Some(value.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Steps;
        impl<'de> Visitor<'de> for Steps {
            type Value = Raw;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a JSONPath, a step, or a list of steps")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<Raw, E> {
                Ok(Raw(vec![RawStep { path: Some(path.to_owned()), ..RawStep::default() }]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Raw, A::Error> {
                RawStep::deserialize(MapAccessDeserializer::new(map)).map(|step| Raw(vec![step]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
                let mut steps = Vec::new();
                while let Some(step) = list.next_element()? {
                    if steps.len() == limits::EXTRACT_STEPS_MAX {
                        return Err(de::Error::custom("a field has too many steps"));
                    }
                    steps.push(step);
                }
                Ok(Raw(steps))
            }
        }
        deserializer.deserialize_any(Steps)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Raw;
    use ktel_usage::yaml;

    #[track_caller]
    fn check(yaml: &str, object: &Value, expected: Option<Value>) {
        let raw: Raw = yaml::parse(yaml).unwrap();
        assert_eq!(raw.compile().unwrap().value(object), expected, "{yaml} in {object}");
    }

    #[test]
    fn the_first_step_that_gives_something_decides() {
        let profile = "[{path: .spec.ingress, is: ingress}, {path: .spec.type, words: {NodePort: node_port}}, {is: Unknown}]";
        check(
            profile,
            &json!({"spec": {"ingress": {}, "type": "NodePort"}}),
            Some(json!("ingress")),
        );
        check(profile, &json!({"spec": {"type": "NodePort"}}), Some(json!("node_port")));
        check(profile, &json!({"spec": {"type": "Own"}}), Some(json!("Unknown")));
        let owned = "{path: \"$.metadata.ownerReferences[?@.kind == 'Boss']\", exists: true}";
        check(
            owned,
            &json!({"metadata": {"ownerReferences": [{"kind": "Boss"}]}}),
            Some(json!(true)),
        );
        check(owned, &json!({"metadata": {}}), Some(json!(false)));
    }

    #[test]
    fn what_no_closed_type_could_hold_is_not_remembered() {
        let long = "x".repeat(crate::limits::WATCHED_TEXT_BYTES_MAX + 1);
        for value in [json!(long), json!({"a": 1}), json!([1]), json!(null)] {
            check(".a", &json!({"a": value}), None);
        }
        check(".a", &json!({"a": "v1.30.1"}), Some(json!("v1.30.1")));
    }

    #[test]
    fn a_step_says_one_thing() {
        for wrong in ["{path: .a, is: b, exists: true}", "{words: {a: b}}", "[]", "{path: '.a['}"] {
            assert!(yaml::parse::<Raw>(wrong).unwrap().compile().is_err(), "{wrong}");
        }
        assert!(yaml::parse::<Raw>("{path: .a, if: b}").is_err());
    }

    #[test]
    fn metadata_is_enough_only_where_every_step_stays_within_it() {
        for (yaml, expected) in [
            (".metadata.name", true),
            ("[{path: .metadata.labels.a, is: x}, {is: y}]", true),
            ("[{path: .metadata.labels.a, exists: true}, {path: .spec.a}]", false),
            ("{path: .spec.a, words: {b: c}}", false),
        ] {
            let raw: Raw = yaml::parse(yaml).unwrap();
            assert_eq!(raw.compile().unwrap().in_metadata(), expected, "{yaml}");
        }
    }
}
