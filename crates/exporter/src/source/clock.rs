//! The store's clock, as far as the dates of its answers tell. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{DATE, HeaderMap};
use tokio::time::Instant;

use crate::time::Millis;

/// A date is cut to a second, so the clock of its server is up to this much further.
const STEP: Duration = Duration::from_secs(1);

/// A clock that is never ahead of the store's, and at most a second and one exchange behind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    known: Option<Known>,
}

/// It was at least so late at that moment.
#[derive(Debug, Clone, Copy)]
struct Known {
    at: Instant,
    time: Millis,
    /// When a date confirmed it last.
    confirmed: Instant,
}

impl Clock {
    /// Takes the date of an answer to a request that was sent and answered at these moments.
    pub(super) fn note(&mut self, sent: Instant, received: Instant, date: SystemTime) {
        // Dates before 1970 come from a clock that was never set.
        let Ok(since_epoch) = date.duration_since(UNIX_EPOCH) else { return };
        let least = Millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX));
        // The server wrote the date after the request was sent.
        let most = least + STEP + received.duration_since(sent);
        let expected = self.known.map(|known| known.time + received.duration_since(known.at));
        self.known = Some(match (self.known, expected) {
            (Some(known), Some(time)) if least <= time && time <= most => {
                Known { confirmed: received, ..known }
            }
            // The first, a better one, or the store's clock was set back.
            _ => Known { at: received, time: least, confirmed: received },
        });
    }

    /// Gives the time at a moment, if a date confirmed it no longer ago than this.
    pub(super) fn at(&self, moment: Instant, age_max: Duration) -> Option<Millis> {
        let known = self.known?;
        let age = moment.duration_since(known.confirmed);
        (age <= age_max).then(|| known.time + moment.duration_since(known.at))
    }
}

/// Gives the date of an answer; none if it has none that can be read.
pub(super) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    let date = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(date).ok()
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use crate::time::Millis;
    use proptest::prelude::proptest;
    use std::time::{Duration, UNIX_EPOCH};
    use tokio::time::Instant;

    const LONG: Duration = Duration::from_secs(1_000_000);

    proptest! {
        #[test]
        fn the_clock_is_never_ahead_and_hardly_behind(
            exchanges in proptest::collection::vec((0..5_000_u64, 0..50_u64, 0..50_u64), 1..30),
        ) {
            let begin = Instant::now();
            let mut clock = Clock::default();
            let mut now = 1_700_000_000_000_u64;
            let first = now;
            let local = |now: u64| begin + Duration::from_millis(now - first);
            for (pause, there, back) in exchanges {
                now += pause;
                let sent = local(now);
                let date = UNIX_EPOCH + Duration::from_secs((now + there) / 1000);
                now += there + back;
                clock.note(sent, local(now), date);
                let time = clock.at(local(now), LONG).unwrap().0;
                let truth = i64::try_from(now).unwrap();
                assert!(time <= truth, "{time} is ahead of {truth}");
                assert!(truth - time <= 1_100, "{time} is behind {truth}");
            }
        }
    }

    #[test]
    fn a_clock_that_is_set_back_is_believed_and_an_old_one_is_not() {
        let mut clock = Clock::default();
        let now = Instant::now();
        assert_eq!(clock.at(now, LONG), None);
        clock.note(now, now, UNIX_EPOCH + Duration::from_secs(1000));
        clock.note(now, now, UNIX_EPOCH + Duration::from_secs(500));
        assert_eq!(clock.at(now + Duration::from_secs(1), LONG), Some(Millis(501_000)));
        assert_eq!(clock.at(now + Duration::from_secs(9), Duration::from_secs(5)), None);
    }
}
