//! Exchanges with one receiver: each is repeated until the receiver has judged the parcel.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::carrier::{Carrier, Clock};
use crate::backoff::Backoff;
use crate::limits;
use crate::parcel::Parcel;
use crate::verdict::Verdict;

/// How fast a receiver is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The pauses after failures.
    pub backoff: Backoff,
    /// The pause after each parcel while the receiver says that it is nearly full.
    pub slow_down: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { backoff: Backoff::default(), slow_down: limits::SLOW_DOWN }
    }
}

/// Exchanges with one receiver, until a deadline.
pub struct Exchanges<'c> {
    carrier: &'c dyn Carrier,
    deadline: Instant,
    clock: Clock,
    pace: Pace,
    /// The receiver asked not to be sent anything before.
    not_before: Option<Instant>,
}

impl<'c> Exchanges<'c> {
    /// Prepares them; nothing is sent yet.
    #[must_use]
    pub fn new(carrier: &'c dyn Carrier, deadline: Instant, clock: Clock, pace: Pace) -> Self {
        Self { carrier, deadline, clock, pace, not_before: None }
    }

    /// Sends a parcel until it is accepted, rejected or held; calls `observe` with each verdict.
    ///
    /// Gives no verdict if the deadline comes first, and never [`Verdict::Retry`].
    ///
    /// *Cancel safety:* may be dropped at any time; an exchange that was under way counts as unanswered.
    pub async fn send(
        &mut self,
        parcel: &Parcel,
        mut observe: impl FnMut(&Verdict),
    ) -> Option<Verdict> {
        self.wait_until(self.not_before.unwrap_or_else(Instant::now)).await?;
        let mut failures = 0;
        let verdict = loop {
            // After the deadline there is nobody who waits for the verdict.
            let verdict = timeout_at(self.deadline, self.carrier.carry(parcel)).await.ok()?;
            observe(&verdict);
            let Verdict::Retry { after, .. } = verdict else { break verdict };
            let pause = self.pace.backoff.pause(failures, after, (self.clock.jitter)());
            self.wait_until(Instant::now() + pause).await?;
            failures += 1;
        };
        if verdict == Verdict::AcceptedSlowly {
            self.not_before = Some(Instant::now() + self.pace.slow_down);
        }
        Some(verdict)
    }

    /// Waits, unless the deadline comes first.
    async fn wait_until(&self, time: Instant) -> Option<()> {
        if time >= self.deadline {
            return None;
        }
        sleep_until(time).await;
        Some(())
    }
}
