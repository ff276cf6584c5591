//! What is stored: a record of one delivery, and a row for each of its sections.

use std::sync::Arc;

use jiff::civil::Date;

use crate::cell::{Cell, Item};
use crate::layout::Table;
use crate::limits::{DAYS_AHEAD_MAX, DAYS_BACK_MAX, ID_BYTES_MAX};
use crate::tally::Tally;

/// One report, or one batch of events: it is stored whole or not at all, and once.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What tells a repetition.
    pub key: RecordKey,
    /// The day on which it came; no finer time is kept.
    pub received: Date,
    /// Which product it speaks for, where somebody said so.
    pub product: Option<String>,
    /// The way it came.
    pub source: Source,
    /// Whether its sender showed a token.
    pub authenticated: bool,
    /// Its rows.
    pub sections: Vec<Section>,
    /// What it adds to the counts that charts are drawn from.
    pub tally: Tally,
}

/// What tells a repetition: the day stands in it, so that a month's rows can be kept together and
/// a retry much later is still known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordKey {
    /// The day.
    pub day: Date,
    /// Random, or the sender's own.
    pub id: String,
}

/// The way a record came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// `/v1/reports`.
    Report,
    /// `/v1/events`.
    Events,
    /// Splunk's collector.
    Collector,
    /// The ancestor's routes.
    Kamaji,
    /// A line over TCP, TLS or UDP.
    Line,
    /// OTLP.
    Otlp,
}

impl Source {
    /// Every way.
    pub const ALL: [Self; 6] =
        [Self::Report, Self::Events, Self::Collector, Self::Kamaji, Self::Line, Self::Otlp];

    /// Gives the word that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Events => "events",
            Self::Collector => "collector",
            Self::Kamaji => "kamaji",
            Self::Line => "line",
            Self::Otlp => "otlp",
        }
    }
}

/// One row of a schema's table.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Whose.
    pub table: Arc<Table>,
    /// One per column.
    pub cells: Vec<Option<Cell>>,
    /// The words of lists and maps.
    pub items: Vec<Item>,
}

impl RecordKey {
    /// Makes a key, if the day is believable and the id could be one.
    #[must_use]
    pub fn new(day: Date, id: &str, today: Date) -> Option<Self> {
        (is_believable(day, today) && is_id(id)).then(|| Self { day, id: id.to_owned() })
    }

    /// Puts it where no sender with a token has its keys, so that nobody's record can take the
    /// place of somebody's.
    #[must_use]
    pub fn unsigned(self) -> Self {
        let Self { day, id } = self;
        Self { day, id: format!("{UNSIGNED}{id}") }
    }
}

/// Tells whether a record can be of this day.
#[must_use]
pub fn is_believable(day: Date, today: Date) -> bool {
    (-DAYS_BACK_MAX..=DAYS_AHEAD_MAX).contains(&(day_number(day) - day_number(today)))
}

/// What the ids of records without a token begin with, and no other.
const UNSIGNED: &str = "unsigned-";

/// Tells whether a text could be the id of a report.
#[must_use]
pub fn is_id(id: &str) -> bool {
    let letter = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    (16..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(letter) && !id.starts_with(UNSIGNED)
}

/// Counts the days since 1970.
#[must_use]
pub fn day_number(day: Date) -> i32 {
    let days = day.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
    i32::try_from(days).expect("the days of 20 000 years fit")
}

/// Gives the day that is so many days after the first of 1970.
#[must_use]
pub fn date_of(number: i32) -> Date {
    let days = jiff::Span::new().try_days(number).unwrap_or_default();
    // Beyond the calendar there are no records.
    Date::constant(1970, 1, 1).checked_add(days).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{RecordKey, day_number, is_id};

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(day_number(date(1970, 1, 1)), 0);
        assert_eq!(day_number(date(1969, 12, 31)), -1);
        assert_eq!(day_number(date(2026, 11, 21)), 20_778);
        assert_eq!(super::date_of(20_778), date(2026, 11, 21));
    }

    #[test]
    fn a_key_has_a_believable_day() {
        let today = date(2026, 11, 21);
        for (day, expected) in [
            (date(2026, 11, 21), true),
            (date(2026, 11, 22), true),
            (date(2026, 11, 23), false),
            (date(2025, 10, 17), true),
            (date(2025, 10, 16), false),
            (date(9999, 12, 31), false),
            (date(-9999, 1, 1), false),
        ] {
            assert_eq!(RecordKey::new(day, "0123456789abcdef", today).is_some(), expected, "{day}");
        }
    }

    #[test]
    fn an_id_is_long_enough_to_be_random_and_short_enough_to_keep() {
        for (id, expected) in [
            ("56279633-3131-436b-b8f2-9008a49a2f12", true),
            ("0123456789abcde", false),
            ("0123456789abcdef", true),
            ("0123456789abcdef\0", false),
            ("0123456789 abcdef", false),
        ] {
            assert_eq!(is_id(id), expected, "{id}");
        }
        assert!(is_id(&"x".repeat(64)) && !is_id(&"x".repeat(65)));
    }
}
