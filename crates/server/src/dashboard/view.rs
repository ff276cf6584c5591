//! What a dashboard shows.

use super::period::Period;
use crate::anonymity::Population;

/// The filters of a dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Whose reports.
    pub population: Population,
    /// One product; all of them if `None`.
    pub product: Option<String>,
    /// One version; all of them if `None`. Published numbers are not divided by version.
    pub version: Option<String>,
    /// The weeks.
    pub period: Period,
    /// The minimum number of senders of a group, of which numbers are multiples; 1 for an administrator.
    pub min_group_size: i64,
}
