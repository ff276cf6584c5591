//! Reads log records from OTLP's JSON, which writes whole numbers as texts.

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use super::{Log, PRODUCT, Unreadable, day_of};
use crate::limits::ITEMS_MAX;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ResourceLogs {
    resource: Resource,
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resource {
    attributes: Vec<Pair>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ScopeLogs {
    log_records: Vec<Record>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    time_unix_nano: Value,
    observed_time_unix_nano: Value,
    body: Option<Any>,
    attributes: Vec<Pair>,
    event_name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pair {
    key: String,
    value: Option<Any>,
}

/// One of these is there; nothing means no value.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Any {
    string_value: Option<String>,
    bool_value: Option<bool>,
    int_value: Option<Value>,
    double_value: Option<Value>,
    array_value: Option<Values<Any>>,
    kvlist_value: Option<Values<Pair>>,
}

#[derive(Deserialize)]
#[serde(default)]
struct Values<T> {
    values: Vec<T>,
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Self { values: Vec::new() }
    }
}

/// Reads an `ExportLogsServiceRequest`.
///
/// # Errors
/// When it is not JSON of this form, or holds too much.
pub fn logs(request: &[u8]) -> Result<Vec<Log>, Unreadable> {
    let object = request.trim_ascii().starts_with(b"{");
    let request: Request = serde_json::from_slice(request).map_err(|_| Unreadable::Broken)?;
    if !object {
        return Err(Unreadable::Broken);
    }
    let mut logs = Vec::new();
    for ResourceLogs { resource, scope_logs } in request.resource_logs {
        let named = resource.attributes.into_iter().find(|pair| pair.key == PRODUCT);
        let product = named.and_then(|pair| pair.value?.string_value);
        for record in scope_logs.into_iter().flat_map(|scope| scope.log_records) {
            if logs.len() == ITEMS_MAX {
                return Err(Unreadable::TooMany);
            }
            logs.push(Log { product: product.clone(), ..log(record) });
        }
    }
    Ok(logs)
}

fn log(record: Record) -> Log {
    let Record { time_unix_nano, observed_time_unix_nano, body, attributes, event_name } = record;
    let day = |nanos: &Value| nanos_of(nanos).and_then(day_of);
    Log {
        product: None,
        event: Some(event_name).filter(|name| !name.is_empty()),
        day: day(&time_unix_nano).or_else(|| day(&observed_time_unix_nano)),
        body: body.map(value).unwrap_or_default(),
        attributes: map(attributes),
    }
}

fn nanos_of(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn map(pairs: Vec<Pair>) -> Map<String, Value> {
    let value_of = |given: Option<Any>| given.map(value).unwrap_or_default();
    pairs.into_iter().map(|pair| (pair.key, value_of(pair.value))).collect()
}

/// Reads a value. The parser has bounded how deep it is.
fn value(any: Any) -> Value {
    let Any { string_value, bool_value, int_value, double_value, array_value, kvlist_value } = any;
    let whole = |value: Value| match value {
        Value::String(text) => text.parse().ok().map(|number: i64| number.into()),
        number => number.as_i64().map(Value::from),
    };
    let real = |value: Value| Number::from_f64(value.as_f64()?).map(Value::Number);
    string_value
        .map(Value::String)
        .or_else(|| bool_value.map(Value::Bool))
        .or_else(|| int_value.and_then(whole))
        .or_else(|| double_value.and_then(real))
        .or_else(|| array_value.map(|list| list.values.into_iter().map(value).collect()))
        .or_else(|| kvlist_value.map(|list| Value::Object(map(list.values))))
        .unwrap_or_default()
}
