//! The only place that reads the clock.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Gives the time.
#[expect(clippy::disallowed_methods, reason = "the binary reads the clock; libraries are told")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Gives the day, in UTC.
pub(crate) fn today() -> Date {
    now().to_zoned(TimeZone::UTC).date()
}
