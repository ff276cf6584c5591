//! A text, or a list of texts.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A text, or a list of texts.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(untagged)]
pub enum StringOrList {
    /// One text.
    One(String),
    /// A list.
    Many(Vec<String>),
    /// Neither. It is read nevertheless, so that one wrong resource does not hide all others.
    Other(Value),
}

impl JsonSchema for StringOrList {
    fn schema_name() -> Cow<'static, str> {
        "StringOrList".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// A structural schema knows no such type. Without a type each keyword applies to values of its own type only: the
    /// bounds of numbers and the enumeration exclude those, and what is left are texts and lists of texts.
    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-preserve-unknown-fields": true,
            "pattern": PATTERN,
            "maxLength": 63,
            "minItems": 1,
            "maxItems": 20,
            "items": {"type": "string", "pattern": PATTERN, "maxLength": 63},
            "minimum": 1,
            "maximum": 0,
            "minProperties": 1,
            "maxProperties": 0,
            "not": {"enum": [true, false]},
        })
    }
}

/// A plural resource name, a kind, or all of them.
const PATTERN: &str = r"^(\*|[A-Za-z][A-Za-z0-9-]*)$";
