//! Classic histograms, histograms of VictoriaMetrics, and summaries.

use ktel_exporter::mapping::MappingDrop::{BadCounts, NoCount, NoSuchKind, NoSummaries, PartEnded};
use ktel_exporter::source::MetricKind;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message;

use crate::support::{Encoded, Line, STALE, encoded, line, metadata, samples, shape, slice};

fn encode(lines: &[Line], kinds: &[(&str, MetricKind)]) -> Encoded {
    encoded(&slice(lines), &metadata(kinds), &shape())
}

/// Gives the points of the first metric, which is a histogram.
fn points(encoded: &Encoded) -> Vec<HistogramDataPoint> {
    let request = ExportMetricsServiceRequest::decode(&encoded.batches[0].body[..]).unwrap();
    let metric = request.resource_metrics[0].scope_metrics[0].metrics[0].clone();
    let Some(Data::Histogram(data)) = metric.data else { panic!("{metric:?}") };
    data.data_points
}

#[test]
fn the_series_of_a_histogram_are_one_point_for_each_time() {
    let lines = [
        line(r#"h_bucket{a="x",le="0.5",z="y"}"#, &[(0, 1.0), (15, 2.0)]),
        line(r#"h_bucket{a="x",le="+Inf",z="y"}"#, &[(0, 4.0), (15, 9.0)]),
        line(r#"h_bucket{a="x",le="10",z="y"}"#, &[(0, 3.0), (15, 9.0)]),
        line(r#"h_bucket_other"#, &[(0, 1.0)]),
        line(r#"h_count{a="x",z="y"}"#, &[(0, 4.0), (15, 9.0)]),
        line(r#"h_sum{a="x",z="y"}"#, &[(0, 7.5)]),
    ];
    // With metadata, and without: a bucket with `le` is enough.
    for kinds in [&[("h", MetricKind::Histogram)][..], &[]] {
        let encoded = encode(&lines, kinds);
        let points = points(&encoded);
        assert_eq!(points[0].explicit_bounds, [0.5, 10.0]);
        assert_eq!((&points[0].bucket_counts[..], points[0].count), (&[1, 2, 1][..], 4));
        assert_eq!((&points[1].bucket_counts[..], points[1].count), (&[2, 7, 0][..], 9));
        assert_eq!([points[0].sum, points[1].sum], [Some(7.5), None]);
        assert_eq!((encoded.tally.samples, encoded.tally.points), (10, 3));
        let arrived = encoded.arrived(&shape());
        assert_eq!(arrived.difference(&samples(&lines, |_| true)), [""; 0]);
    }
}

#[test]
fn what_is_no_histogram_is_counted_with_the_reason() {
    let bucket = |le: &str, value| line(&format!(r#"h_bucket{{le="{le}"}}"#), &[(0, value)]);
    let count = |value| line("h_count", &[(0, value)]);
    let table = [
        (vec![bucket("+Inf", 4.0)], vec![(NoCount, 1)]),
        (vec![bucket("1", 4.0), count(3.0)], vec![(BadCounts, 2)]),
        (vec![bucket("1", 2.0), bucket("2", 1.0), count(3.0)], vec![(BadCounts, 3)]),
        (vec![bucket("1", 0.5), count(3.0)], vec![(BadCounts, 2)]),
        (vec![bucket("1", -1.0), count(3.0)], vec![(BadCounts, 2)]),
        (vec![bucket("1", 1.0), count(f64::NAN)], vec![(BadCounts, 2)]),
        (vec![bucket("1", 1.0), bucket("1.0", 1.0), count(3.0)], vec![(BadCounts, 3)]),
        (vec![bucket("+Inf", 2.0), count(3.0)], vec![(BadCounts, 2)]),
        (vec![bucket("1", STALE), bucket("2", 1.0), count(3.0)], vec![(PartEnded, 1)]),
        (vec![bucket("1", 1.0), bucket("2", STALE), count(STALE)], vec![(PartEnded, 1)]),
        // A bucket without a usable bound is a series like any other.
        (vec![bucket("1", 1.0), bucket("x", 1.0), count(3.0)], vec![]),
        (vec![count(1e30), bucket("1", 1.0)], vec![(BadCounts, 2)]),
    ];
    for (lines, expected) in table {
        assert_eq!(encode(&lines, &[]).dropped(), expected, "{lines:?}");
    }
    let gauge = [bucket("1", 1.0), line("h_gcount", &[(0, 1.0)]), line("h_gsum", &[(0, 1.0)])];
    assert_eq!(encode(&gauge, &[("h", MetricKind::GaugeHistogram)]).dropped(), [(NoSuchKind, 3)]);
}

#[test]
fn what_comes_after_a_metric_without_points_keeps_its_resource_and_scope() {
    let labels = r#"job="b",otel_scope_name="lib""#;
    let lines = [
        line(r#"a{job="b"}"#, &[(0, 1.0)]),
        line(&format!("h_bucket{{le=\"1\",{labels}}}"), &[(0, 0.5)]),
        line(&format!("h_count{{{labels}}}"), &[(0, 3.0)]),
        line(r#"up{job="a"}"#, &[(0, 1.0)]),
        line(&format!("z{{{labels}}}"), &[(0, 1.0)]),
    ];
    let encoded = encode(&lines, &[]);
    assert_eq!(encoded.dropped(), [(BadCounts, 2)]);
    let expected = samples(&[&lines[..1], &lines[3..]].concat(), |_| true);
    assert_eq!(encoded.arrived(&shape()).difference(&expected), [""; 0]);
}

#[test]
fn a_histogram_that_ends_says_so_with_its_bounds() {
    let lines = [
        line(r#"h_bucket{le="1.0"}"#, &[(0, 1.0), (15, STALE)]),
        line(r#"h_bucket{le="+Inf"}"#, &[(0, 1.0), (15, STALE)]),
        line("h_count", &[(0, 1.0), (15, STALE)]),
        line("h_sum", &[(0, 0.25), (15, STALE)]),
    ];
    let encoded = encode(&lines, &[]);
    assert_eq!(points(&encoded)[1].flags, 1);
    assert_eq!(encoded.arrived(&shape()).difference(&samples(&lines, |_| true)), [""; 0]);
}

#[test]
fn ranges_of_victoria_metrics_get_all_bounds_between_them() {
    let lines = [
        line(r#"h_bucket{vmrange="1.000e+00...1.136e+00"}"#, &[(0, 2.0), (15, 3.0)]),
        line(r#"h_bucket{vmrange="1.468e+00...1.668e+00"}"#, &[(15, 4.0)]),
        line("h_count", &[(0, 2.0), (15, 7.0)]),
        line("h_sum", &[(0, 2.2), (15, 9.0)]),
    ];
    let encoded = encode(&lines, &[]);
    let points = points(&encoded);
    assert_eq!(points[0].explicit_bounds, [1.0, 1.136, 1.292, 1.468, 1.668]);
    assert_eq!(points[0].explicit_bounds, points[1].explicit_bounds);
    assert_eq!(points[0].bucket_counts, [0, 2, 0, 0, 0, 0]);
    assert_eq!(points[1].bucket_counts, [0, 3, 0, 0, 4, 0]);
    assert_eq!(encoded.arrived(&shape()).difference(&samples(&lines, |_| true)), [""; 0]);

    let all = [
        line(r#"h_bucket{vmrange="0...1.000e-09"}"#, &[(0, 1.0)]),
        line(r#"h_bucket{vmrange="1.000e+18...+Inf"}"#, &[(0, 2.0)]),
        line("h_count", &[(0, 3.0)]),
    ];
    let encoded = encode(&all, &[]);
    assert_eq!(encoded.arrived(&shape()).difference(&samples(&all, |_| true)), [""; 0]);
    let wrong = [all[0].clone(), all[1].clone(), line("h_count", &[(0, 4.0)])];
    assert_eq!(encode(&wrong, &[]).dropped(), [(BadCounts, 3)]);
    let overlap = [
        line(r#"h_bucket{vmrange="1...2"}"#, &[(0, 1.0)]),
        line(r#"h_bucket{vmrange="1...3"}"#, &[(0, 1.0)]),
        line("h_count", &[(0, 2.0)]),
    ];
    assert_eq!(encode(&overlap, &[]).dropped(), [(BadCounts, 3)]);
}

#[test]
fn a_summary_needs_its_type_and_its_count() {
    let lines = [
        line(r#"s{quantile="0.5",a="x"}"#, &[(0, 1.5), (15, f64::NAN), (30, STALE)]),
        line(r#"s{quantile="0.99",a="x"}"#, &[(0, 2.5), (15, 2.5), (30, STALE)]),
        line(r#"s_count{a="x"}"#, &[(0, 3.0), (15, 4.0), (30, STALE)]),
        line(r#"s_sum{a="x"}"#, &[(0, 5.0), (15, -0.0), (30, STALE)]),
    ];
    let summary = [("s", MetricKind::Summary)];
    let encoded = encode(&lines, &summary);
    assert_eq!(encoded.tally.points, 3);
    assert_eq!(encoded.arrived(&shape()).difference(&samples(&lines, |_| true)), [""; 0]);
    // Without a type, they are numbers.
    let numbers = encode(&lines, &[]);
    assert_eq!(numbers.tally.points, 12);
    assert_eq!(numbers.arrived(&shape()).difference(&samples(&lines, |_| true)), [""; 0]);

    assert_eq!(encode(&lines[..2], &summary).dropped(), [(NoCount, 6)]);
    let mut shape = shape();
    shape.accepts.no_summaries = true;
    let rejected = crate::support::encoded(&slice(&lines), &metadata(&summary), &shape);
    assert_eq!((rejected.dropped(), rejected.batches.len()), (vec![(NoSummaries, 12)], 0));
}
