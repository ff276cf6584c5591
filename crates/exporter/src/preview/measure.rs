//! Counts what is in slices, and what the mapping makes of them. Pure.

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;

use super::examples::Examples;
use super::stop::Cut;
use crate::batch::Batch;
use crate::limits::{DELTA_LOOKBACK, PREVIEW_METRICS_SHOWN};
use crate::mapping::{DeltaState, Shape, Tally, encode, warm};
use crate::plan::{Compression, Selection, Temporality};
use crate::sink::Shared;
use crate::slice::Slice;
use crate::source::Metadata;
use crate::time::{Millis, Window};

/// Series and samples of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Series that have a sample.
    pub series: u64,
    /// Samples and native histograms, stale markers included.
    pub samples: u64,
    /// Names of metrics.
    pub metrics: u64,
    /// The metrics with the most samples, those first.
    pub top: Vec<MetricFigures>,
}

/// Series and samples of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetricFigures {
    /// Its name, as the store has it.
    pub name: String,
    /// Series that have a sample.
    pub series: u64,
    /// Samples and native histograms.
    pub samples: u64,
}

/// The requests that a sink would get.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Encoded {
    /// Data points in them.
    pub points: u64,
    /// How many there are.
    pub requests: u64,
    /// Bytes of their bodies before compression.
    pub bytes: u64,
    /// Bytes of their bodies as the sink would get them.
    pub compressed_bytes: u64,
    /// What became of the samples.
    pub tally: Tally,
    /// Requests in OTLP/JSON that have one of the data points each.
    pub examples: Vec<String>,
}

/// Counts.
pub(super) struct Measure {
    seen: HashSet<u64, foldhash::quality::FixedState>,
    series_max: usize,
    samples: u64,
    metrics: BTreeMap<String, (u64, u64)>,
    targets: Vec<Target>,
}

/// What a sink would get.
struct Target {
    shape: Shape,
    compression: Compression,
    state: DeltaState,
    /// The number of the next request of the window.
    next: u32,
    encoded: Encoded,
    examples: Examples,
}

impl Measure {
    pub(super) fn new(
        targets: impl Iterator<Item = (Shape, Compression)>,
        series_max: usize,
    ) -> Self {
        let target = |(shape, compression)| Target {
            shape,
            compression,
            state: DeltaState::default(),
            next: 0,
            encoded: Encoded::default(),
            examples: Examples::default(),
        };
        Self {
            seen: HashSet::with_hasher(foldhash::quality::FixedState::with_seed(0)),
            series_max,
            samples: 0,
            metrics: BTreeMap::new(),
            targets: targets.map(target).collect(),
        }
    }

    /// Gives the time before a moment that differences need to be known of.
    pub(super) fn needs(&self, start: Millis, selection: &Selection) -> Option<Window> {
        let is_raw = matches!(selection, Selection::Raw(_));
        let is_delta = |target: &Target| target.shape.temporality == Temporality::Delta;
        let before = Window { start: start - DELTA_LOOKBACK, end: start };
        (is_raw && self.targets.iter().any(is_delta)).then_some(before)
    }

    /// Takes a part of the time before.
    pub(super) fn warm(&mut self, slice: &Slice, window: Window, metadata: &Metadata) {
        for target in &mut self.targets {
            if target.shape.temporality == Temporality::Delta {
                warm(slice, window, metadata, &target.shape, &mut target.state);
            }
        }
    }

    /// Takes a part of a window.
    pub(super) fn take(
        &mut self,
        slice: &Slice,
        window: Window,
        metadata: &Metadata,
    ) -> Result<(), Cut> {
        for series in slice.series() {
            let samples = (series.samples.len() + series.histograms.len()) as u64;
            let is_new = self.seen.insert(self.seen.hasher().hash_one(series.key()));
            if self.seen.len() > self.series_max {
                return Err(Cut::Series(self.series_max));
            }
            self.samples += samples;
            let metric = match self.metrics.get_mut(series.name()) {
                Some(metric) => metric,
                None => self.metrics.entry(series.name().to_owned()).or_default(),
            };
            metric.0 += u64::from(is_new);
            metric.1 += samples;
        }
        for target in &mut self.targets {
            target.take(slice, window, metadata);
        }
        Ok(())
    }

    /// Ends a window.
    pub(super) fn settle(&mut self, window: Window) {
        for target in &mut self.targets {
            target.state.settle(window.end);
            target.next = 0;
        }
    }

    /// Gives what was counted so far, and the requests of each target.
    pub(super) fn figures(&self) -> (Figures, Vec<Encoded>) {
        let metric = |(name, &(series, samples)): (&String, &_)| (samples, series, name.clone());
        let mut top: Vec<_> = self.metrics.iter().map(metric).collect();
        top.sort_by(|one, other| (other.0, other.1, &one.2).cmp(&(one.0, one.1, &other.2)));
        top.truncate(PREVIEW_METRICS_SHOWN);
        let top = top.into_iter();
        let top = top.map(|(samples, series, name)| MetricFigures { name, series, samples });
        let figures = Figures {
            series: self.metrics.values().map(|(series, _)| series).sum(),
            samples: self.samples,
            metrics: self.metrics.len() as u64,
            top: top.collect(),
        };
        (figures, self.targets.iter().map(Target::encoded).collect())
    }
}

impl Target {
    fn take(&mut self, slice: &Slice, window: Window, metadata: &Metadata) {
        let Self { shape, compression, state, next, encoded, examples } = self;
        let first = *next;
        let mut give = |batch: Batch| {
            examples.look(&batch.body);
            let batch = Shared::new(batch, None);
            encoded.points += batch.points();
            encoded.requests += 1;
            encoded.bytes += batch.bytes() as u64;
            encoded.compressed_bytes += batch.compressed(*compression).len() as u64;
            *next += 1;
        };
        let tally = encode(slice, window, metadata, shape, state, first, &mut give);
        encoded.tally += tally;
    }

    fn encoded(&self) -> Encoded {
        Encoded { examples: self.examples.shown(), ..self.encoded.clone() }
    }
}
