//! What is stored: a record of one delivery, and a row for each of its sections.

use std::sync::Arc;

use jiff::civil::Date;

use crate::cell::{Cell, Item};
use crate::layout::Table;
use crate::limits::{DAYS_AHEAD_MAX, DAYS_BACK_MAX, ID_BYTES_MAX};
use crate::tally::Tally;

/// One report or one batch of events. It is stored completely or not at all, and only once.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Identifies a repeated record.
    pub key: RecordKey,
    /// The day on which it was received; no finer time is stored.
    pub received: Date,
    /// The product, if the report or its token names one.
    pub product: Option<String>,
    /// How it was received.
    pub source: Source,
    /// Whether its sender authenticated with a token that is a secret.
    pub authenticated: bool,
    /// The group of its token ([`TokenRecord::group`](crate::token::TokenRecord::group)); 0 without one.
    pub token_group: u8,
    /// Its rows.
    pub sections: Vec<Section>,
    /// The counts that it adds.
    pub tally: Tally,
}

/// Identifies a record. The day is a part of it, so that rows of one month share a partition and a late
/// retry is still recognized.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordKey {
    /// The day of the record.
    pub day: Date,
    /// Random, or chosen by the sender.
    pub id: String,
}

/// How a record was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// `/v1/reports`.
    Report,
    /// `/v1/events`.
    Events,
    /// Splunk's collector.
    Collector,
    /// The routes of Kamaji's own receiver.
    Kamaji,
    /// A line over TCP, TLS or UDP.
    Line,
    /// OTLP.
    Otlp,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 6] =
        [Self::Report, Self::Events, Self::Collector, Self::Kamaji, Self::Line, Self::Otlp];

    /// The name that is stored.
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
    /// The table.
    pub table: Arc<Table>,
    /// One value per column.
    pub cells: Vec<Option<Cell>>,
    /// The words of lists and maps.
    pub items: Vec<Item>,
}

impl RecordKey {
    /// Creates a key, if the day is plausible and the id is valid.
    #[must_use]
    pub fn new(day: Date, id: &str, today: Date) -> Option<Self> {
        (is_believable(day, today) && is_id(id)).then(|| Self { day, id: id.to_owned() })
    }

    /// Moves the key into the namespace of unauthenticated records, so that they cannot take the place of
    /// authenticated ones.
    #[must_use]
    pub fn unsigned(self) -> Self {
        let Self { day, id } = self;
        Self { day, id: format!("{UNSIGNED}{id}") }
    }
}

/// Whether a record may have this day.
#[must_use]
pub fn is_believable(day: Date, today: Date) -> bool {
    (-DAYS_BACK_MAX..=DAYS_AHEAD_MAX).contains(&(day_number(day) - day_number(today)))
}

/// The prefix of the ids of unauthenticated records, reserved for them.
const UNSIGNED: &str = "unsigned-";

/// Whether a text is a valid id of a report.
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

/// The date of a number of days since 1970.
#[must_use]
pub fn date_of(number: i32) -> Date {
    let days = jiff::Span::new().try_days(number).unwrap_or_default();
    // A number beyond the calendar was not written by this program.
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
