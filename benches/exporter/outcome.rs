//! What a run of a contestant gave.

use std::time::Duration;

use crate::process::Used;
use crate::receiver::Arrived;

/// What a run gave.
pub(crate) struct Outcome {
    pub(crate) arrived: Arrived,
    pub(crate) expected: u64,
    pub(crate) used: Used,
    pub(crate) took: Duration,
}

impl Outcome {
    /// CPU seconds for a million points that arrived.
    pub(crate) fn cpu_a_million(&self) -> f64 {
        self.used.cpu.as_secs_f64() * 1e6 / self.arrived.points.max(1) as f64
    }

    pub(crate) fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.arrived.points)
    }
}
