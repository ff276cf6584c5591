//! Random series of gauges and counters.

use std::collections::BTreeMap;

use ktel_exporter::source::MetricKind;
use proptest::prelude::*;

use crate::support::{Line, STALE, encoded, metadata, samples, shape, slice};

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![8 => any::<f64>(), 1 => Just(STALE), 1 => Just(0.0)]
}

const NAMES: [&str; 7] =
    ["job", "instance", "pod", "otel_scope_name", "otel_scope_x", "otel_scope_", "ä.b"];

fn label() -> impl Strategy<Value = (String, String)> {
    (prop::sample::select(&NAMES[..]), prop_oneof!["[ab/]{0,3}", Just("ktel-exporter".to_owned())])
        .prop_map(|(name, value)| (name.to_owned(), value))
}

/// Series whose labels differ; each with samples at different times.
pub(crate) fn lines() -> impl Strategy<Value = Vec<Line>> {
    let labels =
        ("[a-c](_total)?", prop::collection::vec(label(), 0..5)).prop_map(|(name, labels)| {
            let mut all: BTreeMap<String, String> = labels.into_iter().collect();
            all.retain(|_, value| !value.is_empty());
            all.insert("__name__".into(), name);
            all
        });
    let samples = prop::collection::btree_map(0_i64..60_000, value(), 1..20);
    prop::collection::btree_map(labels, samples, 0..30).prop_map(|all| {
        let line = |(labels, samples): (BTreeMap<String, String>, BTreeMap<i64, f64>)| Line {
            labels: labels.into_iter().collect(),
            samples: samples.into_iter().collect(),
        };
        all.into_iter().map(line).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_samples_arrive_and_the_same_slice_gives_the_same_bytes(
        lines in lines(),
        points_max in 1_usize..60,
        bytes_max in 400_usize..20_000,
        is_enabled: bool,
    ) {
        let mut shape = shape();
        (shape.batch.points_max, shape.batch.bytes_max) = (points_max, bytes_max);
        shape.batch.is_enabled = is_enabled;
        let metadata = metadata(&[("a_total", MetricKind::Counter), ("b", MetricKind::Gauge)]);
        let first = encoded(&slice(&lines), &metadata, &shape);
        prop_assert_eq!(first.dropped(), []);
        prop_assert_eq!(first.arrived(&shape).difference(&samples(&lines, |_| true)), [""; 0]);
        let mut turned = lines.clone();
        turned.reverse();
        prop_assert_eq!(encoded(&slice(&turned), &metadata, &shape), first);
    }
}
