//! A sink that cannot be sent to at the moment: how long the lane waits.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::RETRY_AFTER_MAX;
use crate::plan::RetryPlan;
use crate::report::LaneState;

/// Why and how long a lane waits.
#[derive(Debug)]
pub(super) struct Trouble {
    /// Since when.
    pub(super) began: Instant,
    /// Nothing is sent before.
    pub(super) until: Instant,
    /// The last request that counted was answered then; those that were sent before say nothing new.
    pub(super) counted: Instant,
    /// Requests that failed since it began, each after the pause of the one before.
    pub(super) failures: u32,
    pub(super) kind: Kind,
}

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Retrying,
    Exhausted,
    Held,
}

impl Trouble {
    pub(super) fn new(now: Instant, kind: Kind) -> Self {
        Self { began: now, until: now, counted: now, failures: 0, kind }
    }

    pub(super) fn state(&self) -> LaneState {
        match self.kind {
            Kind::Retrying => LaneState::Retrying,
            Kind::Exhausted => LaneState::Exhausted,
            Kind::Held => LaneState::Held,
        }
    }
}

/// Gives the pause after so many failures: it doubles up to a limit and is random in its upper half, so that many lanes do
/// not come back together. What the sink asks for is a floor. `jitter` is between 0 and 1.
pub(super) fn pause(
    retry: &RetryPlan,
    failures: u32,
    is_exhausted: bool,
    asked: Option<Duration>,
    jitter: f64,
) -> Duration {
    let doubled =
        retry.backoff.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(16)));
    let bound = if is_exhausted { retry.backoff_max } else { doubled.min(retry.backoff_max) };
    let jitter = jitter.clamp(0.0, 1.0);
    let own = bound.mul_f64(0.5 + jitter / 2.0);
    match asked.map(|asked| asked.min(RETRY_AFTER_MAX)) {
        Some(asked) if asked >= own => asked + retry.backoff.min(bound).mul_f64(jitter / 2.0),
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{RETRY_AFTER_MAX, RetryPlan, pause};
    use crate::plan::OnExhausted;

    #[test]
    fn pauses_double_to_a_limit_and_what_the_sink_asks_for_is_a_floor() {
        let seconds = Duration::from_secs;
        let retry = RetryPlan {
            attempts_max: 3,
            backoff: seconds(2),
            backoff_max: seconds(30),
            on_exhausted: OnExhausted::Hold,
        };
        for (failures, longest) in [(1, 2), (2, 4), (3, 8), (5, 30), (100, 30)] {
            assert_eq!(pause(&retry, failures, false, None, 1.0), seconds(longest), "{failures}");
            assert_eq!(pause(&retry, failures, false, None, 0.0), seconds(longest) / 2);
        }
        assert_eq!(pause(&retry, 3, true, None, 1.0), seconds(30));
        for jitter in [0.0, 0.4, 1.0] {
            let asked = pause(&retry, 1, false, Some(seconds(60)), jitter);
            assert!(asked >= seconds(60) && asked <= seconds(61), "{asked:?}");
            let shorter = pause(&retry, 5, false, Some(seconds(1)), jitter);
            assert!(shorter >= seconds(15), "{shorter:?}");
        }
        assert_eq!(pause(&retry, 1, false, Some(seconds(1 << 30)), 0.0), RETRY_AFTER_MAX);
    }
}
