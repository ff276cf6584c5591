//! When a status is written: soon after a change, not too often, and now and then without a change.

use std::time::Duration;

use super::value::time;
use super::{ConditionStatus, ConditionType, ExporterStatus};
use crate::limits::{HEARTBEAT, HEARTBEAT_JITTER, STATUS_PAUSE};
use crate::time::Millis;

/// The status that was written last.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// When, by our clock.
    pub at: Millis,
    /// What.
    pub status: ExporterStatus,
    /// It is written again after this, though nothing changed.
    heartbeat: Duration,
}

impl Written {
    /// Says that a status was written. `jitter`, from 0 to 1, decides when its next heartbeat is due, so that those of many
    /// Exporters do not stay together.
    #[must_use]
    pub fn new(at: Millis, status: ExporterStatus, jitter: f64) -> Self {
        let heartbeat = HEARTBEAT.mul_f64(1.0 - HEARTBEAT_JITTER * jitter.clamp(0.0, 1.0));
        Self { at, status, heartbeat }
    }

    /// Says that the process before this one wrote a status, if it did: what is written next goes on from there.
    #[must_use]
    pub fn before(status: &ExporterStatus, jitter: f64) -> Option<Self> {
        let at = Millis(status.heartbeat.as_ref()?.0.as_millisecond());
        Some(Self::new(at, status.clone(), jitter))
    }
}

/// What to do about a status.
#[derive(Debug, Clone, PartialEq)]
pub enum Pace {
    /// Write this, with a new heartbeat.
    Write {
        /// What.
        status: Box<ExporterStatus>,
        /// Whether somebody may wait for it: it says more than new numbers.
        is_news: bool,
    },
    /// Ask again after this time, or when something changes.
    Wait(Duration),
}

/// Decides when a status is written. `written` is none if nobody has written it yet.
#[must_use]
pub fn pace(written: Option<&Written>, next: &ExporterStatus, now: Millis) -> Pace {
    let write = |is_news| {
        let heartbeat = Some(time(now));
        Pace::Write { status: Box::new(ExporterStatus { heartbeat, ..next.clone() }), is_news }
    };
    let Some(written) = written else { return write(true) };
    // A clock that was set back must not silence the status.
    let since =
        u64::try_from(now.0.saturating_sub(written.at.0)).map_or(HEARTBEAT, Duration::from_millis);
    let pause = if is_equal(&written.status, next) { written.heartbeat } else { STATUS_PAUSE };
    match pause.checked_sub(since) {
        Some(rest) if !rest.is_zero() => Pace::Wait(rest),
        _ => write(is_news(&written.status, next)),
    }
}

/// Whether a status is about another spec, or has another condition.
fn is_news(written: &ExporterStatus, next: &ExporterStatus) -> bool {
    fn said(
        status: &ExporterStatus,
    ) -> impl Iterator<Item = (ConditionType, ConditionStatus, &str)> {
        let conditions = status.conditions.iter();
        conditions.map(|condition| (condition.kind, condition.status, condition.reason.as_str()))
    }
    written.observed_generation != next.observed_generation || !said(written).eq(said(next))
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
    use crate::resource::status::{Condition, ConditionStatus, ConditionType, ExporterStatus};
    use crate::time::Millis;

    const BEGIN: i64 = 1_800_000_000_000;

    #[test]
    fn a_change_is_written_after_10_seconds_and_no_change_after_60() {
        let old = ExporterStatus::default();
        let new = ExporterStatus { observed_generation: Some(2), ..old.clone() };
        let written = Written::new(Millis(BEGIN), old.clone(), 0.0);
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
                Pace::Write { .. } => None,
            };
            assert_eq!(waits, expected, "{after} ms later");
        }
        let first = pace(None, &old, Millis(BEGIN));
        assert!(
            matches!(first, Pace::Write { is_news: true, .. }),
            "the first one is written at once"
        );
    }

    #[test]
    fn a_new_process_goes_on_where_the_one_before_stopped() {
        let at = |millis| Millis(BEGIN + millis);
        let Pace::Write { status, .. } = pace(None, &ExporterStatus::default(), at(0)) else {
            panic!("it is written")
        };
        let before = Written::before(&status, 0.5).unwrap();
        let is_written = |next: &ExporterStatus, after| {
            matches!(pace(Some(&before), next, at(after)), Pace::Write { .. })
        };
        // Half of the jitter: after 54 s instead of 60 s.
        assert!(!is_written(&status, 53_999) && is_written(&status, 54_000));
        let changed = ExporterStatus { lag: Some("12s".to_owned()), ..(*status).clone() };
        assert!(!is_written(&changed, 9_999) && is_written(&changed, 10_000));
        assert_eq!(Written::before(&ExporterStatus::default(), 0.5), None);
    }

    #[test]
    fn a_condition_or_another_spec_is_news_and_a_number_is_none() {
        let status = |reason: &str, generation, lag: &str| ExporterStatus {
            observed_generation: Some(generation),
            lag: Some(lag.to_owned()),
            conditions: vec![Condition {
                kind: ConditionType::Delivering,
                status: ConditionStatus::False,
                reason: reason.to_owned(),
                message: format!("for {lag}"),
                last_transition_time: super::time(Millis(BEGIN)),
                observed_generation: None,
            }],
            ..ExporterStatus::default()
        };
        let written = Written::new(Millis(BEGIN), status("Timeout", 1, "5s"), 0.0);
        for (next, expected) in [
            (status("Timeout", 1, "15s"), false),
            (status("Unauthorized", 1, "5s"), true),
            (status("Timeout", 2, "5s"), true),
        ] {
            let Pace::Write { is_news, .. } = pace(Some(&written), &next, Millis(BEGIN + 10_000))
            else {
                panic!("it is written")
            };
            assert_eq!(is_news, expected, "{next:?}");
        }
    }

    #[test]
    fn what_is_written_has_the_heartbeat_of_its_time_and_no_heartbeat_is_a_change() {
        let next = ExporterStatus::default();
        let Pace::Write { status, .. } = pace(None, &next, Millis(BEGIN + 1)) else {
            panic!("it is written")
        };
        assert_eq!(status.heartbeat.as_ref().map(|time| time.0.as_millisecond()), Some(BEGIN));
        let written = Written::new(Millis(BEGIN), *status, 0.0);
        assert!(matches!(pace(Some(&written), &next, Millis(BEGIN + 10_000)), Pace::Wait(_)));
    }
}
