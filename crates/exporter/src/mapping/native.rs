//! Native histograms: buckets that grow by a constant factor, or with bounds of their own.

use ktel_otlp::{Buckets, ExponentialHistogramDataPoint};

use super::difference::{Cumulative, Difference};
use super::family::Form;
use super::histogram::Counted;
use super::tally::MappingDrop;
use crate::limits::NATIVE_BUCKETS_MAX;
use crate::slice::{NativeHistogram, STALE_NAN_BITS, Span};

/// The schema of custom bounds.
const CUSTOM: i32 = -53;

/// Says which form a histogram has in OTLP; none if it has no place there.
pub(super) fn form(histogram: &NativeHistogram) -> Option<Form> {
    match histogram {
        NativeHistogram { is_gauge: true, .. } | NativeHistogram { is_float: true, .. } => None,
        NativeHistogram { schema: CUSTOM, .. } => Some(Form::Custom),
        NativeHistogram { schema: -4..=8, .. } => Some(Form::Exponential),
        _ => None,
    }
}

/// What a histogram with exponential buckets says at a moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct NativeCounted {
    schema: i32,
    count: u64,
    sum: f64,
    zero_threshold: f64,
    zero_count: u64,
    /// The buckets that are not empty; a number is that of the upper bound.
    positive: Vec<(i32, u64)>,
    negative: Vec<(i32, u64)>,
    is_stale: bool,
}

impl NativeCounted {
    pub(super) fn read(&mut self, of: &NativeHistogram) -> Result<(), MappingDrop> {
        let NativeHistogram { schema, sum, zero_threshold, .. } = *of;
        *self = Self { schema, sum, zero_threshold, ..Self::default() };
        self.is_stale = sum.to_bits() == STALE_NAN_BITS;
        if self.is_stale {
            self.sum = 0.0;
            return Ok(());
        }
        self.zero_count = of.zero_count;
        // The last bucket that a number of 64 bits can fall into; infinity is beyond.
        let last = if schema < 0 { 1024 >> -schema } else { 1024 << schema };
        self.positive = buckets(&of.positive_spans, &of.positive, last)?;
        self.negative = buckets(&of.negative_spans, &of.negative, last)?;
        let mut all = [&self.positive, &self.negative].into_iter().flatten();
        let count = all.try_fold(of.zero_count, |sum, (_, count)| sum.checked_add(*count));
        self.count = count.ok_or(MappingDrop::BadCounts)?;
        Ok(())
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<(i32, u64)>() * (self.positive.len() + self.negative.len())
    }

    /// Gives a data point without times and attributes; the counts of all buckets are put into the two buffers.
    pub(super) fn point<'b>(
        &self,
        positive: &'b mut Vec<u64>,
        negative: &'b mut Vec<u64>,
    ) -> Result<ExponentialHistogramDataPoint<'b>, MappingDrop> {
        Ok(ExponentialHistogramDataPoint {
            count: self.count,
            sum: Some(self.sum),
            scale: self.schema,
            zero_count: self.zero_count,
            zero_threshold: self.zero_threshold,
            positive: dense(&self.positive, positive)?,
            negative: dense(&self.negative, negative)?,
            ..ExponentialHistogramDataPoint::default()
        })
    }
}

/// Gives the buckets that are not empty.
fn buckets(spans: &[Span], counts: &[u64], last: i32) -> Result<Vec<(i32, u64)>, MappingDrop> {
    let mut buckets = Vec::with_capacity(counts.len());
    let mut counts = counts.iter();
    let mut next = 0_i32;
    for span in spans {
        next = next.checked_add(span.offset).ok_or(MappingDrop::BadCounts)?;
        for _ in 0..span.length {
            let &count = counts.next().ok_or(MappingDrop::BadCounts)?;
            if count > 0 && next <= last {
                buckets.push((next, count));
            }
            next = next.checked_add(1).ok_or(MappingDrop::BadCounts)?;
        }
    }
    let is_whole = counts.next().is_none() && buckets.is_sorted_by(|one, other| one.0 < other.0);
    if is_whole { Ok(buckets) } else { Err(MappingDrop::BadCounts) }
}

/// Writes out the empty buckets between others. OTLP numbers buckets by their lower bound: one less.
fn dense<'b>(
    buckets: &[(i32, u64)],
    counts: &'b mut Vec<u64>,
) -> Result<Option<Buckets<'b>>, MappingDrop> {
    counts.clear();
    let (Some(&(first, _)), Some(&(last, _))) = (buckets.first(), buckets.last()) else {
        return Ok(None);
    };
    let length = last.abs_diff(first) as usize + 1;
    if length > NATIVE_BUCKETS_MAX {
        return Err(MappingDrop::TooLong);
    }
    counts.resize(length, 0);
    for &(index, count) in buckets {
        if let Some(bucket) = counts.get_mut(index.abs_diff(first) as usize) {
            *bucket = count;
        }
    }
    let offset = first.checked_sub(1).ok_or(MappingDrop::BadCounts)?;
    Ok(Some(Buckets { offset, bucket_counts: counts.as_slice().into() }))
}

impl Counted {
    /// Reads a histogram with bounds of its own.
    pub(super) fn read_custom(&mut self, of: &NativeHistogram) -> Result<(), MappingDrop> {
        *self = Self { bounds: of.custom_bounds.clone(), ..Self::default() };
        self.is_stale = of.sum.to_bits() == STALE_NAN_BITS;
        self.bounds.pop_if(|last| *last == f64::INFINITY);
        self.counts = vec![0; self.bounds.len() + 1];
        self.sum = Some(if self.is_stale { 0.0 } else { of.sum });
        let last = i32::try_from(self.bounds.len()).map_err(|_| MappingDrop::TooLong)?;
        if self.is_stale {
            return Ok(());
        }
        for (index, count) in buckets(&of.positive_spans, &of.positive, last)? {
            let bucket = usize::try_from(index).ok().and_then(|index| self.counts.get_mut(index));
            *bucket.ok_or(MappingDrop::BadCounts)? = count;
            self.count = self.count.checked_add(count).ok_or(MappingDrop::BadCounts)?;
        }
        let is_sorted = self.bounds.is_sorted_by(|one, other| one < other);
        if is_sorted { Ok(()) } else { Err(MappingDrop::BadCounts) }
    }
}

impl Cumulative for NativeCounted {
    fn is_stale(&self) -> bool {
        self.is_stale
    }

    fn since(&self, before: &Self) -> Difference<Self> {
        let Some(count) = self.count.checked_sub(before.count) else { return Difference::Reset };
        if (self.schema, self.zero_threshold.to_bits())
            != (before.schema, before.zero_threshold.to_bits())
        {
            return Difference::None;
        }
        let difference = || {
            Some(Self {
                count,
                sum: self.sum - before.sum,
                zero_count: self.zero_count.checked_sub(before.zero_count)?,
                positive: less(&self.positive, &before.positive)?,
                negative: less(&self.negative, &before.negative)?,
                ..*self
            })
        };
        difference().map_or(Difference::Reset, Difference::Of)
    }
}

/// Takes counts away; none if one would be negative.
fn less(now: &[(i32, u64)], before: &[(i32, u64)]) -> Option<Vec<(i32, u64)>> {
    let mut before = before.iter().peekable();
    let mut left = Vec::with_capacity(now.len());
    for &(index, count) in now {
        let taken = before.next_if(|other| other.0 == index).map_or(0, |other| other.1);
        let count = count.checked_sub(taken)?;
        if count > 0 {
            left.push((index, count));
        }
    }
    before.next().is_none().then_some(left)
}
