//! Gauges and counters.

use ktel_exporter::mapping::MappingDrop;
use ktel_exporter::plan::Accepts;
use ktel_exporter::source::{MetricKind, MetricMetadata};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message;

use crate::support::{STALE, encoded, line, metadata, samples, shape, slice};

#[test]
fn each_type_becomes_the_kind_that_the_specification_says() {
    let kinds = [
        ("c_total", MetricKind::Counter),
        ("g", MetricKind::Gauge),
        ("i_info", MetricKind::Info),
        ("s", MetricKind::StateSet),
        ("u", MetricKind::Unknown),
        ("om", MetricKind::Counter), // OpenMetrics names the family without `_total`
    ];
    let names = ["c_total", "g", "i_info", "om_total", "s", "u", "v"];
    let lines: Vec<_> = names.iter().map(|name| line(name, &[(0, 1.0)])).collect();
    let mut metadata = metadata(&kinds);
    let unit = MetricMetadata {
        kind: MetricKind::Gauge,
        unit: "bytes_per_second".into(),
        help: "How fast.".into(),
    };
    metadata.insert("g".into(), unit);
    let encoded = encoded(&slice(&lines), &metadata, &shape());
    let request = ExportMetricsServiceRequest::decode(&encoded.batches[0].body[..]).unwrap();
    let shown = request.resource_metrics[0].scope_metrics[0].metrics.iter().map(|metric| {
        let kind = match metric.data.as_ref().unwrap() {
            Data::Gauge(_) => "gauge".into(),
            Data::Sum(sum) => format!("sum {} {}", sum.aggregation_temporality, sum.is_monotonic),
            other => format!("{other:?}"),
        };
        let value = metric.metadata[0].value.clone().unwrap().value.unwrap();
        assert_eq!(metric.metadata[0].key, "prometheus.type");
        format!("{} {kind} {value:?} {} {}", metric.name, metric.unit, metric.description)
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            r#"c_total sum 2 true StringValue("counter")  "#,
            r#"g gauge StringValue("gauge") By/s How fast."#,
            r#"i_info sum 2 false StringValue("info")  "#,
            r#"om_total sum 2 true StringValue("counter")  "#,
            r#"s sum 2 false StringValue("stateset")  "#,
            r#"u gauge StringValue("unknown")  "#,
            r#"v gauge StringValue("unknown")  "#,
        ]
    );
}

#[test]
fn every_value_arrives_bit_by_bit() {
    let values = [0.0, -0.0, 1e300, f64::NAN, f64::INFINITY, STALE, f64::NEG_INFINITY, STALE, 0.1];
    let timed: Vec<(i64, f64)> = (0..).zip(values).collect();
    let lines = [
        line(r#"up{job="shop/api",instance="a:1",x="y"}"#, &timed),
        line(
            r#"up{job="/api",otel_scope_name="lib",otel_scope_version="1",otel_scope_k="v"}"#,
            &timed,
        ),
        line(r#"up{otel_scope_name="ktel-exporter",otel_scope_k="v"}"#, &timed),
        line("up", &[(3, STALE)]),
    ];
    for points_max in [1, 2, 5, 500] {
        let mut shape = shape();
        shape.batch.points_max = points_max;
        let encoded = encoded(&slice(&lines), &metadata(&[]), &shape);
        let arrived = encoded.arrived(&shape);
        assert_eq!(arrived.difference(&samples(&lines, |_| true)), [""; 0]);
        assert_eq!(encoded.batches.len(), 28_usize.div_ceil(points_max));
    }
}

#[test]
fn a_resource_is_described_by_its_target_info() {
    let info = r#"target_info{job="api",instance="a",version="2",service.name="x"}"#;
    let lines = [
        line(info, &[(0, 1.0), (15_000, 1.0)]),
        line(r#"target_info{job="api",instance="a",version="1"}"#, &[(0, 1.0), (15_000, STALE)]),
        line(r#"target_info{job="alone"}"#, &[(0, 1.0)]),
        line(r#"up{job="api",instance="a"}"#, &[(0, 1.0)]),
    ];
    let encoded = encoded(&slice(&lines), &metadata(&[]), &shape());
    assert_eq!((encoded.tally.samples, encoded.tally.described), (6, 4));
    let request = ExportMetricsServiceRequest::decode(&encoded.batches[0].body[..]).unwrap();
    let attributes = |index: usize| {
        let resource = request.resource_metrics[index].resource.as_ref().unwrap();
        resource.attributes.iter().map(|pair| pair.key.as_str()).collect::<Vec<_>>()
    };
    let all: Vec<Vec<&str>> = (0..request.resource_metrics.len()).map(attributes).collect();
    assert!(all.contains(&vec!["service.name", "service.instance.id", "version"]), "{all:?}");
    assert!(all.contains(&vec!["service.name"]), "{all:?}");
    // What describes nothing that is here arrives as it is.
    let arrived = encoded.arrived(&shape());
    let expected = samples(&lines, |line| {
        line.labels.contains(&("job".into(), "alone".into()))
            || line.labels.contains(&("__name__".into(), "up".into()))
    });
    assert_eq!(arrived.difference(&expected), [""; 0]);
}

#[test]
fn what_the_receiver_does_not_take_is_counted_or_shortened() {
    let long = "x".repeat(300);
    let lines = [
        line("same_second", &[(0, 1.0), (900, 2.0), (999, 3.0), (1000, 4.0)]),
        line(&format!(r#"long{{a="{long}1"}}"#), &[(0, 1.0)]),
        line(&format!(r#"long{{a="{long}2"}}"#), &[(0, 1.0)]),
        line(r#"many{a="1",b="2",c="3",job="j",instance="i"}"#, &[(0, 1.0), (2000, 1.0)]),
    ];
    let mut shape = shape();
    shape.accepts = Accepts {
        one_point_a_second: true,
        attributes_max: Some(4),
        attribute_value_bytes_max: Some(100),
        ..Accepts::default()
    };
    let encoded = encoded(&slice(&lines), &metadata(&[]), &shape);
    let expected = [(MappingDrop::SameSecond, 2), (MappingDrop::TooManyAttributes, 2)];
    assert_eq!(encoded.dropped(), expected);
    assert_eq!(encoded.tally.shortened, 2);
    let arrived = encoded.arrived(&shape);
    assert_eq!(arrived.0.len(), 4, "the long ones stay two series: {arrived:?}");
    let last = samples(&[line("same_second", &[(999, 3.0), (1000, 4.0)])], |_| true);
    assert!(last.difference(&arrived).iter().all(|line| line.starts_with('+')));
}

#[test]
fn a_point_that_fits_no_request_is_counted() {
    let long = "x".repeat(2000);
    let lines = [
        line("a", &[(0, 1.0), (1, 2.0)]),
        line(&format!(r#"b{{a="{long}"}}"#), &[(0, 1.0), (1, STALE), (2, 1.0)]),
        line("c", &[(0, 1.0)]),
    ];
    let mut shape = shape();
    shape.batch.bytes_max = 1000;
    let encoded = encoded(&slice(&lines), &metadata(&[]), &shape);
    assert_eq!(encoded.dropped(), [(MappingDrop::TooLong, 3)]);
    let short = |line: &crate::support::Line| line.labels[0].1 != "b";
    assert_eq!(encoded.arrived(&shape).difference(&samples(&lines, short)), [""; 0]);
}

#[test]
fn a_time_that_otlp_cannot_write_is_counted() {
    let start = crate::support::WINDOW.start.0;
    let lines = [line("a", &[(-start - 5, 1.0), (-start, 1.0), (0, 1.0), (i64::MAX - start, 1.0)])];
    let encoded = encoded(&slice(&lines), &metadata(&[]), &shape());
    assert_eq!(encoded.dropped(), [(MappingDrop::NoTime, 3)]);
}
