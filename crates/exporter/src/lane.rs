//! A source on its way to a sink: cursor, windows, attempts. Pure decisions; the [engine](crate::engine) reads and sends.
//!
//! A lane is given the batches of a window, says which one to send when, and is told what came of it. Its cursor moves
//! when all batches of its first window are acknowledged, rejected or dropped. Memory may be taken from it at any
//! time: then it reads the window again, and omits the batches that are settled already.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{LANE_HOLDS_MEMORY_FOR, OPEN_WINDOWS_MAX};
use crate::plan::RetryPlan;
use crate::report::{DropReason, Gap, LaneReport, LaneState, Points, Problem, SinkFault};
use crate::sink::Shared;
use crate::time::{Millis, Window};

mod account;
mod answer;
mod bucket;
mod concurrency;
mod gaps;
mod open;
mod trouble;
mod windows;

pub use answer::Answered;
pub use bucket::Bucket;

use account::Account;
use concurrency::Concurrency;
use open::{Open, Piece};
use trouble::Trouble;

#[cfg(test)]
mod tests;

/// What decides how a lane sends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// What is done when a request fails.
    pub retry: RetryPlan,
    /// Requests that are under way at once, at most.
    pub in_flight_max: usize,
}

/// A source on its way to a sink.
#[derive(Debug)]
pub struct Lane {
    policy: Policy,
    cursor: Millis,
    /// Windows that are being read or not settled, in order of time.
    windows: VecDeque<Open>,
    /// What waits to be sent, in order.
    queue: VecDeque<Piece>,
    /// What is under way, and since when.
    flights: BTreeMap<u64, (Piece, Instant)>,
    next_number: u64,
    /// How often batches failed, also those whose memory was taken.
    failures: HashMap<(Millis, u64), u32>,
    /// Points of earlier reads that were too old when they were to be read again.
    expired: u64,
    concurrency: Concurrency,
    /// Longer bodies are too large for the receiver, as it has shown.
    bytes_max: Option<usize>,
    trouble: Option<Trouble>,
    is_suspended: bool,
    has_delivered: bool,
    account: Account,
    error: Option<Problem>,
}

/// What a lane would send next.
#[derive(Debug)]
pub enum Next {
    /// This, now.
    Send(Flight),
    /// Something, but not before.
    At(Instant),
    /// Nothing until something else happens.
    Nothing,
}

/// A batch that is under way.
#[derive(Debug)]
pub struct Flight {
    /// Names it in [`Lane::answered`].
    pub id: u64,
    /// The batch.
    pub batch: Arc<Shared>,
}

/// What a lane would read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// This window again: it was not read to its end, or its batches were taken from memory.
    Again(Window),
    /// A window that begins here.
    From(Millis),
}

impl Lane {
    /// Makes a lane that begins at a cursor.
    #[must_use]
    pub fn new(policy: Policy, cursor: Millis) -> Self {
        Self {
            policy,
            cursor,
            windows: VecDeque::new(),
            queue: VecDeque::new(),
            flights: BTreeMap::new(),
            next_number: 0,
            failures: HashMap::new(),
            expired: 0,
            concurrency: Concurrency::new(policy.in_flight_max),
            bytes_max: None,
            trouble: None,
            is_suspended: false,
            has_delivered: false,
            account: Account::default(),
            error: None,
        }
    }

    /// Goes on with the account of an earlier lane, whose memory is gone.
    #[must_use]
    pub fn with_account(mut self, earlier: &LaneReport) -> Self {
        self.account = Account::after(earlier);
        self
    }

    /// Changes the policy.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
        self.concurrency.set_most(policy.in_flight_max);
    }

    /// Suspends the lane, or lets it go on. What is under way is answered in any case.
    pub fn set_suspended(&mut self, is_suspended: bool) {
        self.is_suspended = is_suspended;
    }

    /// Gives the cursor: all before is settled.
    #[must_use]
    pub fn cursor(&self) -> Millis {
        self.cursor
    }

    /// Gives where the next window begins.
    #[must_use]
    pub fn position(&self) -> Millis {
        self.windows.back().map_or(self.cursor, |open| open.window.end)
    }

    /// Says whether the sink takes requests, as far as is known.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.trouble.is_none() && !self.is_suspended
    }

    /// Says whether nothing waits and nothing is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.flights.is_empty()
    }

    /// Says how many requests are under way.
    #[must_use]
    pub fn flights(&self) -> usize {
        self.flights.len()
    }

    /// Says what it would read next, if anything.
    #[must_use]
    pub fn wants(&self, now: Instant) -> Option<Want> {
        if self.is_suspended || self.windows.iter().any(|open| open.is_read) {
            return None;
        }
        if let Some(trouble) = &self.trouble
            && (now < trouble.until || !self.is_idle())
        {
            return None; // one request asks whether the sink is back
        }
        match self.windows.iter().find(|open| !open.is_whole) {
            Some(open) => Some(Want::Again(open.window)),
            None if self.windows.len() >= OPEN_WINDOWS_MAX => None,
            None => Some(Want::From(self.position())),
        }
    }

    /// Gives when it may want to read or send although nothing happens.
    #[must_use]
    pub fn wakes(&self) -> Option<Instant> {
        self.trouble.as_ref().map(|trouble| trouble.until)
    }

    /// Says whether it is in trouble for so long that others need its memory more.
    #[must_use]
    pub fn should_release(&self, now: Instant) -> bool {
        if self.queue.is_empty() && !self.windows.iter().any(|open| open.is_read) {
            return false;
        }
        let Some(trouble) = &self.trouble else { return self.is_suspended };
        let is_long = trouble.until > now + LANE_HOLDS_MEMORY_FOR
            || now > trouble.began + LANE_HOLDS_MEMORY_FOR;
        // The first batch that comes then asks whether the sink is back.
        let asks_next = self.flights.is_empty() && now >= trouble.until;
        self.is_suspended || (is_long && !asks_next)
    }

    /// Says since when the batch waits that is to be sent next.
    #[must_use]
    pub fn waits_since(&self) -> Option<Instant> {
        self.queue.front().map(|piece| piece.since)
    }

    /// Says what to send now, and takes it from the queue.
    pub fn next(&mut self, now: Instant, bucket: &mut Bucket) -> Next {
        if self.is_suspended || self.queue.is_empty() {
            return Next::Nothing;
        }
        match &self.trouble {
            Some(trouble) if now < trouble.until => return Next::At(trouble.until),
            Some(_) if !self.flights.is_empty() => return Next::Nothing,
            Some(_) => {}
            None if self.flights.len() >= self.concurrency.limit() => return Next::Nothing,
            None => {}
        }
        self.cut_first();
        let Some(piece) = self.queue.front() else { return Next::Nothing };
        if let Err(later) = bucket.take(piece.batch.points(), now) {
            return Next::At(later);
        }
        let Some(piece) = self.queue.pop_front() else { return Next::Nothing };
        let batch = Arc::clone(&piece.batch);
        let id = self.next_number;
        self.next_number += 1;
        self.account.sent(batch.points());
        self.flights.insert(id, (piece, now));
        Next::Send(Flight { id, batch })
    }

    /// Cuts the first batch until it is as small as the receiver wants it.
    fn cut_first(&mut self) {
        let Some(most) = self.bytes_max else { return };
        while let Some(first) = self.queue.front()
            && first.batch.bytes() > most
            && let Some(halves) = first.batch.halves()
            && let Some(piece) = self.queue.pop_front()
        {
            self.requeue_halves(piece, halves);
        }
    }
}

/// What a lane says of itself.
impl Lane {
    /// Gives what it is doing.
    #[must_use]
    pub fn state(&self) -> LaneState {
        match &self.trouble {
            _ if self.is_suspended => LaneState::Suspended,
            Some(trouble) => trouble.state(),
            None if self.has_delivered => LaneState::Delivering,
            None => LaneState::Starting,
        }
    }

    /// Gives its account.
    #[must_use]
    pub fn points(&self) -> Points {
        self.account.points
    }

    /// Gives how many points were dropped, by reason.
    #[must_use]
    pub fn drops(&self) -> &BTreeMap<DropReason, u64> {
        &self.account.drops
    }

    /// Gives how many requests did not succeed, by reason.
    #[must_use]
    pub fn errors(&self) -> &BTreeMap<SinkFault, u64> {
        &self.account.errors
    }

    /// Gives what was not delivered.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        self.account.gaps()
    }

    /// Gives the last error.
    #[must_use]
    pub fn error(&self) -> Option<&Problem> {
        self.error.as_ref()
    }

    /// Gives how long it waits for its next attempt.
    #[must_use]
    pub fn waits(&self, now: Instant) -> Option<Duration> {
        self.trouble.as_ref().map(|trouble| trouble.until.saturating_duration_since(now))
    }
}
