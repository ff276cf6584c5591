//! How long to wait before the next try.

use std::time::Duration;

use crate::limits;

/// Gives a pause between nothing and the doubled one before, so that many clients of one receiver
/// do not come back together ("full jitter"); `luck` is between 0 and 1.
///
/// A receiver that names a time is not asked before it, and the jitter comes on top.
#[must_use]
pub fn pause(failures: u32, asked: Option<Duration>, luck: f64) -> Duration {
    let doubled = limits::BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(failures.min(16)));
    let jitter = doubled.min(limits::BACKOFF_MAX).mul_f64(luck.clamp(0.0, 1.0));
    match asked {
        Some(asked) => asked.min(limits::RETRY_AFTER_MAX) + jitter.min(limits::BACKOFF_FIRST),
        None => jitter,
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
    fn a_receiver_that_names_a_time_is_not_asked_before_it_nor_an_eternity_later() {
        let asked = Some(Duration::from_secs(7));
        for luck in [0.0, 0.3, 1.0] {
            let pause = pause(9, asked, luck);
            assert!(pause >= Duration::from_secs(7) && pause < Duration::from_secs(8), "{pause:?}");
        }
        let year = Some(Duration::from_secs(365 * 86_400));
        assert_eq!(pause(0, year, 0.0), limits::RETRY_AFTER_MAX);
    }
}
