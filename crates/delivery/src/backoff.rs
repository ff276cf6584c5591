//! How long to wait before the next try.

use std::time::Duration;

use crate::limits;

/// The pauses between tries: a bound that doubles with each failure, and a random time below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The bound after the first failure.
    pub first: Duration,
    /// The largest bound, unless the receiver asks for a longer pause.
    pub most: Duration,
    /// The longest pause that a receiver may ask for.
    pub asked_most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: limits::BACKOFF_FIRST,
            most: limits::BACKOFF_MAX,
            asked_most: limits::RETRY_AFTER_MAX,
        }
    }
}

impl Backoff {
    /// Gives a pause between zero and the bound, so that many clients of one receiver do not come
    /// back together ("full jitter"). `jitter` is a random number from 0 to 1.
    ///
    /// If the receiver names a time, the pause is at least that long, and the jitter comes on top.
    #[must_use]
    pub fn pause(&self, failures: u32, asked: Option<Duration>, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failures.min(16)));
        let random = doubled.min(self.most).mul_f64(jitter.clamp(0.0, 1.0));
        match asked {
            Some(asked) => asked.min(self.asked_most) + random.min(self.first),
            None => random,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;
    use std::time::Duration;

    #[test]
    fn a_pause_doubles_to_its_limit_and_is_anywhere_below() {
        let backoff = Backoff::default();
        let table = [(0, 500), (1, 1000), (2, 2000), (6, 32_000), (7, 60_000), (u32::MAX, 60_000)];
        for (failures, longest_ms) in table {
            let pause = |jitter| backoff.pause(failures, None, jitter);
            assert_eq!(pause(1.0), Duration::from_millis(longest_ms), "{failures}");
            assert_eq!(pause(0.5), Duration::from_millis(longest_ms / 2));
            assert_eq!(pause(0.0), Duration::ZERO);
        }
    }

    #[test]
    fn a_time_that_the_receiver_names_is_kept_up_to_a_limit() {
        let backoff = Backoff::default();
        let asked = Some(Duration::from_secs(7));
        for jitter in [0.0, 0.3, 1.0] {
            let pause = backoff.pause(9, asked, jitter);
            assert!(pause >= Duration::from_secs(7) && pause < Duration::from_secs(8), "{pause:?}");
        }
        let year = Some(Duration::from_secs(365 * 86_400));
        assert_eq!(backoff.pause(0, year, 0.0), backoff.asked_most);
    }

    #[test]
    fn the_bounds_are_the_callers() {
        let [first, most, asked_most] = [1, 3, 5].map(Duration::from_secs);
        let backoff = Backoff { first, most, asked_most };
        assert_eq!(
            [0, 1, 2, 30].map(|failures| backoff.pause(failures, None, 1.0).as_secs()),
            [1, 2, 3, 3]
        );
        assert_eq!(backoff.pause(0, Some(Duration::from_secs(60)), 1.0), asked_most + first);
    }
}
