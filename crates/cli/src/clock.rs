//! The only place that reads the clock, and throws the dice.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ktel_delivery::courier::Clock;

/// Gives the time.
#[expect(clippy::disallowed_methods, reason = "the binary reads the clock; libraries are told")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Gives the day, in UTC.
pub(crate) fn today() -> Date {
    now().to_zoned(TimeZone::UTC).date()
}

/// Gives the time since the epoch.
pub(crate) fn since_epoch() -> Duration {
    // A clock before 1970 is as good as one at it.
    Duration::try_from(now().as_duration()).unwrap_or_default()
}

/// Gives what a courier needs of the world.
pub(crate) fn clock() -> Clock {
    Clock {
        now: since_epoch,
        jitter: || {
            // The keys of a hash map are seeded by the system's randomness.
            let dice = RandomState::new().build_hasher().finish();
            f64::from((dice >> 32) as u32) / f64::from(u32::MAX)
        },
    }
}
