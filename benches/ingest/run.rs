//! What one run of a receiver comes to.

use std::time::Duration;

use crate::load::Answered;

/// What came of a run.
pub(crate) struct Run {
    pub(crate) answered: Answered,
    /// How many reports the database holds in the end.
    pub(crate) there: usize,
    /// In how many rows it holds them.
    pub(crate) rows: usize,
    /// How long it took until they were there.
    pub(crate) took: Duration,
}

impl Run {
    pub(crate) fn rate(&self) -> f64 {
        self.there as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn rows_rate(&self) -> f64 {
        self.rows as f64 / self.took.as_secs_f64()
    }
}
