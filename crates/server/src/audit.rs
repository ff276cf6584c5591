//! The audit log: entries are written before data is returned, and kept for a limited time.

use jiff::Timestamp;

/// Minutes of one day.
pub(crate) const MINUTES_OF_A_DAY: i64 = 24 * 60;

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    /// Groups, with SQL.
    Query,
    /// Single rows.
    Rows,
    /// Charts with groups of any size.
    Charts,
    /// The audit log itself.
    Audit,
}

impl AuditAction {
    /// Every action.
    pub const ALL: [Self; 4] = [Self::Query, Self::Rows, Self::Charts, Self::Audit];

    /// The name that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Rows => "rows",
            Self::Charts => "charts",
            Self::Audit => "audit",
        }
    }
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The minute, counted from 1970; no finer time is kept.
    pub minute: i64,
    /// The first digits of the token's hash, or `operator` for the command line.
    pub actor: String,
    /// The role of the token.
    pub role: String,
    /// What was read: an [`AuditAction`].
    pub action: String,
    /// The SQL, the table or the filter.
    pub request: String,
    /// The purpose, if one was given.
    pub purpose: String,
    /// How many rows were returned.
    pub rows: i64,
}

/// How often something was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSummary {
    /// The role of the tokens.
    pub role: String,
    /// What was read.
    pub action: String,
    /// The purpose, if one was given.
    pub purpose: String,
    /// The number of entries.
    pub count: i64,
    /// The minute of the last one, counted from 1970.
    pub last: i64,
}

/// Counts the minutes since 1970.
#[must_use]
pub fn minute(now: Timestamp) -> i64 {
    now.as_second().div_euclid(60)
}

/// Gives the moment at which a minute began.
#[must_use]
pub fn moment(minute: i64) -> Timestamp {
    // A value outside the calendar was not written by this program.
    Timestamp::from_second(minute.saturating_mul(60)).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::{minute, moment};

    #[test]
    fn a_minute_is_all_that_is_kept_of_the_time() {
        let now = "2026-11-21T10:00:59.5Z".parse().unwrap();
        assert_eq!(moment(minute(now)).to_string(), "2026-11-21T10:00:00Z");
    }
}
