//! How long to wait before the next try.

use std::time::Duration;

use crate::limits;

/// Gives a pause between zero and a bound that doubles with each failure, so that many clients of
/// one receiver do not come back together ("full jitter"). `jitter` is a random number from 0 to 1.
///
/// If the receiver names a time, the pause is at least that long, and the jitter comes on top.
#[must_use]
pub fn pause(failures: u32, asked: Option<Duration>, jitter: f64) -> Duration {
    let doubled = limits::BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(failures.min(16)));
    let random = doubled.min(limits::BACKOFF_MAX).mul_f64(jitter.clamp(0.0, 1.0));
    match asked {
        Some(asked) => asked.min(limits::RETRY_AFTER_MAX) + random.min(limits::BACKOFF_FIRST),
        None => random,
    }
}

#[cfg(test)]
mod tests {
    use super::pause;
    use crate::limits;
    use std::time::Duration;

    #[test]
    fn a_pause_doubles_to_its_limit_and_is_anywhere_below() {
        let table = [(0, 500), (1, 1000), (2, 2000), (6, 32_000), (7, 60_000), (u32::MAX, 60_000)];
        for (failures, longest_ms) in table {
            assert_eq!(pause(failures, None, 1.0), Duration::from_millis(longest_ms), "{failures}");
            assert_eq!(pause(failures, None, 0.5), Duration::from_millis(longest_ms / 2));
            assert_eq!(pause(failures, None, 0.0), Duration::ZERO);
        }
    }

    #[test]
    fn a_time_that_the_receiver_names_is_kept_up_to_a_limit() {
        let asked = Some(Duration::from_secs(7));
        for jitter in [0.0, 0.3, 1.0] {
            let pause = pause(9, asked, jitter);
            assert!(pause >= Duration::from_secs(7) && pause < Duration::from_secs(8), "{pause:?}");
        }
        let year = Some(Duration::from_secs(365 * 86_400));
        assert_eq!(pause(0, year, 0.0), limits::RETRY_AFTER_MAX);
    }
}
