//! What stands in the body of a collector's request: events, each with the bytes it came in.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::code::{
    Code, EVENT_BLANK, EVENT_REQUIRED, INDEXED_FIELDS, INVALID_DATA, NO_DATA, TOO_LARGE,
};
use crate::limits::ITEMS_MAX;

/// One event: what is said of it, what it says, and in which bytes, for these may be signed.
#[derive(Debug)]
pub(super) struct Event<'b> {
    pub(super) source: Option<String>,
    pub(super) day: Option<Date>,
    pub(super) bytes: Cow<'b, str>,
    pub(super) parsed: Map<String, Value>,
}

/// Each event, or why it is none.
pub(super) type Events<'b> = Vec<Result<Event<'b>, Code>>;

/// What stands around an event. Hosts, indexes and types of sources are never looked at.
#[derive(Deserialize)]
struct Envelope<'b> {
    #[serde(borrow)]
    event: Option<&'b RawValue>,
    source: Option<Value>,
    time: Option<Value>,
    fields: Option<Value>,
}

/// Reads envelopes one behind the other, or in one array.
pub(super) fn enveloped(body: &Bytes) -> Result<Events<'_>, Code> {
    let text = body.trim_ascii();
    let raw: Vec<Result<&RawValue, Code>> = if text.starts_with(b"[") {
        let list: Vec<&RawValue> = serde_json::from_slice(text).map_err(|_| INVALID_DATA)?;
        list.into_iter().map(Ok).collect()
    } else {
        let values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
        values.take(ITEMS_MAX + 1).map(|value| value.map_err(|_| INVALID_DATA)).collect()
    };
    match raw.len() {
        0 => Err(NO_DATA),
        length if length > ITEMS_MAX => Err(TOO_LARGE),
        _ => Ok(raw.into_iter().map(|raw| raw.and_then(event)).collect()),
    }
}

fn event(raw: &RawValue) -> Result<Event<'_>, Code> {
    let envelope: Envelope<'_> = serde_json::from_str(raw.get()).map_err(|_| INVALID_DATA)?;
    let Envelope { event, source, time, fields } = envelope;
    let raw = event.ok_or(EVENT_REQUIRED)?.get();
    if !fields.is_none_or(|fields| are_flat(&fields)) {
        return Err(INDEXED_FIELDS);
    }
    // Loggers like to send JSON as a text.
    let bytes = match serde_json::from_str::<String>(raw) {
        Ok(text) => Cow::Owned(text),
        Err(_) => Cow::Borrowed(raw),
    };
    if bytes.trim().is_empty() {
        return Err(EVENT_BLANK);
    }
    let parsed: Map<String, Value> = serde_json::from_str(&bytes).map_err(|_| INVALID_DATA)?;
    if parsed.is_empty() {
        return Err(EVENT_BLANK);
    }
    let source = source.as_ref().and_then(Value::as_str).map(str::to_owned);
    Ok(Event { source, day: time.as_ref().and_then(day_of), bytes, parsed })
}

/// Splunk indexes words and lists of words only. Here nothing of them is kept.
fn are_flat(fields: &Value) -> bool {
    let is_word = |value: &Value| !value.is_object() && !value.is_array();
    let is_flat = |value: &Value| match value {
        Value::Array(words) => words.iter().all(is_word),
        value => is_word(value),
    };
    fields.as_object().is_some_and(|fields| fields.values().all(is_flat))
}

/// Reads the day of a time in seconds, as a number or as the text that some clients make of it.
fn day_of(time: &Value) -> Option<Date> {
    let seconds = match time {
        Value::String(text) => text.parse::<f64>().ok()?,
        time => time.as_f64()?,
    };
    // What is no time at all becomes none here.
    let timestamp = Timestamp::from_second(seconds as i64).ok()?;
    Some(timestamp.to_zoned(TimeZone::UTC).date())
}

/// Reads text line by line, one event each.
pub(super) fn lines(body: &Bytes) -> Result<Events<'_>, Code> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let lines: Vec<&[u8]> = lines.take(ITEMS_MAX + 1).collect();
    match lines.len() {
        0 => Err(NO_DATA),
        length if length > ITEMS_MAX => Err(TOO_LARGE),
        _ => Ok(lines.into_iter().map(line).collect()),
    }
}

fn line(line: &[u8]) -> Result<Event<'_>, Code> {
    let text = std::str::from_utf8(line).map_err(|_| INVALID_DATA)?;
    let parsed = serde_json::from_str(text).map_err(|_| INVALID_DATA)?;
    Ok(Event { source: None, day: None, bytes: Cow::Borrowed(text), parsed })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Bytes, enveloped};

    #[test]
    fn the_bytes_of_an_event_are_kept_as_they_came() {
        let body = r#"{"event": {"b" : 1,  "a": 1e0}, "source": 7}{"event":"{ \"c\":2}"}"#;
        let body = Bytes::from_static(body.as_bytes());
        let events = enveloped(&body).unwrap();
        let bytes: Vec<&str> =
            events.iter().map(|event| event.as_ref().unwrap().bytes.as_ref()).collect();
        assert_eq!(bytes, [r#"{"b" : 1,  "a": 1e0}"#, r#"{ "c":2}"#]);
    }

    #[test]
    fn the_day_is_read_from_a_number_or_a_text() {
        for (time, expected) in [
            ("1795255200", Some(date(2026, 11, 21))),
            ("1795255200.123", Some(date(2026, 11, 21))),
            ("\"1795255200.999\"", Some(date(2026, 11, 21))),
            ("\"now\"", None),
            ("1e300", None),
            ("null", None),
        ] {
            let body = Bytes::from(format!(r#"{{"time":{time},"event":{{"a":1}}}}"#));
            let events = enveloped(&body).unwrap();
            assert_eq!(events[0].as_ref().unwrap().day, expected, "{time}");
        }
    }
}
