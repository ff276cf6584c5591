//! Stores that cannot be read, and lanes that keep others waiting.

use tokio::time::Instant;

use super::reconcile::whole;
use super::{Actor, Source};
use crate::limits::{
    LANE_HOLDS_MEMORY_FOR, STORE_ASKS_FOR_MAX, STORE_BACKOFF_FIRST, STORE_BACKOFF_MAX,
    STORE_WRONG_FOR,
};
use crate::report::{Problem, SourceFault};
use crate::source::ReadError;
use crate::time::Millis;

impl Source {
    /// It could not be read.
    pub(super) fn failed(&mut self, fault: SourceFault, message: &str, time: Millis) {
        *self.errors.entry(fault).or_default() += 1;
        self.error = Some(Problem::new(fault.word(), None, message, time));
    }
}

impl Actor {
    /// The store could not be read for a source: it waits.
    pub(super) fn store_failed(&mut self, index: usize, error: &ReadError, now: Instant) {
        let jitter = (self.world.clock.jitter)().clamp(0.0, 1.0);
        let source = &mut self.sources[index];
        let doubled =
            STORE_BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(source.failures.min(16)));
        source.failures += 1;
        let own = doubled.min(STORE_BACKOFF_MAX).mul_f64(0.5 + jitter / 2.0);
        let (fault, pause) = match error {
            ReadError::Busy { after, .. } => {
                let asked = after.unwrap_or_default().min(STORE_ASKS_FOR_MAX);
                if !asked.is_zero() {
                    self.world.pause_until(now + asked);
                }
                (SourceFault::StoreBusy, own.max(asked))
            }
            ReadError::Unavailable { .. } => (SourceFault::StoreUnavailable, own),
            ReadError::Malformed { .. } => (SourceFault::StoreAnswerMalformed, own),
            ReadError::TooLarge { .. } => (SourceFault::TooLarge, STORE_WRONG_FOR),
            ReadError::Rejected { .. } => (SourceFault::QueryRejected, STORE_BACKOFF_MAX),
            ReadError::Unsendable { .. } => (SourceFault::QueryUnsendable, STORE_WRONG_FOR),
            ReadError::Violation { .. } => (SourceFault::TenancyViolation, STORE_WRONG_FOR),
        };
        source.not_before = Some(now + pause);
        let time = self.world.now();
        source.failed(fault, &whole(error), time);
    }

    /// Says whether a lane keeps a read waiting for memory that other lanes wait for.
    pub(super) fn is_too_slow(&self, id: u64, now: Instant) -> bool {
        let Some(route) = self.lanes.get(&id) else { return false };
        let is_long = |since: Instant| now > since + LANE_HOLDS_MEMORY_FOR;
        if !route.lane.waits_since().is_some_and(is_long) {
            return false;
        }
        self.reads.iter().any(|read| {
            let blocked = *read.blocked.lock().expect("no holder panics");
            blocked.is_some_and(is_long)
                && read.members.iter().any(|member| {
                    *member != id
                        && self.lanes.get(member).is_some_and(|other| other.lane.is_idle())
                })
        })
    }
}
