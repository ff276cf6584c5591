//! Series as a store has them, the slice of them, and what has to arrive.

use std::time::Duration;

use ktel_exporter::batch::Batch;
use ktel_exporter::mapping::{DeltaState, MappingDrop, Shape, Tally, encode};
use ktel_exporter::plan::{Accepts, BatchPlan, Temporality};
use ktel_exporter::slice::{STALE_NAN_BITS, Sample, Slice, SliceBuilder};
use ktel_exporter::source::{Metadata, MetricKind, MetricMetadata};
use ktel_exporter::time::{Millis, Window};
use ktel_testkit::otlp_series::{Labels, Samples};

/// The window of all tests: a minute in the year 2026.
pub(crate) const WINDOW: Window =
    Window { start: Millis(1_790_000_040_000), end: Millis(1_790_000_100_000) };

/// The stale marker.
pub(crate) const STALE: f64 = f64::from_bits(STALE_NAN_BITS);

/// A series: its labels with the name, and values at milliseconds of the window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) samples: Vec<(i64, f64)>,
}

/// Makes a series of a text in the form of Prometheus, such as `up{job="api"}`, with simple values.
pub(crate) fn line(series: &str, samples: &[(i64, f64)]) -> Line {
    let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
    let mut labels = vec![("__name__".into(), name.into())];
    for pair in rest.trim_end_matches('}').split(',').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap();
        labels.push((name.into(), value.trim_matches('"').into()));
    }
    Line { labels, samples: samples.to_vec() }
}

pub(crate) fn slice(lines: &[Line]) -> Slice {
    let mut builder = SliceBuilder::new();
    for line in lines {
        builder.begin();
        for (name, value) in &line.labels {
            builder.label(name, value);
        }
        for &(time, value) in &line.samples {
            builder.sample(Sample { time: Millis(WINDOW.start.0 + time), value });
        }
        builder.end();
    }
    builder.finish()
}

/// Gives all samples of series that are not omitted.
pub(crate) fn samples(lines: &[Line], is_expected: impl Fn(&Line) -> bool) -> Samples {
    let mut samples = Samples::default();
    for line in lines.iter().filter(|line| is_expected(line)) {
        let pairs = line.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let labels = Labels::new(pairs);
        for &(time, value) in &line.samples {
            samples.number(labels.clone(), WINDOW.start.0 + time, value);
        }
    }
    samples
}

pub(crate) fn metadata(kinds: &[(&str, MetricKind)]) -> Metadata {
    let row = |&(name, kind): &(&str, MetricKind)| {
        (name.into(), MetricMetadata { kind, ..MetricMetadata::default() })
    };
    kinds.iter().map(row).collect()
}

pub(crate) fn shape() -> Shape {
    Shape {
        batch: BatchPlan {
            is_enabled: true,
            timeout: Duration::from_secs(5),
            points_max: 500,
            bytes_max: 1 << 20,
        },
        temporality: Temporality::Cumulative,
        accepts: Accepts::default(),
    }
}

/// What came of a slice.
#[derive(Debug, PartialEq)]
pub(crate) struct Encoded {
    pub(crate) batches: Vec<Batch>,
    pub(crate) tally: Tally,
}

impl Encoded {
    /// Rebuilds the series, and checks what holds for all batches.
    #[track_caller]
    pub(crate) fn arrived(&self, shape: &Shape) -> Samples {
        let mut samples = Samples::default();
        for (number, batch) in self.batches.iter().enumerate() {
            let points = samples.read(&batch.body).unwrap();
            assert_eq!(points as u64, batch.points);
            assert!(points > 0, "an empty request");
            assert!(batch.body.len() <= shape.batch.bytes_max, "{} bytes", batch.body.len());
            assert!(!shape.batch.is_enabled || points <= shape.batch.points_max, "{points}");
            assert_eq!((batch.window, batch.number as usize), (WINDOW, number));
        }
        let points: u64 = self.batches.iter().map(|batch| batch.points).sum();
        assert_eq!(self.tally.points, points);
        samples
    }

    pub(crate) fn dropped(&self) -> Vec<(MappingDrop, u64)> {
        self.tally.dropped.iter().map(|(reason, count)| (*reason, *count)).collect()
    }
}

/// Encodes, and checks that every sample is accounted for.
#[track_caller]
pub(crate) fn encoded(slice: &Slice, metadata: &Metadata, shape: &Shape) -> Encoded {
    let mut batches = Vec::new();
    let mut state = DeltaState::default();
    let tally =
        encode(slice, WINDOW, metadata, shape, &mut state, 0, &mut |batch| batches.push(batch));
    let accounted = tally.samples + tally.dropped.values().sum::<u64>();
    assert_eq!(accounted, slice.samples() as u64, "{tally:?}");
    Encoded { batches, tally }
}
