//! Collects the series of a slice, then sorts them.

use super::order;
use super::series::{Entry, NativeHistogram, Sample, Series, Slice};
use super::text::{METRIC_NAME, put, take};

/// What counts for a piece of a series beside its labels: its entry, and half of what it is sorted by.
const PIECE_BYTES: usize = 2 * size_of::<Entry>();

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
    /// How much there was before it.
    labels: usize,
    samples: usize,
    histograms: usize,
    bucket_bytes: usize,
    /// Where the last label's name is in the labels of the slice: as long as labels come in order, with the metric's name
    /// first, they are written there at once.
    last: Option<(usize, usize)>,
    /// Labels that came in another order, to be sorted.
    unsorted: Option<Unsorted>,
}

/// Labels in any order.
#[derive(Debug, Default)]
struct Unsorted {
    name: String,
    pairs: Vec<(String, String)>,
}

impl SliceBuilder {
    /// Begins a slice.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how much memory it takes, for the one who bounds it. What [`finish`](Self::finish) needs beside that is at most
    /// twice as much: a copy of the samples, and less than four entries for each piece.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.labels.len()
            + self.pieces.len() * PIECE_BYTES
            + self.samples.len() * size_of::<Sample>()
            + self.histograms.len() * size_of::<NativeHistogram>()
            + self.bucket_bytes
    }

    /// Gives the series that came until now, without their samples.
    pub fn series(&self) -> impl ExactSizeIterator<Item = Series<'_>> {
        self.pieces.iter().map(|piece| Series {
            labels: self.labels.get(piece.labels.0..piece.labels.1).unwrap_or_default(),
            samples: &[],
            histograms: &[],
        })
    }

    /// Begins a series, or another piece of one.
    pub fn begin(&mut self) {
        self.open = Open {
            labels: self.labels.len(),
            samples: self.samples.len(),
            histograms: self.histograms.len(),
            bucket_bytes: self.bucket_bytes,
            last: None,
            unsorted: None,
        };
    }

    /// Adds a label to it, in any order. An empty value is no label.
    pub fn label(&mut self, name: &str, value: &str) {
        if self.open.unsorted.is_none() && self.put_in_order(name, value) {
            return;
        }
        let (labels, start) = (&mut self.labels, self.open.labels);
        let unsorted = self.open.unsorted.get_or_insert_with(|| {
            let written = Unsorted::read(labels.get(start..).unwrap_or_default());
            labels.truncate(start);
            written
        });
        if name == METRIC_NAME {
            value.clone_into(&mut unsorted.name);
        } else if !value.is_empty() {
            unsorted.pairs.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Writes a label that is next in order; says whether it is.
    fn put_in_order(&mut self, name: &str, value: &str) -> bool {
        let Self { labels, open, .. } = self;
        let is_first = labels.len() == open.labels;
        if name == METRIC_NAME {
            if is_first {
                put(labels, value);
            }
            return is_first;
        }
        if value.is_empty() {
            return true;
        }
        let before = open.last.and_then(|(start, end)| labels.get(start..end));
        if before.is_some_and(|before| before >= name) {
            return false;
        }
        if is_first {
            put(labels, ""); // it has no name, or a late one
        }
        put(labels, name);
        open.last = Some((labels.len() - name.len(), labels.len()));
        put(labels, value);
        true
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
        if let Some(unsorted) = open.unsorted.take() {
            unsorted.write(labels);
        } else if labels.len() == open.labels {
            put(labels, "");
        }
        pieces.push(Entry {
            labels: (open.labels, labels.len()),
            samples: (open.samples, samples.len()),
            histograms: (open.histograms, histograms.len()),
        });
    }

    /// Drops what was begun and not ended.
    pub fn cancel(&mut self) {
        self.labels.truncate(self.open.labels);
        self.samples.truncate(self.open.samples);
        self.histograms.truncate(self.open.histograms);
        self.bucket_bytes = self.open.bucket_bytes;
    }

    /// Sorts the series by name and labels, joins their pieces, sorts their samples by time, and keeps one of those with
    /// the same time: the one with the largest value, as the store would.
    #[must_use]
    pub fn finish(self) -> Slice {
        let Self { mut labels, mut pieces, mut samples, histograms, .. } = self;
        // What grew may be half empty, and the sorted copy comes beside it.
        labels.shrink_to_fit();
        pieces.shrink_to_fit();
        samples.shrink_to_fit();
        let key = |entry: &Entry| {
            labels.as_bytes().get(entry.labels.0..entry.labels.1).unwrap_or_default()
        };
        let pieces = order::sorted(&pieces, key);
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

impl Unsorted {
    /// Reads labels that are written already.
    fn read(written: &str) -> Self {
        let mut unsorted = Self::default();
        let Some((name, mut rest)) = take(written) else { return unsorted };
        name.clone_into(&mut unsorted.name);
        while let Some((name, after)) = take(rest)
            && let Some((value, after)) = take(after)
        {
            unsorted.pairs.push((name.to_owned(), value.to_owned()));
            rest = after;
        }
        unsorted
    }

    fn write(mut self, labels: &mut String) {
        self.pairs.sort_by(|one, other| one.0.cmp(&other.0));
        put(labels, &self.name);
        for (name, value) in &self.pairs {
            put(labels, name);
            put(labels, value);
        }
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
