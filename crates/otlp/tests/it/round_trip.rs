//! Both directions, on random messages: what we write they read, and what they write we read.

use ktel_otlp::{Limits, LogsData, MetricsData, TracesData};
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

    /// Fields may stand in any order, and repeated ones between others: two messages, one after the other,
    /// are one with all that both hold.
    #[test]
    fn fields_in_any_order_are_read(bytes in entropy(), cut in any::<prop::sample::Index>()) {
        let (one, other) = bytes.split_at(cut.index(bytes.len() + 1));
        let point = |bytes| {
            let metrics = Entropy::new(bytes).metrics();
            let scopes = metrics.resource_metrics.into_iter().flat_map(|one| one.scope_metrics);
            scopes.flat_map(|scope| scope.metrics).next().unwrap_or_default()
        };
        let both = [point(one).encode_to_vec(), point(other).encode_to_vec()].concat();
        // They merge a message that is there twice; we do not read it.
        let Ok(read) = ktel_otlp::Metric::read(&both, &Limits::default()) else { return Ok(()) };
        let expected = metrics::v1::Metric::decode(&both[..]).unwrap();
        prop_assert_eq!(read.theirs().encode_to_vec(), expected.encode_to_vec());
        let written = metrics::v1::Metric::decode(&read.to_vec()[..]).unwrap();
        prop_assert_eq!(written.encode_to_vec(), expected.encode_to_vec());
    }
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
