//! The samples of a window, or of a part of it, between source and mapping.
//!
//! A source writes series as they come: in any order, in pieces, with duplicates. [`SliceBuilder::finish`] sorts them by
//! metric and labels, joins pieces, and removes duplicates, so that the same samples give the same bytes whenever they are
//! read. A slice is bounded by its reader; nothing here grows with the store.

mod builder;
mod order;
mod series;
mod text;

pub use builder::SliceBuilder;
pub(crate) use text::METRIC_NAME;

pub use series::{NativeHistogram, STALE_NAN_BITS, Sample, Series, Slice, Span};

#[cfg(test)]
mod tests;
