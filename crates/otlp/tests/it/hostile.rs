//! What strangers send costs no more than its length.

use ktel_otlp::{
    AnyValue, Budgeted, Error, ExportResponse, Fault, Limits, LogRecord, LogsData, MetricsData,
    Status, TracesData,
};
use opentelemetry_proto::tonic::{logs, metrics, trace};
use proptest::prelude::*;
use prost::Message;

use crate::random::Entropy;
use crate::round_trip::entropy;
use crate::theirs::ToTheirs;

/// Writes a field that holds bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(content);
    out
}

/// Reads bytes as everything, and what can be read as something in all ways.
fn read(bytes: &[u8]) {
    let limits = Limits::default();
    let mut merged = Vec::new();
    if let Ok(logs) = LogsData::read_merged(bytes, &limits, &mut merged) {
        assert!(logs::v1::LogsData::decode(&logs.to_vec()[..]).is_ok());
        drop((logs.theirs(), logs.to_json()));
    }
    let mut merged = Vec::new();
    if let Ok(metrics) = MetricsData::read_merged(bytes, &limits, &mut merged) {
        assert!(metrics::v1::MetricsData::decode(&metrics.to_vec()[..]).is_ok());
        drop((metrics.theirs(), metrics.to_json()));
    }
    let mut merged = Vec::new();
    if let Ok(traces) = TracesData::read_merged(bytes, &limits, &mut merged) {
        assert!(trace::v1::TracesData::decode(&traces.to_vec()[..]).is_ok());
        drop((traces.theirs(), traces.to_json()));
    }
    drop(ExportResponse::read(bytes, &limits));
    drop(Status::from_protobuf(bytes));
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in any::<Vec<u8>>()) {
        read(&bytes);
        read(&field(1, &field(2, &field(2, &bytes))));
    }

    #[test]
    fn whole_messages_with_a_wrong_byte_are_read_or_not(
        bytes in entropy(), at in any::<prop::sample::Index>(), wrong in any::<u8>(),
    ) {
        let entropy = || Entropy::new(&bytes);
        for mut message in [
            entropy().logs().encode_to_vec(),
            entropy().metrics().encode_to_vec(),
            entropy().traces().encode_to_vec(),
        ] {
            if !message.is_empty() {
                let at = at.index(message.len());
                message[at] = wrong;
                read(&message);
            }
        }
    }
}

/// Writes a request with one log record.
fn request(record: &[u8]) -> Vec<u8> {
    field(1, &field(2, &field(2, record)))
}

#[test]
fn a_body_that_is_cut_is_malformed_and_the_error_says_where() {
    let whole = request(&field(5, &field(1, b"hello")));
    for length in 1..whole.len() {
        let read = LogsData::read(&whole[..length], &Limits::default());
        assert!(matches!(read, Err(Error::Malformed { .. })), "{length}: {read:?}");
    }
    let table = [
        (request(&field(5, &field(1, b"\xff"))), 8, "string_value", Fault::Utf8),
        (request(&[5 << 3, 0]), 6, "body", Fault::WireType),
        (request(&[3 << 3 | 2, 9]), 6, "log_records", Fault::Length),
        (request(&[field(5, &[]), field(5, &[])].concat()), 8, "body", Fault::Repeated),
        (request(&[0]), 6, "log_records", Fault::FieldNumber),
        (request(&[2 << 3, 0x80]), 6, "log_records", Fault::Varint),
    ];
    for (bytes, at, field, fault) in table {
        let expected = Err(Error::Malformed { at, field, fault });
        assert_eq!(LogsData::read(&bytes, &Limits::default()), expected);
    }
    let error = LogsData::read(&request(&field(3, b"\xff")), &Limits::default()).unwrap_err();
    let said = "not OTLP in protobuf: a text is not UTF-8, at byte 6 in `severity_text`";
    assert_eq!(error.to_string(), said);
}

#[test]
fn the_limits_are_exact() {
    let nested = |depth| (1..depth).fold(field(1, b"x"), |inner, _| field(5, &field(1, &inner)));
    let wide = |count| field(5, &field(1, b"").repeat(count));
    let read = |body: &[u8], limits: &Limits| {
        LogsData::read(&request(&field(5, body)), limits).map(|_| ())
    };
    let too_much = |of, max| Err(Error::TooMuch { of, max });
    let limits = Limits::default().depth(8).values(100).items(2);
    assert_eq!(read(&nested(8), &limits), Ok(()));
    assert_eq!(read(&nested(9), &limits), too_much(Budgeted::Depth, 8));
    assert_eq!(read(&wide(99), &limits), Ok(()));
    assert_eq!(read(&wide(100), &limits), too_much(Budgeted::Values, 100));
    let records = |count| field(1, &field(2, &field(2, b"").repeat(count)));
    assert!(LogsData::read(&records(2), &limits).is_ok());
    let error = LogsData::read(&records(3), &limits).unwrap_err();
    assert_eq!(Err(error.clone()), too_much(Budgeted::Items, 2));
    let said = "more than 2 log records, spans or data points in one request; send smaller ones";
    assert_eq!(error.to_string(), said);
}

#[test]
fn as_much_nesting_as_the_limit_allows_fits_a_small_stack() {
    let limits = Limits::default();
    let deep = (1..limits.depth)
        .fold(AnyValue::Bool(true).into_body(), |inner, _| field(6, &field(1, &field(2, &inner))));
    let walk = move || {
        let bytes = field(5, &deep);
        let record = LogRecord::read(&bytes, &limits).unwrap();
        let whole = request(&bytes);
        let text = LogsData::read(&whole, &limits).unwrap().to_json();
        assert_eq!(text.matches("kvlistValue").count(), limits.depth - 1);
        assert_eq!(ktel_otlp::json::to_protobuf::<LogsData<'_>>(text.as_bytes()).unwrap(), whole);
        assert!(ktel_otlp::json::plain(record.body.unwrap()).is_object());
        let (twice, mut merged) = (bytes.repeat(2), Vec::new());
        let record = LogRecord::read_merged(&twice, &limits, &mut merged).unwrap();
        assert!(ktel_otlp::json::plain(record.body.unwrap()).is_object());
        assert!(!merged.is_empty());
    };
    std::thread::Builder::new().stack_size(512 * 1024).spawn(walk).unwrap().join().unwrap();
}

trait IntoBody {
    fn into_body(self) -> Vec<u8>;
}

impl IntoBody for AnyValue<'_> {
    /// Writes the content of the value's message.
    fn into_body(self) -> Vec<u8> {
        let record = LogRecord { body: Some(self), ..LogRecord::default() };
        record.to_vec()[2..].to_vec()
    }
}
