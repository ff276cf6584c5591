//! Values as plain JSON: `{"a": 1}` for a map.

use serde_json::{Map, Number, Value};

use crate::base64;
use crate::common::{AnyValue, KeyValue};
use crate::repeated::Repeated;
use crate::value_writer::ValueWriter;

/// Gives a value as plain JSON. Bytes become base64; what JSON has no number for becomes null.
///
/// What was read is as deep as its [`Limits`](crate::Limits) allow, so that this ends, too.
#[must_use]
pub fn plain(value: AnyValue<'_>) -> Value {
    match value {
        AnyValue::Empty => Value::Null,
        AnyValue::String(text) => text.into(),
        AnyValue::Bool(truth) => truth.into(),
        AnyValue::Int(number) => number.into(),
        AnyValue::Double(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        AnyValue::Array(list) => list.values.iter().map(plain).collect(),
        AnyValue::KeyValues(map) => plain_map(map.values).into(),
        AnyValue::Bytes(bytes) => base64::encode(bytes).into(),
    }
}

/// Gives attributes as a plain JSON object; of those with the same name, the last.
#[must_use]
pub fn plain_map(pairs: Repeated<'_, KeyValue<'_>>) -> Map<String, Value> {
    let pair = |pair: KeyValue<'_>| (pair.key.to_owned(), plain(pair.value.unwrap_or_default()));
    pairs.iter().map(pair).collect()
}

/// Writes plain JSON as a value. Lists and objects that are nested deeper become their text.
pub fn write_plain(value: &Value, nested_max: usize, out: ValueWriter<'_>) {
    match value {
        Value::Null => {}
        Value::Bool(truth) => out.value(&AnyValue::Bool(*truth)),
        Value::String(text) => out.value(&AnyValue::String(text)),
        Value::Number(number) => out.value(&match number.as_i64() {
            Some(whole) => AnyValue::Int(whole),
            None => AnyValue::Double(number.as_f64().unwrap_or(f64::NAN)),
        }),
        nested if nested_max == 0 => out.value(&AnyValue::String(&nested.to_string())),
        Value::Array(items) => out.array(|list| {
            for item in items {
                list.push(|out: ValueWriter<'_>| write_plain(item, nested_max - 1, out));
            }
        }),
        Value::Object(fields) => out.key_values(|map| {
            for (name, value) in fields {
                map.push(name, |out: ValueWriter<'_>| write_plain(value, nested_max - 1, out));
            }
        }),
    }
}
