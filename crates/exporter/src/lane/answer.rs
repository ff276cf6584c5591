//! What an answer of the sink means for a lane.

use ktel_delivery::verdict::Verdict;
use tokio::time::Instant;

use super::Lane;
use super::open::Piece;
use super::trouble::{Kind, Trouble, pause};
use crate::limits::HELD_FOR;
use crate::plan::OnExhausted;
use crate::report::{DropReason, Problem, SinkFault};
use crate::sink::{Judgement, Outcome, Shared, fault};
use crate::time::Millis;

/// An answer, and when it came.
#[derive(Debug)]
pub struct Answered {
    /// What it is.
    pub outcome: Outcome,
    /// When it came.
    pub now: Instant,
    /// When it came, as a time of day.
    pub time: Millis,
    /// A random number between 0 and 1.
    pub jitter: f64,
    /// Whether the request had the credentials that are used now.
    pub is_current: bool,
}

impl Lane {
    /// Takes the answer to a batch.
    pub fn answered(&mut self, id: u64, answered: Answered) {
        let Some((piece, sent)) = self.flights.remove(&id) else { return };
        let Answered { outcome, now, time, jitter, is_current } = answered;
        let status = outcome.status;
        let problem = |reason, message: &str| Some(Problem::new(reason, status, message, time));
        match outcome.judgement {
            Judgement::Split { message } => {
                self.heard();
                self.account.failed(SinkFault::TooLarge);
                self.split(piece, problem("TooLarge", &message));
            }
            Judgement::By(verdict) => {
                let fault = fault(&verdict);
                let word = fault.map_or("Accepted", SinkFault::word);
                // A partial success that rejects nothing is a warning.
                let is_warning = matches!(verdict, Verdict::PartlyAccepted { rejected: 0, .. });
                if let Some(fault) = fault.filter(|_| !is_warning) {
                    self.account.failed(fault);
                }
                match verdict {
                    Verdict::Accepted | Verdict::AcceptedSlowly => {
                        self.heard();
                        (self.has_delivered, self.error) = (true, None);
                        self.concurrency.answered(outcome.took, self.flights.len() + 1);
                        self.accept(&piece, 0);
                    }
                    Verdict::PartlyAccepted { rejected, message } => {
                        self.heard();
                        (self.has_delivered, self.error) = (true, problem(word, &message));
                        self.concurrency.answered(outcome.took, self.flights.len() + 1);
                        self.accept(&piece, rejected);
                    }
                    Verdict::Rejected { message, .. } => {
                        self.heard();
                        self.error = problem(word, &message);
                        self.reject(&piece, word);
                    }
                    Verdict::Retry { after, message, .. } => {
                        self.error = problem(word, &message);
                        self.failed(piece, sent, now, after, jitter);
                    }
                    Verdict::Held { message, .. } => {
                        self.error = problem(word, &message);
                        self.hold(now);
                        if !is_current && let Some(trouble) = &mut self.trouble {
                            trouble.until = now; // the new credentials were not tried yet
                        }
                        self.requeue(piece);
                    }
                }
            }
        }
        self.settle();
    }

    /// The lane cannot send, for a reason that somebody has to correct.
    pub fn held(&mut self, problem: Problem, now: Instant) {
        self.account.failed(SinkFault::CredentialsInvalid);
        self.error = Some(problem);
        self.hold(now);
    }

    /// Credentials or the address changed: a lane that waits for that tries again.
    pub fn corrected(&mut self, now: Instant) {
        if let Some(trouble) = &mut self.trouble
            && trouble.kind == Kind::Held
        {
            trouble.until = now;
        }
    }

    /// The sink judged a request, so it is there.
    fn heard(&mut self) {
        if self.trouble.take().is_some() {
            self.concurrency.restart();
        }
    }

    fn hold(&mut self, now: Instant) {
        let trouble = self.trouble.get_or_insert_with(|| Trouble::new(now, Kind::Held));
        (trouble.kind, trouble.until, trouble.counted) = (Kind::Held, now + HELD_FOR, now);
    }

    fn accept(&mut self, piece: &Piece, rejected: u64) {
        let points = piece.batch.points();
        if piece.is_orphan {
            self.account.read_fresh(points); // what is read again is a copy of its own
        }
        self.account.acknowledged(points - rejected);
        if rejected > 0 {
            self.account.rejected(piece.batch.window(), "PartialSuccess", rejected);
        }
        self.done(piece);
    }

    fn reject(&mut self, piece: &Piece, reason: &'static str) {
        if piece.is_orphan {
            self.account.read_fresh(piece.batch.points());
        }
        self.account.rejected(piece.batch.window(), reason, piece.batch.points());
        self.done(piece);
    }

    fn done(&mut self, piece: &Piece) {
        self.failures.remove(&piece.name());
        if let Some(open) = self.windows.iter_mut().find(|open| open.has(piece)) {
            open.settle(piece);
        }
    }

    fn failed(
        &mut self,
        piece: Piece,
        sent: Instant,
        now: Instant,
        after: Option<std::time::Duration>,
        jitter: f64,
    ) {
        let retry = self.policy.retry;
        let failures = self.failures.entry(piece.name()).or_default();
        *failures += 1;
        let is_exhausted = *failures >= retry.attempts_max;
        let trouble = self.trouble.get_or_insert_with(|| Trouble::new(now, Kind::Retrying));
        // Requests that were under way together fail together: one outage, one pause.
        let is_new = trouble.failures == 0 || sent > trouble.counted;
        if is_new {
            trouble.failures += 1;
            trouble.counted = now;
        }
        let holds = is_exhausted && retry.on_exhausted == OnExhausted::Hold;
        if trouble.kind != Kind::Exhausted || is_new {
            trouble.kind = if holds { Kind::Exhausted } else { Kind::Retrying };
        }
        let pause = pause(&retry, trouble.failures, holds, after, jitter);
        if is_new || after.is_some() {
            trouble.until = trouble.until.max(now + pause);
        }
        self.concurrency.failed();
        if is_exhausted && retry.on_exhausted == OnExhausted::Drop && !piece.is_orphan {
            let window = piece.batch.window();
            self.account.dropped(window, DropReason::RetriesExhausted, piece.batch.points());
            self.done(&piece);
        } else {
            self.requeue(piece);
        }
    }

    /// Puts a piece back to its place, unless its batch is read again anyway.
    pub(super) fn requeue(&mut self, piece: Piece) {
        if piece.is_orphan {
            return;
        }
        let place = self.queue.partition_point(|other| other.order() < piece.order());
        self.queue.insert(place, piece);
    }

    fn split(&mut self, piece: Piece, problem: Option<Problem>) {
        self.error = problem;
        if piece.is_orphan {
            return;
        }
        let bytes = piece.batch.bytes();
        let learned = bytes - bytes / 4; // its halves are surely shorter
        match piece.batch.halves() {
            Some(halves) => {
                self.bytes_max = Some(self.bytes_max.unwrap_or(usize::MAX).min(learned));
                self.requeue_halves(piece, halves);
            }
            None => self.reject(&piece, "TooLarge"),
        }
    }

    /// Puts two halves in the place of a piece.
    pub(super) fn requeue_halves(&mut self, piece: Piece, halves: (Shared, Shared)) {
        let (first, second) = piece.cut(halves.0, halves.1);
        if let Some(open) = self.windows.iter_mut().find(|open| open.has(&piece)) {
            open.cut(&piece);
        }
        for half in [second, first] {
            self.requeue(half);
        }
    }
}
