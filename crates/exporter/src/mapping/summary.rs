//! Summaries: quantiles, a sum and a count become one data point.

use ktel_otlp::ValueAtQuantile;

use super::family::Part;
use super::histogram::{Left, whole};
use super::row::Row;
use super::tally::MappingDrop;

/// What a summary says at a moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Summed {
    pub(super) quantiles: Vec<ValueAtQuantile>,
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) is_stale: bool,
}

impl Summed {
    /// Takes what the series of a summary say; gives what is omitted.
    pub(super) fn read(&mut self, rows: &[Row]) -> Result<Option<Left>, MappingDrop> {
        self.quantiles.clear();
        let count = rows.iter().find(|row| row.part == Part::Count).ok_or(MappingDrop::NoCount)?;
        let is_stale = count.sample.is_stale();
        self.is_stale = is_stale;
        let is_same = |row: &&Row| row.sample.is_stale() == is_stale;
        let mut left = rows.iter().filter(|row| !is_same(row)).count();
        // Where the series ended, there is no value.
        let value = |row: &Row| if self.is_stale { 0.0 } else { row.sample.value };
        self.count = whole(value(count)).ok_or(MappingDrop::BadCounts)?;
        let sum = rows.iter().filter(is_same).find(|row| row.part == Part::Sum);
        self.sum = sum.map_or(0.0, value);
        for row in rows.iter().filter(is_same).filter(|row| row.part == Part::Bound) {
            let quantile = row.bound.upper;
            if self.quantiles.last().is_some_and(|last| last.quantile == quantile) {
                left += 1; // `0.5` and `0.50` at the same time
            } else {
                self.quantiles.push(ValueAtQuantile { quantile, value: value(row) });
            }
        }
        Ok((left > 0).then_some((MappingDrop::PartEnded, left)))
    }
}
