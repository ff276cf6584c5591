//! Makes OTLP of a [slice](crate::slice): kinds, families, resources, batches. Pure.

use std::collections::BTreeMap;

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
    /// Samples that were mapped.
    pub samples: u64,
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
}

/// State that differences need from one window to the next. It can be rebuilt from the store.
#[derive(Debug, Clone, Default)]
pub struct DeltaState {}

/// Encodes a slice. Batches are numbered from `first` on; they are given to `take` as soon as they are full.
#[expect(unused_variables, reason = "the seam; its body follows")]
pub fn encode(
    slice: &Slice,
    window: Window,
    metadata: &Metadata,
    shape: &Shape,
    state: &mut DeltaState,
    first: u32,
    take: &mut dyn FnMut(Batch),
) -> Tally {
    unimplemented!()
}

/// Cuts a batch into two with about as many points each; none if it has a single point.
#[must_use]
#[expect(unused_variables, reason = "the seam; its body follows")]
pub fn split(batch: &Batch) -> Option<(Batch, Batch)> {
    unimplemented!()
}
