//! Differences, for receivers that take nothing else.

use ktel_exporter::batch::Batch;
use ktel_exporter::mapping::{DeltaState, MappingDrop, Shape, Tally, encode, warm};
use ktel_exporter::plan::Temporality;
use ktel_exporter::source::{Metadata, MetricKind};
use ktel_exporter::time::{Millis, Window};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use proptest::prelude::*;
use prost::Message;

use crate::support::{Line, STALE, WINDOW, line, metadata, shape, slice};

fn delta() -> Shape {
    Shape { temporality: Temporality::Delta, ..shape() }
}

fn kinds() -> Metadata {
    metadata(&[("c_total", MetricKind::Counter)])
}

/// The part of a minute, in milliseconds after its start.
fn window(start: i64, end: i64) -> Window {
    Window { start: Millis(WINDOW.start.0 + start), end: Millis(WINDOW.start.0 + end) }
}

fn within(lines: &[Line], window: Window) -> Vec<Line> {
    let is_in = |(time, _): &(i64, f64)| window.contains(Millis(WINDOW.start.0 + time));
    let cut = |line: &Line| Line {
        samples: line.samples.iter().copied().filter(is_in).collect(),
        ..line.clone()
    };
    lines.iter().map(cut).filter(|line| !line.samples.is_empty()).collect()
}

fn run(lines: &[Line], window: Window, state: &mut DeltaState) -> (Vec<Batch>, Tally) {
    let mut batches = Vec::new();
    let slice = slice(&within(lines, window));
    let tally =
        encode(&slice, window, &kinds(), &delta(), state, 0, &mut |batch| batches.push(batch));
    let accounted = tally.samples + tally.dropped.values().sum::<u64>();
    assert_eq!(accounted, slice.samples() as u64);
    (batches, tally)
}

/// Gives times and values of the differences, in milliseconds of the window.
fn sums(batches: &[Batch]) -> Vec<(i64, i64, f64)> {
    let millis = |nanos: u64| i64::try_from(nanos / 1_000_000).unwrap() - WINDOW.start.0;
    let mut all = Vec::new();
    for batch in batches {
        let request = ExportMetricsServiceRequest::decode(&batch.body[..]).unwrap();
        let scopes = request.resource_metrics.into_iter().flat_map(|one| one.scope_metrics);
        for metric in scopes.flat_map(|scope| scope.metrics) {
            let Some(Data::Sum(sum)) = metric.data else { panic!("{metric:?}") };
            assert_eq!((sum.aggregation_temporality, sum.is_monotonic), (1, true));
            for point in sum.data_points {
                let value = match point.value {
                    Some(Value::AsDouble(value)) => value,
                    _ => f64::NAN,
                };
                let times = (millis(point.start_time_unix_nano), millis(point.time_unix_nano));
                all.push((times.0, times.1, value));
            }
        }
    }
    all
}

#[test]
fn a_counter_is_sent_as_its_increases_and_begins_anew_when_it_falls() {
    let lines = [line("c_total", &[(0, 5.0), (10, 7.0), (20, 3.0), (30, STALE), (40, 3.5)])];
    let (batches, tally) = run(&lines, WINDOW, &mut DeltaState::default());
    let sums = sums(&batches);
    assert_eq!(sums[..2], [(0, 10, 2.0), (10, 20, 3.0)]);
    assert!(sums[2].2.is_nan(), "an end is no value");
    assert_eq!(sums[3], (20, 40, 0.5));
    assert_eq!(tally.dropped.into_iter().collect::<Vec<_>>(), [(MappingDrop::NoStart, 1)]);
}

#[test]
fn what_has_no_difference_is_counted() {
    let mut state = DeltaState::default();
    let lines = [line("c_total", &[(10, 1.0), (20, f64::INFINITY), (30, 4.0)])];
    let (batches, tally) = run(&lines, WINDOW, &mut state);
    assert_eq!(sums(&batches), [(10, 30, 3.0)]);
    let expected = [(MappingDrop::BadCounts, 1), (MappingDrop::NoStart, 1)];
    assert_eq!(tally.dropped.into_iter().collect::<Vec<_>>(), expected);
    state.settle(WINDOW.end);
    // What comes late is in what was sent already.
    let (batches, tally) = run(&[line("c_total", &[(15, 2.0)])], WINDOW, &mut state);
    assert_eq!((batches.len(), tally.dropped[&MappingDrop::Covered]), (0, 1));
}

/// A counter: what it counts up by, or a new begin.
fn counter() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let steps = prop::collection::btree_map(
        0_i64..60_000,
        prop_oneof![8 => (0_u32..100).prop_map(Some), 1 => Just(None)],
        1..40,
    );
    steps.prop_map(|steps| {
        let mut value = 1000.0;
        let step = |(time, step): (i64, Option<u32>)| {
            value = step.map_or(1.0, |step| value + f64::from(step));
            (time, value)
        };
        steps.into_iter().map(step).collect()
    })
}

/// What Prometheus' `increase` adds up, without guessing beyond the samples.
fn increase(samples: &[(i64, f64)]) -> f64 {
    let one = |pair: &[(i64, f64)]| {
        if pair[1].1 < pair[0].1 { pair[1].1 } else { pair[1].1 - pair[0].1 }
    };
    samples.windows(2).map(one).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Windows are read again, several at once are open, and the process dies: the differences are the same, and add up
    /// to the increase.
    #[test]
    fn differences_add_up_across_windows_repeats_and_restarts(
        counters in prop::collection::vec(counter(), 1..4),
        width in prop::sample::select(&[1_000_i64, 7_000, 60_000][..]),
        events in prop::collection::vec(0_u8..4, 60),
    ) {
        let named = |(index, samples): (usize, &Vec<(i64, f64)>)| {
            line(&format!(r#"c_total{{i="{index}"}}"#), samples)
        };
        let lines: Vec<Line> = counters.iter().enumerate().map(named).collect();
        let expected = run(&lines, WINDOW, &mut DeltaState::default());
        let mut state = DeltaState::default();
        let mut all = Vec::new();
        let starts: Vec<i64> = (0..60_000).step_by(width as usize).collect();
        let mut settled = 0;
        for (&start, event) in starts.iter().zip(events.iter().cycle()) {
            let window = window(start, (start + width).min(60_000));
            let (batches, _) = run(&lines, window, &mut state);
            match event {
                // Read again, from the same cursor.
                0 => prop_assert_eq!(&run(&lines, window, &mut state).0, &batches),
                // The process dies; its state is rebuilt.
                1 => {
                    let before = self::window(0, start);
                    state = DeltaState::default();
                    warm(&slice(&within(&lines, before)), before, &kinds(), &delta(), &mut state);
                    prop_assert_eq!(&run(&lines, window, &mut state).0, &batches);
                    settled = start;
                }
                // All windows since the cursor are read again.
                2 => {
                    for &again in starts.iter().filter(|again| **again >= settled && **again < start) {
                        let window = self::window(again, (again + width).min(60_000));
                        run(&lines, window, &mut state);
                    }
                    prop_assert_eq!(&run(&lines, window, &mut state).0, &batches);
                }
                _ => {
                    state.settle(window.end);
                    settled = window.end.0 - WINDOW.start.0;
                }
            }
            all.extend(sums(&batches));
        }
        let mut whole = sums(&expected.0);
        let order = |one: &(i64, i64, f64), other: &(i64, i64, f64)| {
            (one.1, one.0).cmp(&(other.1, other.0)).then(one.2.total_cmp(&other.2))
        };
        whole.sort_by(order);
        all.sort_by(order);
        prop_assert_eq!(&all, &whole);
        let sum: f64 = all.iter().map(|point| point.2).sum();
        prop_assert_eq!(sum, counters.iter().map(|samples| increase(samples)).sum::<f64>());
    }
}

#[test]
fn memory_is_bounded_and_what_is_forgotten_is_counted() {
    let mut state = DeltaState::with_bytes_max(10_000);
    let series = |index| line(&format!(r#"c_total{{i="{index}"}}"#), &[(index, 1.0)]);
    let lines: Vec<Line> = (0..1000).map(series).collect();
    for start in (0..1000).step_by(100) {
        let window = window(start, start + 100);
        run(&lines, window, &mut state);
        state.settle(window.end);
        assert!(state.bytes() <= 10_000);
    }
    assert!(
        state.evicted() > 500 && state.bytes() > 4_000,
        "{} {}",
        state.evicted(),
        state.bytes()
    );
}

/// Gives count, buckets and sum of each histogram.
fn histograms(batches: &[Batch]) -> Vec<(u64, Vec<u64>, Option<f64>)> {
    let mut all = Vec::new();
    for batch in batches {
        let request = ExportMetricsServiceRequest::decode(&batch.body[..]).unwrap();
        let scopes = request.resource_metrics.into_iter().flat_map(|one| one.scope_metrics);
        for metric in scopes.flat_map(|scope| scope.metrics) {
            let Some(Data::Histogram(data)) = metric.data else { panic!("{metric:?}") };
            assert_eq!(data.aggregation_temporality, 1);
            all.extend(data.data_points.into_iter().map(|it| (it.count, it.bucket_counts, it.sum)));
        }
    }
    all
}

#[test]
fn a_histogram_is_sent_as_what_came_to_each_bucket() {
    let lines = [
        line(r#"h_bucket{le="1"}"#, &[(0, 1.0), (10, 2.0), (20, 1.0), (30, 1.0), (40, 3.0)]),
        line(r#"h_bucket{le="2"}"#, &[(40, 4.0)]),
        line(r#"h_bucket{le="+Inf"}"#, &[(0, 1.0), (10, 4.0), (20, 2.0), (30, 2.0), (40, 9.0)]),
        line("h_count", &[(0, 1.0), (10, 4.0), (20, 2.0), (30, 2.0), (40, 9.0)]),
        line("h_sum", &[(0, 0.5), (10, 2.0), (20, 3.0), (30, 3.0), (40, 9.0)]),
    ];
    let (batches, tally) = run(&lines, WINDOW, &mut DeltaState::default());
    let expected = [
        (3, vec![1, 2], Some(1.5)),
        (2, vec![1, 1], Some(3.0)), // it fell, so it began anew
        (0, vec![0, 0], Some(0.0)),
        (7, vec![], Some(6.0)), // other bounds
    ];
    assert_eq!(histograms(&batches), expected);
    assert_eq!(tally.dropped.into_iter().collect::<Vec<_>>(), [(MappingDrop::NoStart, 4)]);
}

#[test]
fn a_range_that_is_new_had_nothing_before() {
    let lines = [
        line(r#"h_bucket{vmrange="1.000e+00...1.136e+00"}"#, &[(0, 2.0), (10, 3.0)]),
        line(r#"h_bucket{vmrange="1.468e+00...1.668e+00"}"#, &[(10, 4.0)]),
        line("h_count", &[(0, 2.0), (10, 7.0)]),
    ];
    let mut state = DeltaState::default();
    // In two windows: the first does not know the second range.
    let (first, _) = run(&lines, window(0, 5), &mut state);
    assert_eq!(first, []);
    let (batches, _) = run(&lines, window(5, 60_000), &mut state);
    assert_eq!(histograms(&batches), [(5, vec![0, 1, 0, 0, 4, 0], None)]);
}
