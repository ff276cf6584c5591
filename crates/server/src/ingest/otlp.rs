//! Log records of OTLP: what each says, whichever way it was encoded.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ktel_model::names::{COMMAND_PATH, REPORT_EVENT, SERVICE_NAME};
use ktel_otlp::{AnyValue, Encoding, Error, Limits, LogRecord, LogsData, Resource, json};
use serde_json::{Map, Value};

use crate::limits::{ITEMS_MAX, OTLP_NESTING_MAX, OTLP_VALUES_MAX};

/// One log record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Log {
    /// What its resource calls itself.
    pub product: Option<String>,
    /// The name of the event that it is.
    pub event: Option<String>,
    /// Its day.
    pub day: Option<Date>,
    /// What it says.
    pub body: Value,
    /// What is said of it.
    pub attributes: Map<String, Value>,
}

/// What of a record can be stored.
#[derive(Debug, Clone, PartialEq)]
pub enum LogContent {
    /// An object, to be read like any other.
    Object(Map<String, Value>),
    /// A text: JSON, whose bytes may be signed, or a line.
    Text(String),
    /// Nothing.
    Nothing,
}

/// Why a request cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not encoded as it says.
    Broken,
    /// It holds too much.
    TooMany,
}

impl From<Error> for Unreadable {
    fn from(error: Error) -> Self {
        match error {
            Error::TooMuch { .. } => Self::TooMany,
            Error::Malformed { .. } | Error::Json { .. } => Self::Broken,
        }
    }
}

/// Reads an `ExportLogsServiceRequest`.
///
/// # Errors
/// When it is something else, or holds too much.
pub fn logs(request: &[u8], encoding: Encoding) -> Result<Vec<Log>, Unreadable> {
    // A value counts as one level, each list and map around it as one more.
    let limits =
        Limits::default().depth(OTLP_NESTING_MAX + 1).values(OTLP_VALUES_MAX).items(ITEMS_MAX);
    let mut rewritten = Vec::new();
    let data = match encoding {
        Encoding::Protobuf => LogsData::read_merged(request, &limits, &mut rewritten)?,
        Encoding::Json => {
            rewritten = json::to_protobuf::<LogsData<'_>>(request)?;
            LogsData::read(&rewritten, &limits)?
        }
    };
    let mut logs = Vec::new();
    for resource_logs in data.resource_logs {
        let product = resource_logs.resource.and_then(product);
        let records = resource_logs.scope_logs.iter().flat_map(|scope| scope.log_records);
        logs.extend(records.map(|record| Log { product: product.clone(), ..Log::of(record) }));
    }
    Ok(logs)
}

/// Finds what a resource calls itself; of attributes with the same name, the last counts.
fn product(resource: Resource<'_>) -> Option<String> {
    match resource.attributes.iter().filter(|pair| pair.key == SERVICE_NAME).last()?.value? {
        AnyValue::String(name) => Some(name.to_owned()),
        _ => None,
    }
}

impl Log {
    fn of(record: LogRecord<'_>) -> Self {
        Self {
            product: None,
            event: Some(record.event_name.to_owned()).filter(|name| !name.is_empty()),
            // When it was seen stands in for when it happened.
            day: day_of(record.time_unix_nano).or_else(|| day_of(record.observed_time_unix_nano)),
            body: json::plain(record.body.unwrap_or_default()),
            attributes: json::plain_map(record.attributes),
        }
    }

    /// Finds what of it can be stored: our own report or event in its attributes, else its body.
    #[must_use]
    pub fn content(self) -> LogContent {
        let Self { event, body, attributes, .. } = self;
        // What passed through an older relay has its name in the body only.
        let event = event.as_deref().or(body.as_str());
        if event == Some(REPORT_EVENT) {
            return LogContent::Object(by_section(attributes));
        }
        if attributes.contains_key(COMMAND_PATH) {
            return LogContent::Object(attributes);
        }
        match body {
            Value::Object(body) => LogContent::Object(body),
            Value::String(text) => LogContent::Text(text),
            _ => LogContent::Nothing,
        }
    }
}

/// Puts `section.field` into sections.
fn by_section(attributes: Map<String, Value>) -> Map<String, Value> {
    let mut report = Map::new();
    for (name, value) in attributes {
        let Some((section, field)) = name.split_once('.') else {
            report.insert(name, value);
            continue;
        };
        let section = report.entry(section).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(section) = section {
            section.insert(field.to_owned(), value);
        }
    }
    report
}

/// Gives the day of a time in nanoseconds; zero means that nobody knows.
fn day_of(nanos: u64) -> Option<Date> {
    let timestamp = Timestamp::from_nanosecond(i128::from(nanos)).ok()?;
    (nanos > 0).then(|| timestamp.to_zoned(TimeZone::UTC).date())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{Encoding, Log, LogContent, Unreadable, logs};

    fn from_protobuf(request: &[u8]) -> Result<Vec<Log>, Unreadable> {
        logs(request, Encoding::Protobuf)
    }

    fn from_json(request: &[u8]) -> Result<Vec<Log>, Unreadable> {
        logs(request, Encoding::Json)
    }

    /// Writes a field that holds bytes, as protobuf does.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut length = bytes.len();
        let mut out = vec![number << 3 | 2];
        while length >= 0x80 {
            out.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend_from_slice(bytes);
        out
    }

    fn pair(name: &str, value: &[u8]) -> Vec<u8> {
        [field(1, name.as_bytes()), field(2, value)].concat()
    }

    const NANOS: u64 = 1_795_255_200_000_000_000;

    /// Writes a request whose records have a body and attributes.
    fn request(body: &[u8], attributes: &[(&str, &[u8])]) -> Vec<u8> {
        let mut record = vec![1 << 3 | 1];
        record.extend_from_slice(&NANOS.to_le_bytes());
        record.extend(field(5, body));
        record.extend(attributes.iter().flat_map(|(name, value)| field(6, &pair(name, value))));
        record.extend(field(12, b"an.event"));
        let resource = field(1, &pair("service.name", &field(1, b"shop")));
        // Whatever comes later belongs to the same message.
        let logs = [field(2, &field(2, &record)), field(1, &resource)].concat();
        field(1, &logs)
    }

    #[test]
    fn both_encodings_say_the_same() {
        let list = field(5, &[field(1, &field(1, b"a")), field(1, &[2 << 3, 1])].concat());
        let nested = field(6, &field(1, &pair("x", &[3 << 3, 7])));
        let mut half = vec![4 << 3 | 1];
        half.extend_from_slice(&0.5_f64.to_le_bytes());
        let minus = [&[3 << 3][..], &[0xff; 9], &[1]].concat();
        let bytes = request(
            &field(1, b"hello"),
            &[("list", &list), ("map", &nested), ("half", &half), ("minus", &minus), ("none", b"")],
        );
        let expected = Log {
            product: Some("shop".into()),
            event: Some("an.event".into()),
            day: Some(date(2026, 11, 21)),
            body: "hello".into(),
            attributes: json!({
                "list": ["a", true], "map": {"x": 7}, "half": 0.5, "minus": -1, "none": null,
            })
            .as_object()
            .unwrap()
            .clone(),
        };
        assert_eq!(from_protobuf(&bytes), Ok(vec![expected.clone()]));
        let text = json!({"resourceLogs": [{
            "resource": {"attributes": [
                {"key": "service.name", "value": {"stringValue": "shop"}},
            ]},
            "scopeLogs": [{"logRecords": [{
                "timeUnixNano": NANOS.to_string(), "eventName": "an.event",
                "body": {"stringValue": "hello"},
                "attributes": [
                    {"key": "list", "value": {"arrayValue": {"values": [
                        {"stringValue": "a"}, {"boolValue": true},
                    ]}}},
                    {"key": "map", "value": {"kvlistValue": {"values": [
                        {"key": "x", "value": {"intValue": "7"}},
                    ]}}},
                    {"key": "half", "value": {"doubleValue": 0.5}},
                    {"key": "minus", "value": {"intValue": -1}},
                    {"key": "none", "value": {}},
                ],
            }]}],
        }]});
        assert_eq!(from_json(text.to_string().as_bytes()), Ok(vec![expected]));
    }

    #[test]
    fn what_is_not_whole_is_broken_and_what_is_too_much_is_not_read() {
        let whole = request(&field(1, b"hello"), &[]);
        for length in 1..whole.len() {
            let read = from_protobuf(&whole[..length]);
            assert_eq!(read, Err(Unreadable::Broken), "{length}");
        }
        let many = field(1, &field(2, &field(2, b"").repeat(1001)));
        assert_eq!(from_protobuf(&many), Err(Unreadable::TooMany));
        let deep = (0..100).fold(field(1, b"x"), |inner, _| field(5, &field(1, &inner)));
        assert_eq!(from_protobuf(&request(&deep, &[])), Err(Unreadable::TooMany));
        let wide = field(5, &field(1, b"").repeat(200_000));
        assert_eq!(from_protobuf(&request(&wide, &[])), Err(Unreadable::TooMany));
        assert_eq!(from_protobuf(&request(&field(1, b"\xff"), &[])), Err(Unreadable::Broken));
        for text in ["", "{", "[]", r#"{"resourceLogs": 1}"#] {
            assert_eq!(from_json(text.as_bytes()), Err(Unreadable::Broken), "{text}");
        }
        assert_eq!(from_json(b"{}"), Ok(vec![]));
        assert_eq!(from_protobuf(b""), Ok(vec![]));
    }

    #[test]
    fn a_report_is_found_by_its_name_or_its_body_and_anything_else_in_the_body() {
        let attributes = json!({"cluster-state.pods": 7, "x": 1}).as_object().unwrap().clone();
        let report = json!({"cluster-state": {"pods": 7}, "x": 1}).as_object().unwrap().clone();
        let said = |event: Option<&str>, body: Value| {
            let event = event.map(str::to_owned);
            Log { event, body, attributes: attributes.clone(), ..Log::default() }.content()
        };
        assert_eq!(said(Some("ktel.report"), Value::Null), LogContent::Object(report.clone()));
        assert_eq!(said(None, "ktel.report".into()), LogContent::Object(report.clone()));
        assert_eq!(said(None, "signal=x".into()), LogContent::Text("signal=x".into()));
        assert_eq!(said(None, report.clone().into()), LogContent::Object(report));
        assert_eq!(said(None, Value::Null), LogContent::Nothing);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(from_protobuf(&bytes));
            drop(from_protobuf(&request(&bytes, &[("x", &bytes)])));
        }
    }
}
