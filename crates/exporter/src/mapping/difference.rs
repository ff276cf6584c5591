//! Differences of what counts since a start.

use crate::slice::STALE_NAN_BITS;

/// What is sent of counts, given those before.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Difference<T> {
    /// The difference.
    Of(T),
    /// All of it: the count began anew after the sample before.
    Reset,
    /// Nothing: the buckets are other ones, and the count went on.
    None,
}

/// What counts since a start.
pub(super) trait Cumulative: Clone {
    /// Whether the series ended.
    fn is_stale(&self) -> bool;

    /// Gives the difference to what was said before.
    fn since(&self, before: &Self) -> Difference<Self>;
}

impl Cumulative for f64 {
    fn is_stale(&self) -> bool {
        self.to_bits() == STALE_NAN_BITS
    }

    /// As in Prometheus, a counter that is lower than before began anew.
    fn since(&self, before: &Self) -> Difference<Self> {
        if self < before { Difference::Reset } else { Difference::Of(self - before) }
    }
}
