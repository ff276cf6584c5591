//! Makes OTLP of a [slice](crate::slice): kinds, families, resources, batches. Pure.
//!
//! ```text
//! slice --index--> targets, scopes, families, and the series of each in order
//!                      |
//!        number, histogram, summary, native: data points of one metric
//!                      |
//!                   output: requests, cut by points and bytes --> batches
//! ```
//!
//! The same slice gives the same bytes. Every sample is in a data point, describes a resource, or is counted with the reason
//! why not.

mod assemble;
mod attributes;
mod bound;
mod delta;
mod family;
mod histogram;
mod histograms;
mod identity;
mod index;
mod native;
mod natives;
mod number;
mod output;
mod split;
mod summaries;
mod summary;
mod unit;
mod write;

use std::collections::BTreeMap;

use ktel_otlp::Attributes;

pub use self::delta::DeltaState;
use self::family::Families;
use self::index::index;
use self::output::Output;
pub use self::split::split;
use self::write::Writer;
use crate::batch::Batch;
use crate::plan::{Accepts, BatchPlan, Temporality};
use crate::slice::Slice;
use crate::source::Metadata;
use crate::time::Window;

/// What decides how the same slice is encoded. Sinks with equal shapes share their batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How points are put together.
    pub batch: BatchPlan,
    /// Since when values are counted.
    pub temporality: Temporality,
    /// What the receiver does not take.
    pub accepts: Accepts,
}

/// What was made of a slice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Samples that were mapped: each is in a data point, or describes a resource.
    pub samples: u64,
    /// Those of them that describe a resource. They are in no data point.
    pub described: u64,
    /// Those of them whose attributes had to be shortened.
    pub shortened: u64,
    /// Data points that came of them.
    pub points: u64,
    /// Samples that were left out, by reason.
    pub dropped: BTreeMap<MappingDrop, u64>,
}

/// Why a sample has no place in OTLP, or in what the receiver takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MappingDrop {
    /// A histogram or summary without `_count`.
    NoCount,
    /// Counts of a histogram that are no whole numbers, fall from one bucket to the next, or differ from `_count`; or, where
    /// only differences are sent, a counter that is no number.
    BadCounts,
    /// A part of a histogram or summary that ended, or did not, while the others did not, or did.
    PartEnded,
    /// A gauge histogram, or a native histogram of floats.
    NoSuchKind,
    /// A data point that is longer than a request may be.
    TooLong,
    /// The receiver takes no summaries.
    NoSummaries,
    /// The receiver keeps one point a second.
    SameSecond,
    /// The first sample of a series, where only differences are sent.
    NoStart,
    /// An older sample, where only differences are sent: what was sent covers it.
    Covered,
    /// OTLP cannot write its time: it is not after 1970, or beyond the year 2554.
    NoTime,
    /// The series has more attributes than the receiver takes.
    TooManyAttributes,
}

impl Tally {
    fn drop(&mut self, reason: MappingDrop, samples: usize) {
        if samples > 0 {
            *self.dropped.entry(reason).or_default() += samples as u64;
        }
    }

    fn describe(&mut self, samples: usize) {
        self.samples += samples as u64;
        self.described += samples as u64;
    }
}

/// Encodes a slice. Batches are numbered from `first` on; they are given to `take` as soon as they are full.
///
/// Where only differences are sent, `state` has what the windows before left; it may be encoded again until it is
/// [settled](DeltaState::settle), and gives the same each time.
pub fn encode(
    slice: &Slice,
    window: Window,
    metadata: &Metadata,
    shape: &Shape,
    state: &mut DeltaState,
    first: u32,
    take: &mut dyn FnMut(Batch),
) -> Tally {
    let mut tally = Tally::default();
    let index = index(slice, Families::new(metadata), &mut tally);
    let out = Output::new(shape, window, first, take);
    let attributes = Attributes::new();
    let mut writer = Writer { slice, index: &index, shape, window, state, out, tally, attributes };
    for (target, scope, items) in index.runs() {
        writer.write(target, scope, items);
    }
    writer.finish()
}

/// Rebuilds the state that differences need: of samples from before a cursor, which were sent. They have to reach back to the
/// last sample of each series that is to go on.
pub fn warm(
    slice: &Slice,
    window: Window,
    metadata: &Metadata,
    shape: &Shape,
    state: &mut DeltaState,
) {
    encode(slice, window, metadata, shape, state, 0, &mut |_| {});
    state.settle(window.end);
}
