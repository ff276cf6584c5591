//! What the series of a histogram or summary say at one time.

use super::bound::Bound;
use super::family::Part;
use crate::slice::Sample;

/// What one series says at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) part: Part,
    /// The bounds of a bucket; of a quantile, it is the upper one.
    pub(super) bound: Bound,
    pub(super) sample: Sample,
}
