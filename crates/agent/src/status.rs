//! What an agent does and has done, for its metrics and its readiness.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ktel_delivery::Verdict;
use ktel_lease::Guard;

/// The status of an agent. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Status(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_on: bool,
    is_electing: bool,
    /// Whether the API server has answered about the lease.
    lease_is_known: Arc<AtomicBool>,
    /// The kinds that it has not answered about yet.
    unknown_kinds: BTreeSet<usize>,
    guard: Option<Guard>,
    counts: Counts,
}

/// What an agent does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing: telemetry is off.
    Off,
    /// It waits until another agent leaves the state directory.
    Starting,
    /// It would lead, and does not: another agent does, or the API server does not answer.
    StandingBy,
    /// It reports for the cluster.
    Leading,
}

/// What an agent has done since it started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Terms in which it was the leader.
    pub terms: u64,
    /// Events handed to delivery.
    pub events: u64,
    /// Events that are not sent, by reason.
    pub dropped_events: BTreeMap<&'static str, u64>,
    /// Parcels that a server accepted.
    pub delivered_parcels: u64,
    /// Parcels that a server rejected, by reason.
    pub rejected_parcels: BTreeMap<&'static str, u64>,
    /// Attempts after which a parcel has to be sent again, by reason.
    pub retried_parcels: BTreeMap<&'static str, u64>,
    /// Attempts after which everything for a server is held, by reason.
    pub held_parcels: BTreeMap<&'static str, u64>,
    /// When a server accepted a parcel last, since 1970.
    pub last_delivery: Option<Duration>,
}

/// Why an event is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DropReason {
    /// A field is missing that the schema requires.
    Incomplete,
    /// No schema is configured for it.
    NoSchema,
    /// Too many events wait.
    QueueFull,
}

impl DropReason {
    fn word(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::NoSchema => "no_schema",
            Self::QueueFull => "queue_full",
        }
    }
}

impl Status {
    /// Gives what the agent does now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let state = self.locked();
        match &state.guard {
            _ if !state.is_on => Phase::Off,
            _ if !state.is_electing => Phase::Starting,
            Some(guard) if guard.is_valid() => Phase::Leading,
            _ => Phase::StandingBy,
        }
    }

    /// Tells whether the API server has ever answered what the agent asks it in its phase: the leader
    /// lists each kind, and the others read the lease.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        let phase = self.phase();
        let state = self.locked();
        match phase {
            Phase::Off | Phase::Starting => true,
            Phase::StandingBy => state.lease_is_known.load(Ordering::Relaxed),
            Phase::Leading => state.unknown_kinds.is_empty(),
        }
    }

    /// Gives what the agent has done.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.locked().counts.clone()
    }

    /// Notes that telemetry is on.
    pub(crate) fn turn_on(&self) {
        self.locked().is_on = true;
    }

    /// Notes that nothing stands in the way of leading any more, and how many kinds a leader watches.
    pub(crate) fn stand_by(&self, kinds: usize) {
        let mut state = self.locked();
        state.is_electing = true;
        state.unknown_kinds = (0..kinds).collect();
    }

    /// Notes where an election says that the API server has answered.
    pub(crate) fn campaign(&self, has_answered: Arc<AtomicBool>) {
        self.locked().lease_is_known = has_answered;
    }

    /// Notes that the API server has answered about a kind.
    pub(crate) fn answered_about(&self, kind: usize) {
        self.locked().unknown_kinds.remove(&kind);
    }

    pub(crate) fn begin_term(&self, guard: Guard) {
        let mut state = self.locked();
        state.guard = Some(guard);
        state.counts.terms += 1;
    }

    /// Tells whether the term lasts that began last.
    pub(crate) fn is_leader(&self) -> bool {
        self.locked().guard.as_ref().is_some_and(Guard::is_valid)
    }

    pub(crate) fn emitted(&self, events: u64) {
        self.locked().counts.events += events;
    }

    pub(crate) fn dropped(&self, why: DropReason) {
        *self.locked().counts.dropped_events.entry(why.word()).or_default() += 1;
    }

    /// Counts what came of sending a parcel.
    pub(crate) fn answered(&self, verdict: &Verdict, now: Duration) {
        let counts = &mut self.locked().counts;
        match verdict {
            Verdict::Accepted | Verdict::AcceptedSlowly | Verdict::PartlyAccepted { .. } => {
                counts.delivered_parcels += 1;
                counts.last_delivery = Some(now);
            }
            Verdict::Retry { trouble, .. } => {
                *counts.retried_parcels.entry(trouble.word()).or_default() += 1;
            }
            Verdict::Held { hold, .. } => {
                *counts.held_parcels.entry(hold.word()).or_default() += 1;
            }
            Verdict::Rejected { rejection, .. } => {
                *counts.rejected_parcels.entry(rejection.word()).or_default() += 1;
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no code panics while it holds this lock")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ktel_delivery::Verdict;
    use ktel_delivery::verdict::{Hold, Rejection, Trouble};
    use ktel_lease::Guard;
    use tokio::time::Instant;

    use super::{Arc, AtomicBool, DropReason, Ordering, Phase, Status};

    #[tokio::test(start_paused = true)]
    async fn an_agent_leads_for_as_long_as_its_guard_is_valid() {
        let status = Status::default();
        assert_eq!(status.phase(), Phase::Off);
        status.turn_on();
        assert_eq!(status.phase(), Phase::Starting);
        status.stand_by(0);
        assert_eq!(status.phase(), Phase::StandingBy);
        status.begin_term(Guard::until(Instant::now() + Duration::from_secs(20)));
        assert_eq!(status.phase(), Phase::Leading);
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(status.phase(), Phase::StandingBy);
        assert_eq!(status.counts().terms, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_is_synced_once_the_api_server_has_answered_what_it_asks() {
        let (status, has_answered) = (Status::default(), Arc::new(AtomicBool::new(false)));
        assert!(status.is_synced(), "where telemetry is off, nothing is asked");
        status.turn_on();
        status.stand_by(2);
        status.campaign(Arc::clone(&has_answered));
        assert!(!status.is_synced(), "nobody knows who leads");
        has_answered.store(true, Ordering::Relaxed);
        assert!(status.is_synced());
        status.begin_term(Guard::until(Instant::now() + Duration::from_secs(20)));
        assert!(!status.is_synced());
        status.answered_about(1);
        assert!(!status.is_synced(), "one kind is not listed");
        status.answered_about(0);
        assert!(status.is_synced());
        status.begin_term(Guard::until(Instant::now() + Duration::from_secs(20)));
        assert!(status.is_synced(), "it stays so");
    }

    #[test]
    fn every_answer_is_counted_by_its_reason() {
        let status = Status::default();
        let partly = Verdict::PartlyAccepted { rejected: 3, message: String::new() };
        for (second, verdict) in (1..).zip([Verdict::Accepted, Verdict::AcceptedSlowly, partly]) {
            status.answered(&verdict, Duration::from_secs(second));
        }
        status.answered(&Verdict::retry(Trouble::Timeout, ""), Duration::from_secs(4));
        status.answered(&Verdict::rejected(Rejection::TooLarge, ""), Duration::from_secs(5));
        status.answered(&Verdict::rejected(Rejection::TooLarge, ""), Duration::from_secs(6));
        status.answered(&Verdict::held(Hold::Unauthorized, ""), Duration::from_secs(7));
        status.dropped(DropReason::QueueFull);
        let counts = status.counts();
        assert_eq!(counts.delivered_parcels, 3);
        assert_eq!(counts.last_delivery, Some(Duration::from_secs(3)));
        assert_eq!(counts.retried_parcels, [("timeout", 1)].into());
        assert_eq!(counts.rejected_parcels, [("too-large", 2)].into());
        assert_eq!(counts.held_parcels, [("unauthorized", 1)].into());
        assert_eq!(counts.dropped_events, [("queue_full", 1)].into());
    }
}
