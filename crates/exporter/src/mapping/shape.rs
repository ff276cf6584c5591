//! What decides how a slice is encoded.

use crate::plan::{Accepts, BatchPlan, Temporality};

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
