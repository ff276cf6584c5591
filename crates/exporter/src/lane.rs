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
use crate::report::{Gap, LaneReport, LaneState, Points, Problem};
use crate::sink::Shared;
use crate::time::{Millis, Window};

mod account;
mod answer;
mod bucket;
mod concurrency;
mod gaps;
mod open;
mod trouble;

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

    /// A window is being read for it.
    pub fn begin(&mut self, window: Window) {
        match self.windows.iter_mut().find(|open| open.window == window) {
            Some(open) => open.is_read = true,
            None => self.windows.push_back(Open::new(window)),
        }
    }

    /// Says whether a window is being read for it.
    #[must_use]
    pub fn reads(&self, window: Window) -> bool {
        self.windows.iter().any(|open| open.window == window && open.is_read)
    }

    /// Takes a batch of a window that is being read, unless it is settled or waits already.
    pub fn give(&mut self, batch: &Arc<Shared>, now: Instant) {
        let number = self.next_number;
        let window = batch.window();
        let Some(open) = self.windows.iter_mut().find(|open| open.window == window) else { return };
        if !open.is_read || !open.add(batch.fingerprint(), number) {
            return;
        }
        self.next_number += 1;
        self.account.read(batch.points());
        self.queue.push_back(Piece::new(Arc::clone(batch), number, now));
    }

    /// All batches of a window were given.
    pub fn end(&mut self, window: Window) {
        let mut windows = self.windows.iter_mut();
        if let Some(open) = windows.find(|open| open.window == window && open.is_read) {
            (open.is_read, open.is_whole) = (false, true);
        }
        self.settle();
    }

    /// A window could not be read to its end. It is read again, by other bounds if `is_too_wide`.
    pub fn fail(&mut self, window: Window, is_too_wide: bool) {
        let Some(index) = self.windows.iter().position(|open| open.window == window) else {
            return;
        };
        if is_too_wide {
            self.forget_from(index);
            return;
        }
        self.windows[index].is_read = false;
        self.forget_untouched();
    }

    /// Gives back the memory of what waits. What is under way is answered.
    pub fn release(&mut self) {
        let until = self.position();
        for piece in self.queue.drain(..) {
            if let Some(open) = self.windows.iter_mut().find(|open| open.has(&piece)) {
                open.lose(&piece);
            }
            self.account.owe(piece.batch.points(), piece.batch.window().start, until);
        }
        for open in self.windows.iter_mut().filter(|open| open.is_read) {
            open.is_read = false;
        }
        self.forget_untouched();
        self.orphan(until);
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

    /// Data before a moment is not sent any more. Gives the time that was not read.
    pub fn expire(&mut self, before: Millis) -> Option<Window> {
        if before <= self.cursor {
            return None;
        }
        // One of which requests are under way waits for their answers.
        let flies = |window| self.flights.values().any(|(piece, _)| piece.batch.window() == window);
        let is_expired = |open: &&Open| open.window.end <= before && !flies(open.window);
        let expired = self.windows.iter().take_while(is_expired).count();
        let kept_from = self.windows.get(expired).map_or(before, |open| open.window.start);
        self.queue.retain(|piece| {
            let is_expired = piece.batch.window().end <= kept_from;
            if is_expired {
                self.account.dropped(piece.batch.window(), "TooOld", piece.batch.points());
            }
            !is_expired
        });
        for open in self.windows.drain(..expired) {
            self.cursor = open.window.end;
        }
        if !self.windows.is_empty() || before <= self.cursor {
            return None;
        }
        let skipped = Window { start: self.cursor, end: before };
        self.cursor = before;
        self.account.gap(skipped, "TooOld", 0);
        self.expired += self.account.forgive(self.cursor, "TooOld");
        Some(skipped)
    }

    /// Counts points that were never read because they are too old.
    pub fn skipped(&mut self, window: Window, points: u64) {
        // Those that had been read before are dropped already, or in flight.
        let known = points.min(std::mem::take(&mut self.expired));
        self.account.read(points - known);
        self.account.dropped(window, "TooOld", points - known);
    }

    /// Forgets windows of which nothing is settled or under way; they are chosen anew.
    fn forget_untouched(&mut self) {
        while let Some(open) = self.windows.back()
            && !open.is_whole
            && !open.is_read
            && open.is_untouched()
        {
            self.windows.pop_back();
        }
    }

    /// Forgets a window and those after it, with what waits of them.
    fn forget_from(&mut self, index: usize) {
        let (start, until) = (self.windows[index].window.start, self.position());
        self.windows.truncate(index);
        self.queue.retain(|piece| {
            let is_kept = piece.batch.window().start < start;
            if !is_kept {
                self.account.owe(piece.batch.points(), piece.batch.window().start, until);
            }
            is_kept
        });
        self.orphan(until);
    }

    /// Requests are under way whose batches have to be read again.
    fn orphan(&mut self, until: Millis) {
        for (piece, _) in self.flights.values_mut() {
            if !piece.is_orphan && !self.windows.iter().any(|open| open.has(piece)) {
                piece.is_orphan = true;
                self.account.owe(piece.batch.points(), piece.batch.window().start, until);
            }
        }
    }

    /// Moves the cursor over windows of which nothing is left to do.
    fn settle(&mut self) {
        while let Some(open) = self.windows.front()
            && open.is_settled()
        {
            self.cursor = open.window.end;
            self.windows.pop_front();
            let cursor = self.cursor;
            self.failures.retain(|(start, _), _| *start >= cursor);
        }
        self.account.forgive(self.cursor, "NotInStore");
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
