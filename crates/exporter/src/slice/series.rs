//! A finished slice, and how it is read.

use super::text::{METRIC_NAME, take};
use crate::time::Millis;

/// The bits of the value that says that a series has ended: Prometheus' stale marker, and `null` in the export of
/// VictoriaMetrics. It is kept bit by bit; no other NaN is.
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// A value at a time.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// When.
    pub time: Millis,
    /// The value. A stale marker has [`STALE_NAN_BITS`].
    pub value: f64,
}

impl Sample {
    /// Whether it says that the series has ended.
    #[must_use]
    pub const fn is_stale(self) -> bool {
        self.value.to_bits() == STALE_NAN_BITS
    }
}

/// A native histogram of Prometheus at a time, with absolute bucket counts.
#[derive(Debug, Clone, PartialEq)]
pub struct NativeHistogram {
    /// When.
    pub time: Millis,
    /// How fine the buckets are: -4 to 8, or -53 for custom bounds.
    pub schema: i32,
    /// Whether it is a gauge, or counts floats: neither has a place in OTLP.
    pub is_gauge: bool,
    /// Whether counts are floats.
    pub is_float: bool,
    /// The number of measurements.
    pub count: u64,
    /// Their sum. A stale marker has [`STALE_NAN_BITS`].
    pub sum: f64,
    /// Measurements up to this value count as zero.
    pub zero_threshold: f64,
    /// How many those are.
    pub zero_count: u64,
    /// Where the buckets of positive values are.
    pub positive_spans: Vec<Span>,
    /// Their counts.
    pub positive: Vec<u64>,
    /// Where the buckets of negative values are.
    pub negative_spans: Vec<Span>,
    /// Their counts.
    pub negative: Vec<u64>,
    /// The bounds, if they are custom.
    pub custom_bounds: Vec<f64>,
}

/// Consecutive buckets of a native histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The index of the first bucket, or the distance to the span before.
    pub offset: i32,
    /// How many there are.
    pub length: u32,
}

/// A sorted slice.
#[derive(Debug, Default)]
pub struct Slice {
    /// Names and values of labels, each with its length before it.
    pub(super) labels: String,
    pub(super) series: Vec<Entry>,
    pub(super) samples: Vec<Sample>,
    pub(super) histograms: Vec<NativeHistogram>,
}

/// Where a series' parts are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) labels: (usize, usize),
    pub(super) samples: (usize, usize),
    pub(super) histograms: (usize, usize),
}

/// A series of a slice. Samples are sorted by time; no two have the same.
#[derive(Debug, Clone, Copy)]
pub struct Series<'s> {
    pub(super) labels: &'s str,
    /// The samples.
    pub samples: &'s [Sample],
    /// The native histograms.
    pub histograms: &'s [NativeHistogram],
}

impl Slice {
    /// Gives the series, sorted by name, then by labels.
    pub fn series(&self) -> impl ExactSizeIterator<Item = Series<'_>> + Clone {
        self.series.iter().map(|entry| self.at(*entry))
    }

    /// Gives one of them.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Series<'_>> {
        self.series.get(index).map(|entry| self.at(*entry))
    }

    /// Says how many series there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Says whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Says how many samples and native histograms there are.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples.len() + self.histograms.len()
    }

    /// Says how much memory it takes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let numbers = |one: &NativeHistogram| {
            one.positive.len() + one.negative.len() + one.custom_bounds.len()
        };
        let spans = |one: &NativeHistogram| one.positive_spans.len() + one.negative_spans.len();
        let buckets =
            self.histograms.iter().map(|one| 8 * (numbers(one) + spans(one))).sum::<usize>();
        self.labels.len()
            + self.series.len() * size_of::<Entry>()
            + self.samples.len() * size_of::<Sample>()
            + self.histograms.len() * size_of::<NativeHistogram>()
            + buckets
    }

    fn at(&self, entry: Entry) -> Series<'_> {
        Series {
            labels: self.labels.get(entry.labels.0..entry.labels.1).unwrap_or_default(),
            samples: self.samples.get(entry.samples.0..entry.samples.1).unwrap_or_default(),
            histograms: self
                .histograms
                .get(entry.histograms.0..entry.histograms.1)
                .unwrap_or_default(),
        }
    }
}

impl<'s> Series<'s> {
    /// Gives the metric's name.
    #[must_use]
    pub fn name(&self) -> &'s str {
        take(self.labels).map(|(name, _)| name).unwrap_or_default()
    }

    /// Gives bytes that identify the series: equal labels have equal bytes, in every slice.
    #[must_use]
    pub const fn key(&self) -> &'s [u8] {
        self.labels.as_bytes()
    }

    /// Gives the labels but the name, sorted by name. None is empty.
    pub fn labels(&self) -> impl Iterator<Item = (&'s str, &'s str)> + Clone + use<'s> {
        let mut rest = take(self.labels).map(|(_, rest)| rest).unwrap_or_default();
        std::iter::from_fn(move || {
            let (name, after) = take(rest)?;
            let (value, after) = take(after)?;
            rest = after;
            Some((name, value))
        })
    }

    /// Gives a label's value, the metric's name too.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&'s str> {
        if name == METRIC_NAME {
            return Some(self.name());
        }
        self.labels().find(|label| label.0 == name).map(|label| label.1)
    }
}
