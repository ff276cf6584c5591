//! The standard as JSON Schema 2020-12, for validation without this library.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::blur::{ID_PATTERN, bucket, version};
use super::schema::{
    CountForm, DateForm, DatePart, Expiry, Field, MapValue, Schema, Type, VersionForm, Words,
};
use super::word::Word;
use crate::limits::COMMAND_WORDS_MAX;

impl Schema {
    /// Describes what [`Schema::apply`] can send, in both forms.
    pub fn json_schema(&self) -> Value {
        let mut root = Map::new();
        root.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        root.insert("$id".into(), format!("urn:ktel:{}:{}", self.id(), self.version).into());
        root.insert("title".into(), self.title.clone().into());
        root.insert("description".into(), self.purpose.question.clone().into());
        root.extend(section(&self.fields));
        root.insert("x-ktel".into(), json!({"owner": self.owner, "digest": self.digest()}));
        Value::Object(root)
    }
}

fn section(fields: &IndexMap<String, Field>) -> Map<String, Value> {
    let properties: Map<String, Value> =
        fields.iter().map(|(name, field)| (name.clone(), Value::Object(property(field)))).collect();
    let required: Vec<&String> =
        fields.iter().filter(|(_, field)| field.required).map(|(name, _)| name).collect();
    let mut section = Map::new();
    section.insert("type".into(), "object".into());
    section.insert("additionalProperties".into(), false.into());
    if !required.is_empty() {
        section.insert("required".into(), json!(required));
    }
    section.insert("properties".into(), Value::Object(properties));
    section
}

fn property(field: &Field) -> Map<String, Value> {
    let mut property = Map::new();
    property.insert("description".into(), field.why.clone().into());
    property.extend(of(&field.of));
    property.insert("examples".into(), json!([field.example]));
    let mut annotations = Map::new();
    annotations.insert("why".into(), field.why.clone().into());
    annotations.insert("sensitivity".into(), field.sensitivity.word().into());
    annotations.insert("identifiability".into(), field.identifiability.word().into());
    let expires = match &field.expires {
        Expiry::On(date) => date.to_string().into(),
        Expiry::Never(reason) => json!({ "never": reason }),
    };
    annotations.insert("expires".into(), expires);
    annotations.insert("since".into(), field.since.clone().into());
    if let Some(semconv) = &field.semconv {
        annotations.insert("semconv".into(), semconv.clone().into());
    }
    if let Some(against) = &field.against {
        annotations.insert("against".into(), against.clone().into());
    }
    property.insert("x-ktel".into(), Value::Object(annotations));
    property
}

fn of(of: &Type) -> Map<String, Value> {
    let schema = match of {
        Type::Bool => json!({"type": "boolean"}),
        Type::Enum(words) => one_of(words),
        Type::Count(form) => count(form),
        Type::Duration(form) => {
            let number = json!({"type": "number", "minimum": 0});
            number_or_label(number, &form.buckets, form.exact)
        }
        Type::Ratio(_) => json!({"type": "number", "minimum": 0, "maximum": 1}),
        Type::Version(form) => text(version_patterns(form)),
        Type::Date(form) => text(date_patterns(form)),
        Type::Id => text(vec![ID_PATTERN.to_owned()]),
        Type::CommandPath(words) => {
            let word = words.iter().map(|word| escape(word)).collect::<Vec<_>>().join("|");
            let more = COMMAND_WORDS_MAX - 1;
            text(vec![format!("^({word})( ({word})){{0,{more}}}$")])
        }
        Type::Map(words, value) => {
            let value = match value {
                MapValue::Bool => json!({"type": "boolean"}),
                MapValue::Count(form) => count(form),
            };
            let names = all(words).into_iter().map(|word| (word.clone(), value.clone()));
            let properties: Map<String, Value> = names.collect();
            json!({"type": "object", "additionalProperties": false, "properties": properties})
        }
        Type::List(words) => json!({"type": "array", "uniqueItems": true, "items": one_of(words)}),
        Type::Record(fields) => Value::Object(section(fields)),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

fn all(words: &Words) -> Vec<&String> {
    let declared = words.values.iter().filter(|value| **value != words.other);
    declared.chain([&words.other]).collect()
}

fn one_of(words: &Words) -> Value {
    json!({"type": "string", "enum": all(words)})
}

fn count(form: &CountForm) -> Value {
    number_or_label(json!({"type": "integer", "minimum": 0}), &form.buckets, form.exact)
}

fn number_or_label(number: Value, buckets: &[u64], exact: bool) -> Value {
    let label = json!({"type": "string", "enum": bucket::labels(buckets)});
    if exact { json!({"anyOf": [number, label]}) } else { label }
}

/// A text in the exact form or in the coarse form.
fn text(mut patterns: Vec<String>) -> Value {
    patterns.dedup();
    match patterns.as_slice() {
        [pattern] => json!({"type": "string", "pattern": pattern}),
        patterns => {
            let forms: Vec<Value> =
                patterns.iter().map(|pattern| json!({ "pattern": pattern })).collect();
            json!({"type": "string", "anyOf": forms})
        }
    }
}

fn version_patterns(form: &VersionForm) -> Vec<String> {
    form.exact.into_iter().chain([form.coarse]).map(version::pattern).collect()
}

fn date_patterns(form: &DateForm) -> Vec<String> {
    let pattern = |part| match part {
        DatePart::Month => r"^\d{4}-\d{2}$",
        DatePart::Week => r"^\d{4}-W\d{2}$",
        DatePart::Day => r"^\d{4}-\d{2}-\d{2}$",
        DatePart::Second => r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$",
        DatePart::Timestamp => r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$",
    };
    form.exact.into_iter().chain([form.coarse]).map(|part| pattern(part).to_owned()).collect()
}

/// Escapes `.`, `+` and the like, which words may contain.
fn escape(word: &str) -> String {
    let mut escaped = String::new();
    for character in word.chars() {
        if !character.is_ascii_alphanumeric() && !"_-".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
