//! What decides how a slice is encoded.

use crate::plan::{Accepts, BatchPlan, SinkPlan, Temporality};

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

impl Shape {
    /// Gives the shape of what a sink is sent.
    #[must_use]
    pub const fn of(sink: &SinkPlan) -> Self {
        Self { batch: sink.batch, temporality: sink.temporality, accepts: sink.accepts }
    }
}
