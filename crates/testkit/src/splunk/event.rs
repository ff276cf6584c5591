//! Reads what is in a body, as strictly as Splunk does.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::code::Code;

/// What stops a body from being read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rejection {
    pub(super) code: Code,
    /// The number of the event, from 0; none where the body as a whole is to blame.
    pub(super) event: Option<usize>,
}

/// What was read before the end, or before the first event that cannot be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) envelopes: Vec<Value>,
    pub(super) rejection: Option<Rejection>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    event: Option<Value>,
    fields: Option<Value>,
    index: Option<Value>,
}

/// Reads envelopes one behind the other, or in one array.
pub(super) fn envelopes(body: &[u8], indexes: &[String]) -> Read {
    let text = body.trim_ascii_start();
    if text.is_empty() {
        return Read { envelopes: Vec::new(), rejection: Some(whole(Code::NO_DATA)) };
    }
    if text.starts_with(b"[") {
        return match serde_json::from_slice::<Vec<&RawValue>>(text) {
            Ok(list) if list.is_empty() => {
                Read { envelopes: Vec::new(), rejection: Some(whole(Code::NO_DATA)) }
            }
            Ok(list) => read(list.into_iter().map(Ok), indexes),
            Err(_not_json) => read([Err(Code::INVALID_DATA_FORMAT)].into_iter(), indexes),
        };
    }
    let values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let values = values.map(|value| value.map_err(|_not_json| Code::INVALID_DATA_FORMAT));
    read(values, indexes)
}

/// Reads text line by line, as the raw endpoint does.
pub(super) fn lines(body: &[u8]) -> Read {
    let text = String::from_utf8_lossy(body);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let envelopes: Vec<Value> = lines.map(|line| json!({ "event": line })).collect();
    let rejection = envelopes.is_empty().then(|| whole(Code::NO_DATA));
    Read { envelopes, rejection }
}

fn read<'a>(values: impl Iterator<Item = Result<&'a RawValue, Code>>, indexes: &[String]) -> Read {
    let mut envelopes = Vec::new();
    for value in values {
        match value.and_then(|value| check(value, indexes)) {
            Ok(envelope) => envelopes.push(envelope),
            Err(code) => {
                // Splunk counts from 0, but for this one.
                let event = envelopes.len() + usize::from(code == Code::INCORRECT_INDEX);
                return Read { envelopes, rejection: Some(Rejection { code, event: Some(event) }) };
            }
        }
    }
    Read { envelopes, rejection: None }
}

fn check(value: &RawValue, indexes: &[String]) -> Result<Value, Code> {
    let envelope: Envelope<'_> =
        serde_json::from_str(value.get()).map_err(|_other| Code::INVALID_DATA_FORMAT)?;
    match &envelope.event {
        None => return Err(Code::EVENT_REQUIRED),
        Some(event) if is_blank(event) => return Err(Code::EVENT_BLANK),
        Some(_) => {}
    }
    let times = envelope.time.is_none_or(|time| is_plain_decimal(time.get()));
    if !times || !envelope.fields.as_ref().is_none_or(is_flat) {
        return Err(Code::INDEXED_FIELDS);
    }
    match envelope.index {
        None => {}
        Some(Value::String(index)) if indexes.is_empty() || indexes.contains(&index) => {}
        Some(_) => return Err(Code::INCORRECT_INDEX),
    }
    Ok(serde_json::from_str(value.get()).expect("it was read just now"))
}

fn is_blank(event: &Value) -> bool {
    match event {
        Value::String(text) => text.trim().is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Rejects `1.79e9`, which some serializers write and Splunk does not read.
fn is_plain_decimal(time: &str) -> bool {
    let time = time.strip_prefix('"').and_then(|time| time.strip_suffix('"')).unwrap_or(time);
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}

fn is_flat(fields: &Value) -> bool {
    let Value::Object(fields) = fields else { return false };
    fields.values().all(|value| match value {
        Value::String(_) => true,
        Value::Array(list) => list.iter().all(Value::is_string),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    })
}

fn whole(code: Code) -> Rejection {
    Rejection { code, event: None }
}
