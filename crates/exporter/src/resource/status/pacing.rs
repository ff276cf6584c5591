//! When a status is written: soon after a change, not too often, and now and then without a change.

use std::time::Duration;

use super::ExporterStatus;
use super::value::time;
use crate::limits::{HEARTBEAT, STATUS_PAUSE};
use crate::time::Millis;

/// The status that was written last.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// When, by our clock.
    pub at: Millis,
    /// What.
    pub status: ExporterStatus,
}

/// What to do about a status.
#[derive(Debug, Clone, PartialEq)]
pub enum Pace {
    /// Write this, with a new heartbeat.
    Write(Box<ExporterStatus>),
    /// Ask again after this time, or when something changes.
    Wait(Duration),
}

/// Decides when a status is written. `written` is none if this process has not written it yet.
#[must_use]
pub fn pace(written: Option<&Written>, next: &ExporterStatus, now: Millis) -> Pace {
    let write = || {
        let heartbeat = Some(time(now));
        Pace::Write(Box::new(ExporterStatus { heartbeat, ..next.clone() }))
    };
    let Some(written) = written else { return write() };
    // A clock that was set back must not silence the status.
    let since =
        u64::try_from(now.0.saturating_sub(written.at.0)).map_or(HEARTBEAT, Duration::from_millis);
    let pause = if is_equal(&written.status, next) { HEARTBEAT } else { STATUS_PAUSE };
    match pause.checked_sub(since) {
        Some(rest) if !rest.is_zero() => Pace::Wait(rest),
        _ => write(),
    }
}

/// Whether two statuses say the same, whenever they said it.
fn is_equal(one: &ExporterStatus, other: &ExporterStatus) -> bool {
    let heartbeat = other.heartbeat.clone();
    ExporterStatus { heartbeat, ..one.clone() } == *other
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Pace, Written, pace};
    use crate::resource::status::ExporterStatus;
    use crate::time::Millis;

    const BEGIN: i64 = 1_800_000_000_000;

    #[test]
    fn a_change_is_written_after_10_seconds_and_no_change_after_60() {
        let old = ExporterStatus::default();
        let new = ExporterStatus { observed_generation: Some(2), ..old.clone() };
        let written = Written { at: Millis(BEGIN), status: old.clone() };
        let wait = |millis| Some(Duration::from_millis(millis));
        let table = [
            (&new, 0, wait(10_000)),
            (&new, 9_999, wait(1)),
            (&new, 10_000, None),
            (&old, 10_000, wait(50_000)),
            (&old, 59_999, wait(1)),
            (&old, 60_000, None),
            (&old, -5_000, None),
        ];
        for (next, after, expected) in table {
            let waits = match pace(Some(&written), next, Millis(BEGIN + after)) {
                Pace::Wait(rest) => Some(rest),
                Pace::Write(_) => None,
            };
            assert_eq!(waits, expected, "{after} ms later");
        }
        assert!(
            matches!(pace(None, &old, Millis(BEGIN)), Pace::Write(_)),
            "a new process writes at once"
        );
    }

    #[test]
    fn what_is_written_has_the_heartbeat_of_its_time_and_no_heartbeat_is_a_change() {
        let next = ExporterStatus::default();
        let Pace::Write(status) = pace(None, &next, Millis(BEGIN + 1)) else {
            panic!("it is written")
        };
        assert_eq!(status.heartbeat.as_ref().map(|time| time.0.as_millisecond()), Some(BEGIN));
        let written = Written { at: Millis(BEGIN), status: *status };
        assert!(matches!(pace(Some(&written), &next, Millis(BEGIN + 10_000)), Pace::Wait(_)));
    }
}
