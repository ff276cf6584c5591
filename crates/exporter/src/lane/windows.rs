//! The windows of a lane: what is given to it, taken from it, and settled.

use std::sync::Arc;

use tokio::time::Instant;

use super::Lane;
use super::open::{Open, Piece};
use crate::mapping::Tally;
use crate::report::DropReason;
use crate::sink::Shared;
use crate::time::{Millis, Window};

impl Lane {
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

    /// Takes a batch of a window that is being read, and drops it, unless it is settled already.
    pub fn drop_batch(&mut self, batch: &Arc<Shared>, reason: DropReason) {
        let window = batch.window();
        let Some(open) = self.windows.iter_mut().find(|open| open.window == window) else { return };
        if open.is_read && open.drop_batch(batch.fingerprint()) {
            self.account.read(batch.points());
            self.account.dropped(window, reason, batch.points());
        }
    }

    /// Goes to another moment, if nothing is left to do; says whether it did.
    pub fn jump(&mut self, to: Millis) -> bool {
        let is_free = self.windows.is_empty() && self.is_idle();
        if is_free {
            self.cursor = to;
        }
        is_free
    }

    /// Forgets all windows: what was read of them is not wanted any more. What is under way is answered.
    pub fn abandon(&mut self) {
        self.windows.clear();
        for piece in self.queue.drain(..) {
            self.account.unread(piece.batch.points());
        }
        for (piece, _) in self.flights.values_mut().filter(|(piece, _)| !piece.is_orphan) {
            piece.is_orphan = true;
            self.account.unread(piece.batch.points());
        }
        self.account.unread_debt();
    }

    /// Says what was made of a window that was read to its end, and how many samples of it could not be read. It counts when
    /// the window is settled, so that one that is read again is counted once.
    pub fn mapped(&mut self, window: Window, tally: &Tally, too_large: u64) {
        if let Some(open) = self.windows.iter_mut().find(|open| open.window == window) {
            open.omitted.clone_from(&tally.dropped);
            open.too_large = too_large;
        }
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
                self.account.dropped(
                    piece.batch.window(),
                    DropReason::TooOld,
                    piece.batch.points(),
                );
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
        self.account.gap(skipped, DropReason::TooOld, 0);
        self.expired += self.account.forgive(self.cursor, DropReason::TooOld);
        Some(skipped)
    }

    /// Counts points that were never read because they are too old.
    pub fn skipped(&mut self, window: Window, points: u64) {
        // Those that had been read before are dropped already, or in flight.
        let known = points.min(std::mem::take(&mut self.expired));
        self.account.read(points - known);
        self.account.dropped(window, DropReason::TooOld, points - known);
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
    pub(super) fn settle(&mut self) {
        while let Some(open) = self.windows.front_mut()
            && open.is_settled()
        {
            let (window, cursor) = (open.window, open.window.end);
            let too_large = std::mem::take(&mut open.too_large);
            if too_large > 0 {
                self.account.read_fresh(too_large);
                self.account.dropped(window, DropReason::TooLarge, too_large);
            }
            for (reason, samples) in std::mem::take(&mut open.omitted) {
                self.account.omitted(reason, samples);
            }
            self.cursor = cursor;
            self.windows.pop_front();
            self.failures.retain(|(start, _), _| *start >= cursor);
        }
        self.account.forgive(self.cursor, DropReason::NotInStore);
    }
}
