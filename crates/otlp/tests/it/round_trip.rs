//! Both directions, on random messages: what we write they read, and what they write we read.

use ktel_otlp::{AnyValue, ArrayValue, Limits, LogRecord, LogsData, MetricsData, TracesData};
use opentelemetry_proto::tonic::{logs, metrics, trace};
use proptest::prelude::*;
use prost::Message;

use crate::ours::ToOurs;
use crate::random::Entropy;
use crate::theirs::ToTheirs;

/// Bytes that are random messages.
pub(crate) fn entropy() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..1500)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn our_bytes_are_theirs(bytes in entropy()) {
        let logs = Entropy::new(&bytes).logs();
        prop_assert_eq!(logs.ours().to_vec(), logs.encode_to_vec());
        let metrics = Entropy::new(&bytes).metrics();
        prop_assert_eq!(metrics.ours().to_vec(), metrics.encode_to_vec());
        let traces = Entropy::new(&bytes).traces();
        prop_assert_eq!(traces.ours().to_vec(), traces.encode_to_vec());
    }

    #[test]
    fn their_messages_are_ours(bytes in entropy()) {
        let limits = Limits::default();
        // Bytes are compared, because NaN is not itself.
        let logs = Entropy::new(&bytes).logs().encode_to_vec();
        let read = LogsData::read(&logs, &limits).unwrap();
        prop_assert_eq!(read.theirs().encode_to_vec(), &logs[..]);
        prop_assert_eq!(read.to_vec(), logs);
        let metrics = Entropy::new(&bytes).metrics().encode_to_vec();
        let read = MetricsData::read(&metrics, &limits).unwrap();
        prop_assert_eq!(read.theirs().encode_to_vec(), &metrics[..]);
        prop_assert_eq!(read.to_vec(), metrics);
        let traces = Entropy::new(&bytes).traces().encode_to_vec();
        let read = TracesData::read(&traces, &limits).unwrap();
        prop_assert_eq!(read.theirs().encode_to_vec(), &traces[..]);
        prop_assert_eq!(read.to_vec(), traces);
    }

    /// Fields may stand in any order, repeated ones between others, and messages more than once: two
    /// messages, one after the other, are one in which both are merged.
    #[test]
    fn two_messages_are_read_as_one_as_theirs_are(
        bytes in entropy(), cut in any::<prop::sample::Index>(),
    ) {
        let (one, other) = bytes.split_at(cut.index(bytes.len() + 1));
        let (one, other) = (Entropy::new(one), Entropy::new(other));
        let (one, other) = (Singles::of(one), Singles::of(other));
        macro_rules! same {
            ($($part:ident: $ours:ident is $theirs:ty),* $(,)?) => { $(
                let both = [&one.$part[..], &other.$part].concat();
                let mut merged = Vec::new();
                let read = ktel_otlp::$ours::read_merged(&both, &Limits::default(), &mut merged).unwrap();
                let expected = <$theirs>::decode(&both[..]).unwrap().encode_to_vec();
                prop_assert_eq!(read.theirs().encode_to_vec(), &expected[..]);
                let written = <$theirs>::decode(&read.to_vec()[..]).unwrap();
                prop_assert_eq!(written.encode_to_vec(), expected);
                prop_assert!(merged.len() <= both.len());
            )* };
        }
        same! {
            resource_logs: ResourceLogs is logs::v1::ResourceLogs,
            record: LogRecord is logs::v1::LogRecord,
            metric: Metric is metrics::v1::Metric,
            point: ExponentialHistogramDataPoint is metrics::v1::ExponentialHistogramDataPoint,
            span: Span is trace::v1::Span,
        }
    }
}

/// Messages that hold messages which may be there once, in protobuf.
struct Singles {
    resource_logs: Vec<u8>,
    record: Vec<u8>,
    metric: Vec<u8>,
    point: Vec<u8>,
    span: Vec<u8>,
}

impl Singles {
    fn of(mut entropy: Entropy<'_>) -> Self {
        let resource_logs = entropy.logs().resource_logs;
        let records = resource_logs.iter().flat_map(|logs| &logs.scope_logs);
        let mut records = records.flat_map(|scope| &scope.log_records);
        let all = entropy.metrics().resource_metrics;
        let metrics = all.iter().flat_map(|metrics| &metrics.scope_metrics);
        let metrics: Vec<_> = metrics.flat_map(|scope| &scope.metrics).collect();
        let mut points = metrics.iter().filter_map(|metric| match &metric.data {
            Some(metrics::v1::metric::Data::ExponentialHistogram(data)) => data.data_points.first(),
            _ => None,
        });
        let spans = entropy.traces().resource_spans;
        let spans = spans.iter().flat_map(|spans| &spans.scope_spans);
        let mut spans = spans.flat_map(|scope| &scope.spans);
        Self {
            record: records.next().map(Message::encode_to_vec).unwrap_or_default(),
            resource_logs: resource_logs.first().map(Message::encode_to_vec).unwrap_or_default(),
            metric: metrics.first().map(|metric| metric.encode_to_vec()).unwrap_or_default(),
            point: points.next().map(Message::encode_to_vec).unwrap_or_default(),
            span: spans.next().map(Message::encode_to_vec).unwrap_or_default(),
        }
    }
}

#[test]
fn values_are_merged_until_another_kind_takes_their_place() {
    let limits = Limits::default();
    let list = |texts: &[&str]| {
        let values: Vec<_> = texts.iter().map(|text| AnyValue::String(text)).collect();
        body(AnyValue::Array(ArrayValue { values: (&values).into() }))
    };
    let number = body(AnyValue::Int(7));
    for (bodies, expected) in [
        (vec![list(&["a"]), list(&["b", "c"])], list(&["a", "b", "c"])),
        (vec![list(&["a"]), number.clone(), list(&["b"])], list(&["b"])),
        (vec![list(&["a"]), number.clone()], number.clone()),
        (vec![number.clone(), Vec::new()], number.clone()),
        (vec![list(&["a"]), list(&[])], list(&["a"])),
    ] {
        let sent = bodies.concat();
        let mut merged = Vec::new();
        let read = LogRecord::read_merged(&sent, &limits, &mut merged).unwrap();
        assert_eq!(read.to_vec(), expected);
        let theirs = logs::v1::LogRecord::decode(&sent[..]).unwrap();
        assert_eq!(theirs.encode_to_vec(), expected);
    }
    // What nobody has to merge is read where it stands.
    let mut merged = Vec::new();
    LogRecord::read_merged(&number, &limits, &mut merged).unwrap();
    assert!(merged.is_empty());
}

/// Writes a log record that has only a body.
fn body(value: AnyValue<'_>) -> Vec<u8> {
    LogRecord { body: Some(value), ..LogRecord::default() }.to_vec()
}

#[test]
fn packed_numbers_are_read_in_all_forms() {
    // Field 6, one number of eight bytes, then field 6 with two, then one more; field 7 between.
    let mut bytes = Vec::new();
    let number = |number: u64| number.to_le_bytes();
    bytes.extend([6 << 3 | 1]);
    bytes.extend(number(1));
    bytes.extend([6 << 3 | 2, 16]);
    bytes.extend([number(2), number(3)].concat());
    bytes.extend([7 << 3 | 1]);
    bytes.extend(0.5_f64.to_le_bytes());
    bytes.extend([6 << 3 | 1]);
    bytes.extend(number(4));
    let read = ktel_otlp::HistogramDataPoint::read(&bytes, &Limits::default()).unwrap();
    assert_eq!(read.bucket_counts.iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(read.explicit_bounds.iter().collect::<Vec<_>>(), [0.5]);
    let written = metrics::v1::HistogramDataPoint::decode(&read.to_vec()[..]).unwrap();
    assert_eq!((written.bucket_counts, written.explicit_bounds), (vec![1, 2, 3, 4], vec![0.5]));
    let json = r#"{"bucketCounts":["1","2","3","4"],"explicitBounds":[0.5]}"#;
    assert_eq!(read.to_json(), json);
}

#[test]
fn random_messages_hold_everything() {
    // The tests above prove nothing of a field that is never there.
    let mut text = String::new();
    let mut state = 1_u32;
    let mut bytes = Vec::new();
    for _ in 0..400_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.push((state >> 24) as u8);
    }
    for bytes in bytes.chunks(2000) {
        let entropy = || Entropy::new(bytes);
        let all: (logs::v1::LogsData, metrics::v1::MetricsData, trace::v1::TracesData) =
            (entropy().logs(), entropy().metrics(), entropy().traces());
        text.push_str(&all.0.ours().to_json());
        text.push_str(&all.1.ours().to_json());
        text.push_str(&all.2.ours().to_json());
    }
    for name in [
        "bytesValue",
        "kvlistValue",
        "arrayValue",
        "descriptionKeys",
        "eventName",
        "droppedLinksCount",
        "traceState",
        "zeroThreshold",
        "quantileValues",
        "exponentialHistogram",
        "filteredAttributes",
        "asInt",
        "explicitBounds",
        "isMonotonic",
        "parentSpanId",
        "metadata",
        "NaN",
        "negative",
    ] {
        assert!(text.contains(&format!("\"{name}\"")), "{name}");
    }
}
