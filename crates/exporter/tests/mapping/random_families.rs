//! Random histograms and summaries, whole and broken.

use std::collections::BTreeMap;

use ktel_exporter::source::MetricKind;
use proptest::prelude::*;

use crate::random::lines;
use crate::support::{Line, STALE, encoded, metadata, samples, shape, slice};

const BOUNDS: [&str; 5] = ["-1", "0.1", "1", "2.5", "1e+06"];

/// What a family says at a time: none if it ends.
type Moment = Option<(Vec<(usize, u8)>, f64)>;

fn moments() -> impl Strategy<Value = BTreeMap<i64, Moment>> {
    let buckets = prop::collection::btree_map(0..BOUNDS.len(), any::<u8>(), 0..5)
        .prop_map(|all| all.into_iter().collect());
    let moment = prop::option::weighted(0.9, (buckets, any::<f64>()));
    prop::collection::btree_map(0_i64..60_000, moment, 1..8)
}

/// A series in the making: name, a label and its value, and the samples.
type Series = BTreeMap<(String, &'static str, String), Vec<(i64, f64)>>;

/// Makes the series of a family. Those that end are the ones of the moment before.
fn family(name: &str, moments: &BTreeMap<i64, Moment>, is_histogram: bool) -> Vec<Line> {
    let mut all = Series::new();
    let mut before: Vec<(String, &'static str, String)> = Vec::new();
    for (&time, moment) in moments {
        let Some((buckets, sum)) = moment else {
            for series in before.drain(..) {
                all.get_mut(&series).unwrap().push((time, STALE));
            }
            continue;
        };
        let mut now = Vec::new();
        let mut total = 0.0;
        for &(bound, count) in buckets {
            total += f64::from(count);
            if is_histogram {
                now.push(((format!("{name}_bucket"), "le", BOUNDS[bound].into()), total));
            } else {
                now.push(((name.into(), "quantile", BOUNDS[bound].into()), *sum));
            }
        }
        if is_histogram {
            now.push(((format!("{name}_bucket"), "le", "+Inf".into()), total));
        }
        now.push(((format!("{name}_count"), "", String::new()), total));
        now.push(((format!("{name}_sum"), "", String::new()), *sum));
        before = now.iter().map(|(series, _)| series.clone()).collect();
        for (series, value) in now {
            all.entry(series).or_default().push((time, value));
        }
    }
    all.into_iter()
        .map(|((name, label, value), samples)| Line {
            labels: vec![
                ("__name__".into(), name),
                (label.into(), value),
                ("job".into(), "j".into()),
                ("pod".into(), "p".into()),
            ],
            samples,
        })
        .collect()
}

/// Series of the names of families, with labels and values that may fit together or not.
fn broken() -> impl Strategy<Value = Vec<Line>> {
    let name = prop::sample::select(&["h_bucket", "h_sum", "h_count", "h", "s", "s_count"][..]);
    let label = prop::sample::select(
        &[
            ("", ""),
            ("le", "1"),
            ("le", "+Inf"),
            ("le", "x"),
            ("quantile", "0.5"),
            ("vmrange", "1...2"),
        ][..],
    );
    let value = prop_oneof![Just(1.0), Just(2.0), Just(STALE), Just(0.5), Just(f64::NAN)];
    let samples = prop::collection::btree_map(0_i64..3, value, 1..3);
    prop::collection::btree_map((name, label), samples, 0..15).prop_map(|all| {
        all.into_iter()
            .map(|((name, (label, value)), samples)| Line {
                labels: vec![("__name__".into(), name.into()), (label.into(), value.into())],
                samples: samples.into_iter().collect(),
            })
            .collect()
    })
}

const KINDS: [(&str, MetricKind); 2] = [("h", MetricKind::Histogram), ("s", MetricKind::Summary)];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whole_families_arrive_among_other_series(
        histogram in moments(),
        summary in moments(),
        others in lines(),
        points_max in 1_usize..40,
        bytes_max in 600_usize..20_000,
    ) {
        let mut shape = shape();
        (shape.batch.points_max, shape.batch.bytes_max) = (points_max, bytes_max);
        let mut lines = others;
        lines.extend(family("h", &histogram, true));
        lines.extend(family("s", &summary, false));
        let first = encoded(&slice(&lines), &metadata(&KINDS), &shape);
        prop_assert_eq!(first.dropped(), []);
        prop_assert_eq!(first.arrived(&shape).difference(&samples(&lines, |_| true)), [""; 0]);
        lines.reverse();
        prop_assert_eq!(encoded(&slice(&lines), &metadata(&KINDS), &shape), first);
    }

    /// Whatever the series say, all are accounted for, and the requests are sound: `encoded` and `arrived` check it.
    #[test]
    fn broken_families_are_accounted_for(
        broken in broken(),
        has_kinds: bool,
        bytes_max in 100_usize..2_000,
        one_point_a_second: bool,
        no_summaries: bool,
        attributes_max in prop::option::of(0_usize..4),
    ) {
        let mut shape = shape();
        shape.batch.bytes_max = bytes_max;
        shape.accepts.one_point_a_second = one_point_a_second;
        shape.accepts.no_summaries = no_summaries;
        shape.accepts.attributes_max = attributes_max;
        let metadata = metadata(if has_kinds { &KINDS } else { &[] });
        encoded(&slice(&broken), &metadata, &shape).arrived(&shape);
        shape.temporality = ktel_exporter::plan::Temporality::Delta;
        encoded(&slice(&broken), &metadata, &shape).arrived(&shape);
    }
}
