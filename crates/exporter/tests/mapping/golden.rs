//! Each kind as it leaves, in the JSON of OTLP. After a wanted change: `UPDATE_GOLDEN=1 cargo test -p ktel-exporter golden`.

use std::fs;
use std::path::Path;

use ktel_exporter::batch::Batch;
use ktel_exporter::mapping::Shape;
use ktel_exporter::plan::Temporality;
use ktel_exporter::slice::{NativeHistogram, Slice, SliceBuilder, Span};
use ktel_exporter::source::{Metadata, MetricKind, MetricMetadata};
use ktel_exporter::time::Millis;
use ktel_otlp::{Limits, MetricsData};

use crate::support::{Line, STALE, WINDOW, encoded, line, shape, slice};

/// A kind: its name, what the store has, and what is known of it.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) slice: Slice,
    pub(crate) metadata: Metadata,
    pub(crate) shape: Shape,
}

impl Kind {
    pub(crate) fn batch(&self) -> Batch {
        encoded(&self.slice, &self.metadata, &self.shape).batches.remove(0)
    }
}

/// All kinds of data points.
pub(crate) fn kinds() -> Vec<Kind> {
    let delta = Shape { temporality: Temporality::Delta, ..shape() };
    let counter = [
        line(r#"http_requests_total{job="shop/api",instance="10.0.0.1:80",code="200"}"#, &RISING),
        line(
            r#"http_requests_total{job="shop/api",instance="10.0.0.1:80",code="500"}"#,
            &[(0, 0.0)],
        ),
        line(r#"target_info{job="shop/api",instance="10.0.0.1:80",version="1.2"}"#, &[(0, 1.0)]),
    ];
    let scope = r#"otel_scope_name="lib",otel_scope_version="2",otel_scope_kind="test""#;
    let gauge =
        [line(&format!("queue_length{{queue=\"a\",{scope}}}"), &[(0, -1.5), (15_000, STALE)])];
    let histogram = [
        line(r#"wait_seconds_bucket{le="0.5"}"#, &[(0, 1.0), (15_000, 2.0)]),
        line(r#"wait_seconds_bucket{le="2.5"}"#, &[(0, 1.0), (15_000, 4.0)]),
        line(r#"wait_seconds_bucket{le="+Inf"}"#, &[(0, 2.0), (15_000, 5.0)]),
        line("wait_seconds_count", &[(0, 2.0), (15_000, 5.0)]),
        line("wait_seconds_sum", &[(0, 4.25), (15_000, 8.0)]),
    ];
    let ranges = [
        line(r#"wait_bucket{vmrange="8.799e-01...1.000e+00"}"#, &[(0, 2.0)]),
        line(r#"wait_bucket{vmrange="1.136e+00...1.292e+00"}"#, &[(0, 1.0)]),
        line("wait_count", &[(0, 3.0)]),
        line("wait_sum", &[(0, 3.25)]),
    ];
    let summary = [
        line(r#"gc_seconds{quantile="0"}"#, &[(0, 0.25)]),
        line(r#"gc_seconds{quantile="0.5"}"#, &[(0, 0.5)]),
        line("gc_seconds_count", &[(0, 7.0)]),
        line("gc_seconds_sum", &[(0, 3.5)]),
    ];
    let kind = |name, lines: &[Line], family: &str, kind| Kind {
        name,
        slice: slice(lines),
        metadata: described(family, kind),
        shape: shape(),
    };
    let counter_kind = || kind("counter", &counter, "http_requests_total", MetricKind::Counter);
    let histogram_kind = || kind("histogram", &histogram, "wait_seconds", MetricKind::Histogram);
    vec![
        counter_kind(),
        Kind { name: "counter-delta", shape: delta, ..counter_kind() },
        kind("gauge", &gauge, "queue_length", MetricKind::Gauge),
        histogram_kind(),
        Kind { name: "histogram-delta", shape: delta, ..histogram_kind() },
        kind("ranges", &ranges, "none", MetricKind::Unknown),
        kind("summary", &summary, "gc_seconds", MetricKind::Summary),
        Kind { slice: native(), ..kind("native", &[], "latency_seconds", MetricKind::Histogram) },
    ]
}

const RISING: [(i64, f64); 3] = [(0, 7.0), (15_000, 9.0), (30_000, 2.0)];

fn described(family: &str, kind: MetricKind) -> Metadata {
    let metadata = MetricMetadata { kind, unit: "seconds".into(), help: "What it is.".into() };
    Metadata::from([(family.into(), metadata)])
}

fn native() -> Slice {
    let exponential = NativeHistogram {
        time: WINDOW.start,
        schema: 2,
        is_gauge: false,
        is_float: false,
        count: 8,
        sum: 12.5,
        zero_threshold: 0.001,
        zero_count: 1,
        positive_spans: vec![Span { offset: -1, length: 1 }, Span { offset: 2, length: 2 }],
        positive: vec![1, 2, 3],
        negative_spans: vec![Span { offset: 0, length: 1 }],
        negative: vec![1],
        custom_bounds: vec![],
    };
    let custom = NativeHistogram {
        time: Millis(WINDOW.start.0 + 15_000),
        schema: -53,
        positive_spans: vec![Span { offset: 0, length: 2 }],
        positive: vec![4, 5],
        negative_spans: vec![],
        negative: vec![],
        custom_bounds: vec![0.5],
        ..exponential.clone()
    };
    let mut builder = SliceBuilder::new();
    builder.begin();
    builder.label("__name__", "latency_seconds");
    builder.histogram(exponential);
    builder.histogram(custom);
    builder.end();
    builder.finish()
}

#[test]
fn each_kind_leaves_as_it_is_written_down() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping/golden");
    for kind in kinds() {
        let body = kind.batch().body;
        let json = MetricsData::read(&body, &Limits::default()).unwrap().to_json();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let shown = format!("{value:#}\n");
        let file = directory.join(format!("{}.json", kind.name));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(&directory).unwrap();
            fs::write(&file, &shown).unwrap();
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), shown, "{}", kind.name);
    }
}
