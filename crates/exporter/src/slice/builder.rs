//! Collects the series of a slice, then sorts them.

use super::series::{Entry, NativeHistogram, Sample, Slice};
use super::text::{METRIC_NAME, name_and_rest, put};

/// Collects the series of a slice.
///
/// ```
/// use ktel_exporter::slice::{Sample, SliceBuilder};
/// use ktel_exporter::time::Millis;
///
/// let mut builder = SliceBuilder::new();
/// for time in [15_000, 0] {
///     builder.begin();
///     builder.label("job", "api");
///     builder.label("__name__", "up");
///     builder.sample(Sample { time: Millis(time), value: 1.0 });
///     builder.end();
/// }
/// let slice = builder.finish();
/// let series = slice.series().next().unwrap();
/// assert_eq!(series.name(), "up");
/// assert_eq!(series.labels().collect::<Vec<_>>(), [("job", "api")]);
/// assert_eq!(series.samples.len(), 2);
/// ```
#[derive(Debug, Default)]
pub struct SliceBuilder {
    labels: String,
    pieces: Vec<Entry>,
    samples: Vec<Sample>,
    histograms: Vec<NativeHistogram>,
    /// Memory of the buckets of histograms.
    bucket_bytes: usize,
    open: Open,
}

/// The series that is being written.
#[derive(Debug, Default)]
struct Open {
    text: String,
    name: (usize, usize),
    /// Ranges of names and values in `text`.
    pairs: Vec<[(usize, usize); 2]>,
    samples: usize,
    histograms: usize,
}

impl SliceBuilder {
    /// Begins a slice.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how much memory it takes, for the one who bounds it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.labels.len()
            + self.pieces.len() * size_of::<Entry>()
            + self.samples.len() * size_of::<Sample>()
            + self.histograms.len() * size_of::<NativeHistogram>()
            + self.bucket_bytes
    }

    /// Begins a series, or another piece of one.
    pub fn begin(&mut self) {
        let open = &mut self.open;
        open.text.clear();
        open.pairs.clear();
        open.name = (0, 0);
        (open.samples, open.histograms) = (self.samples.len(), self.histograms.len());
    }

    /// Adds a label to it, in any order. An empty value is no label.
    pub fn label(&mut self, name: &str, value: &str) {
        let open = &mut self.open;
        let put = |text: &mut String, part: &str| {
            let start = text.len();
            text.push_str(part);
            (start, text.len())
        };
        if name == METRIC_NAME {
            open.name = put(&mut open.text, value);
        } else if !value.is_empty() {
            let name = put(&mut open.text, name);
            open.pairs.push([name, put(&mut open.text, value)]);
        }
    }

    /// Adds a sample to it.
    pub fn sample(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    /// Adds a native histogram to it.
    pub fn histogram(&mut self, histogram: NativeHistogram) {
        let buckets = histogram.positive.len() + histogram.negative.len();
        let spans = histogram.positive_spans.len() + histogram.negative_spans.len();
        self.bucket_bytes += 8 * (buckets + spans + histogram.custom_bounds.len());
        self.histograms.push(histogram);
    }

    /// Ends it.
    pub fn end(&mut self) {
        let Self { labels, pieces, samples, histograms, open, .. } = self;
        let text = |range: (usize, usize)| open.text.get(range.0..range.1).unwrap_or_default();
        let start = labels.len();
        put(labels, text(open.name));
        if !open.pairs.is_sorted_by_key(|pair| text(pair[0])) {
            open.pairs.sort_by(|one, other| text(one[0]).cmp(text(other[0])));
        }
        for pair in &open.pairs {
            put(labels, text(pair[0]));
            put(labels, text(pair[1]));
        }
        pieces.push(Entry {
            labels: (start, labels.len()),
            samples: (open.samples, samples.len()),
            histograms: (open.histograms, histograms.len()),
        });
    }

    /// Drops what was begun and not ended.
    pub fn cancel(&mut self) {
        self.samples.truncate(self.open.samples);
        self.histograms.truncate(self.open.histograms);
    }

    /// Sorts the series by name and labels, joins their pieces, sorts their samples by time, and keeps one of those with
    /// the same time: the one with the largest value, as the store would.
    #[must_use]
    pub fn finish(self) -> Slice {
        let Self { labels, mut pieces, samples, histograms, .. } = self;
        let key = |entry: &Entry| {
            labels.as_bytes().get(entry.labels.0..entry.labels.1).unwrap_or_default()
        };
        // By name first: what is written before the rest is its length, which must not decide.
        pieces.sort_by(|one, other| name_and_rest(key(one)).cmp(&name_and_rest(key(other))));
        let mut slice = Slice { series: Vec::with_capacity(pieces.len()), ..Slice::default() };
        let mut sorted_samples = Vec::with_capacity(samples.len());
        let mut histograms: Vec<Option<NativeHistogram>> =
            histograms.into_iter().map(Some).collect();
        for group in pieces.chunk_by(|one, other| key(one) == key(other)) {
            let (from_sample, from_histogram) = (sorted_samples.len(), slice.histograms.len());
            for piece in group {
                sorted_samples.extend_from_slice(&samples[piece.samples.0..piece.samples.1]);
                let taken = &mut histograms[piece.histograms.0..piece.histograms.1];
                slice.histograms.extend(taken.iter_mut().filter_map(Option::take));
            }
            let kept = from_sample + keep_one_each(&mut sorted_samples[from_sample..]);
            sorted_samples.truncate(kept);
            let own = &mut slice.histograms[from_histogram..];
            own.sort_by_key(|histogram| histogram.time);
            let mut last = None;
            let mut index = 0;
            slice.histograms.retain(|histogram| {
                index += 1;
                index <= from_histogram || last.replace(histogram.time) != Some(histogram.time)
            });
            slice.series.push(Entry {
                labels: group[0].labels,
                samples: (from_sample, sorted_samples.len()),
                histograms: (from_histogram, slice.histograms.len()),
            });
        }
        (slice.labels, slice.samples) = (labels, sorted_samples);
        slice
    }
}

/// Sorts samples by time and moves one of each time to the front; gives how many those are.
fn keep_one_each(samples: &mut [Sample]) -> usize {
    if !samples.is_sorted_by(|one, other| one.time < other.time) {
        samples.sort_by(|one, other| {
            one.time.cmp(&other.time).then(other.value.total_cmp(&one.value))
        });
    }
    let mut kept = 0;
    for index in 0..samples.len() {
        if kept == 0 || samples[kept - 1].time != samples[index].time {
            samples[kept] = samples[index];
            kept += 1;
        }
    }
    kept
}
