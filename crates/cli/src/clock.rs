//! The only place that reads the clock and takes random numbers.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ktel_delivery::courier::Clock;

/// Gives the time.
#[expect(
    clippy::disallowed_methods,
    reason = "the program reads the clock; libraries get the time as an argument"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Gives the day, in UTC.
pub(crate) fn today() -> Date {
    now().to_zoned(TimeZone::UTC).date()
}

/// Gives the time since the epoch.
pub(crate) fn since_epoch() -> Duration {
    // A clock before 1970 counts as 1970.
    Duration::try_from(now().as_duration()).unwrap_or_default()
}

/// Gives the clock and the jitter of a courier.
pub(crate) fn clock() -> Clock {
    Clock {
        now: since_epoch,
        jitter: || {
            // The keys of a hash map come from the random numbers of the system.
            let random = RandomState::new().build_hasher().finish();
            f64::from((random >> 32) as u32) / f64::from(u32::MAX)
        },
    }
}
