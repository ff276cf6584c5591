//! Who looks at what: written before anything is shown, and kept for a while.

use jiff::Timestamp;

/// How a minute is counted.
pub(crate) const MINUTES_OF_A_DAY: i64 = 24 * 60;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Groups, by SQL.
    Query,
    /// Single rows.
    Rows,
    /// Charts with groups of any size.
    Charts,
    /// Who looked.
    Audit,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Query, Self::Rows, Self::Charts, Self::Audit];

    /// Gives the word that is stored.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Rows => "rows",
            Self::Charts => "charts",
            Self::Audit => "audit",
        }
    }
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The minute, counted from 1970; no finer time is kept.
    pub minute: i64,
    /// The first digits of the token's hash, or a word for who needs none.
    pub who: String,
    /// What the token is good for.
    pub role: String,
    /// What is looked at.
    pub kind: String,
    /// The SQL, or the table, or the filter.
    pub asked: String,
    /// What for, if it was said.
    pub purpose: String,
    /// How many rows were given.
    pub answered: i64,
}

/// How often something was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// By holders of which tokens.
    pub role: String,
    /// What is looked at.
    pub kind: String,
    /// What for, if it was said.
    pub purpose: String,
    /// How often.
    pub times: i64,
    /// The last minute, counted from 1970.
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
    // What a database holds beyond the calendar, nobody wrote there.
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
