//! Classic histograms: buckets, a sum and a count become one data point.

use super::difference::{Cumulative, Difference};
use super::family::Part;
use super::row::Row;
use super::tally::MappingDrop;

/// What a histogram says at a moment, since its start.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Counted {
    pub(super) bounds: Vec<f64>,
    /// One more than there are bounds, or none.
    pub(super) counts: Vec<u64>,
    pub(super) count: u64,
    pub(super) sum: Option<f64>,
    pub(super) is_stale: bool,
    /// Whether buckets without counts are omitted by the source.
    pub(super) is_ranges: bool,
}

/// Why rows have no place in a data point, and how many.
pub(super) type Left = (MappingDrop, usize);

impl Counted {
    /// Takes what the series of a histogram say; the bounds of ranges are given. Gives what is omitted: all rows if it is
    /// no histogram, or some.
    pub(super) fn read(
        &mut self,
        rows: &[Row],
        ladder: &[f64],
    ) -> Result<Option<Left>, MappingDrop> {
        self.bounds.clear();
        self.counts.clear();
        self.sum = None;
        self.is_ranges = !ladder.is_empty();
        let count = rows.iter().find(|row| row.part == Part::Count).ok_or(MappingDrop::NoCount)?;
        let is_stale = count.sample.is_stale();
        self.is_stale = is_stale;
        let is_same = |row: &&Row| row.sample.is_stale() == is_stale;
        let left = rows.iter().filter(|row| !is_same(row)).count();
        let sum = rows.iter().filter(is_same).find(|row| row.part == Part::Sum);
        let buckets = || rows.iter().filter(is_same).filter(|row| row.part == Part::Bound);
        if self.is_stale {
            self.end(sum.is_some(), buckets());
        } else {
            self.sum = sum.map(|row| row.sample.value);
            self.count = whole(count.sample.value).ok_or(MappingDrop::BadCounts)?;
            if buckets().any(|row| row.bound.lower.is_some()) {
                self.ranges(buckets(), ladder)?;
            } else {
                self.up_to(buckets())?;
            }
        }
        Ok((left > 0).then_some((MappingDrop::PartEnded, left)))
    }

    /// Says that the series ended: with the bounds, so that a receiver that keeps buckets as series ends each of them.
    fn end<'r>(&mut self, has_sum: bool, buckets: impl Iterator<Item = &'r Row>) {
        self.count = 0;
        self.sum = has_sum.then_some(0.0);
        let mut has_buckets = false;
        for row in buckets {
            has_buckets = true;
            self.push_bound(row.bound.upper);
        }
        self.bounds.dedup();
        self.counts.resize(if has_buckets { self.bounds.len() + 1 } else { 0 }, 0);
    }

    /// Reads buckets that count all up to their bound.
    fn up_to<'r>(&mut self, buckets: impl Iterator<Item = &'r Row>) -> Result<(), MappingDrop> {
        let (mut before, mut last, mut total) = (0, None, None);
        for row in buckets {
            let cumulative = whole(row.sample.value).ok_or(MappingDrop::BadCounts)?;
            let count = cumulative.checked_sub(before).ok_or(MappingDrop::BadCounts)?;
            let upper = row.bound.upper;
            if last.replace(upper) == Some(upper) {
                return Err(MappingDrop::BadCounts); // `1` and `1.0` at the same time
            }
            if self.push_bound(upper) {
                self.counts.push(count);
                before = cumulative;
            } else {
                total = Some(cumulative);
            }
        }
        if total.is_some_and(|total| total != self.count) {
            return Err(MappingDrop::BadCounts);
        }
        if last.is_some() {
            self.counts.push(self.count.checked_sub(before).ok_or(MappingDrop::BadCounts)?);
        }
        Ok(())
    }

    /// Reads buckets that count a range.
    fn ranges<'r>(
        &mut self,
        buckets: impl Iterator<Item = &'r Row>,
        ladder: &[f64],
    ) -> Result<(), MappingDrop> {
        // One bucket up to each bound, and one beyond the last.
        self.counts.resize(ladder.len() + 1, 0);
        let mut total = 0_u64;
        for row in buckets {
            let count = whole(row.sample.value).ok_or(MappingDrop::BadCounts)?;
            let at = ladder.binary_search_by(|bound| bound.total_cmp(&row.bound.upper));
            let at = at.map_err(|_| MappingDrop::BadCounts)?;
            let lower = at.checked_sub(1).and_then(|before| ladder.get(before)).copied();
            let bucket = self.counts.get_mut(at).ok_or(MappingDrop::BadCounts)?;
            if lower != row.bound.lower || *bucket > 0 {
                return Err(MappingDrop::BadCounts); // ranges overlap, or `le` is among them
            }
            *bucket = count;
            total = total.checked_add(count).ok_or(MappingDrop::BadCounts)?;
        }
        self.bounds.extend_from_slice(ladder);
        if self.bounds.pop_if(|last| *last == f64::INFINITY).is_some() {
            self.counts.pop(); // there is nothing beyond
        }
        if total == self.count { Ok(()) } else { Err(MappingDrop::BadCounts) }
    }

    /// Adds a bound; says whether it is one in OTLP, where the last bucket has none.
    fn push_bound(&mut self, upper: f64) -> bool {
        let is_bound = upper != f64::INFINITY;
        if is_bound {
            self.bounds.push(upper);
        }
        is_bound
    }
}

impl Cumulative for Counted {
    fn is_stale(&self) -> bool {
        self.is_stale
    }

    fn since(&self, before: &Self) -> Difference<Self> {
        let Some(count) = self.count.checked_sub(before.count) else { return Difference::Reset };
        let mut difference = Self { count, ..self.clone() };
        difference.sum = self.sum.zip(before.sum).map(|(now, before)| now - before);
        let same_bounds = self.bounds == before.bounds && self.counts.len() == before.counts.len();
        // Of ranges, those are known that have counts. Of other buckets that are new, it is not known how much of their
        // count came since; count and sum go on without them.
        if !same_bounds && !self.is_ranges {
            difference.bounds.clear();
            difference.counts.clear();
            return Difference::Of(difference);
        }
        for (place, &count) in before.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let at = match before.bounds.get(place) {
                Some(bound) => self.bounds.iter().position(|other| other == bound),
                None => Some(self.bounds.len()),
            };
            let bucket = at.and_then(|at| difference.counts.get_mut(at));
            match bucket.map(|bucket| (bucket.checked_sub(count), bucket)) {
                Some((Some(rest), bucket)) => *bucket = rest,
                _ => return Difference::Reset,
            }
        }
        Difference::Of(difference)
    }
}

/// Gives a count, if it is one: counts are whole numbers.
pub(super) fn whole(value: f64) -> Option<u64> {
    const BEYOND: f64 = 18_446_744_073_709_551_616.0; // two to the power of 64
    let is_whole = value.is_sign_positive() && value < BEYOND && value.trunc() == value;
    is_whole.then_some(value as u64)
}
