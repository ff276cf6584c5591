//! What became of the points of a lane: `read = acknowledged + rejected + dropped + in_flight`, at all times.

use std::collections::BTreeMap;

use super::gaps::Gaps;
use crate::mapping::MappingDrop;
use crate::report::{DropReason, Gap, LaneReport, Points, SinkFault};
use crate::time::{Millis, Window};

/// The account of a lane.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) points: Points,
    pub(super) drops: BTreeMap<DropReason, u64>,
    pub(super) errors: BTreeMap<SinkFault, u64>,
    gaps: Gaps,
    debt: Debt,
}

/// Points that were read, counted, and taken from memory before they were settled. They are in flight; when they are read
/// again, they are not counted again.
#[derive(Debug, Default)]
struct Debt {
    points: u64,
    from: Millis,
    until: Millis,
}

impl Account {
    /// Goes on with an earlier account, whose lane is gone with what was in flight. That is read again.
    pub(super) fn after(earlier: &LaneReport) -> Self {
        let mut account = Self {
            points: earlier.points,
            drops: earlier.drops.clone(),
            errors: earlier.errors.clone(),
            ..Self::default()
        };
        for gap in &earlier.gaps {
            account.gaps.add(gap.window, gap.reason, gap.points);
        }
        let points = earlier.points.in_flight;
        let Some(cursor) = earlier.cursor else {
            // It is not read in order, so it is not read again by itself.
            account.unread(points);
            return account;
        };
        // Without knowing how far it was read: what is read next is it.
        account.debt = Debt { points, from: cursor, until: Millis(cursor.0.saturating_add(1)) };
        account
    }

    pub(super) fn gaps(&self) -> &[Gap] {
        self.gaps.all()
    }

    /// Points were read.
    pub(super) fn read(&mut self, points: u64) {
        let again = points.min(self.debt.points);
        self.debt.points -= again;
        self.points.read += points - again;
        self.points.in_flight += points - again;
    }

    /// Points are known to be in the store that were not read before.
    pub(super) fn read_fresh(&mut self, points: u64) {
        self.points.read += points;
        self.points.in_flight += points;
    }

    /// Points that are in flight are not wanted any more.
    pub(super) fn unread(&mut self, points: u64) {
        self.points.read -= points;
        self.points.in_flight -= points;
    }

    /// So are those that were to be read again.
    pub(super) fn unread_debt(&mut self) {
        let Debt { points, .. } = std::mem::take(&mut self.debt);
        self.unread(points);
    }

    /// Points were taken from memory; they are read again somewhere before `until`.
    pub(super) fn owe(&mut self, points: u64, from: Millis, until: Millis) {
        if self.debt.points == 0 {
            self.debt = Debt { points: 0, from, until };
        }
        self.debt.points += points;
        self.debt.from = self.debt.from.min(from);
        self.debt.until = self.debt.until.max(until);
    }

    /// All before the cursor was read again: what was not found then is gone from the store.
    /// Gives how many points those are.
    pub(super) fn forgive(&mut self, cursor: Millis, reason: DropReason) -> u64 {
        if self.debt.points == 0 || self.debt.until > cursor {
            return 0;
        }
        let Debt { points, from, until } = std::mem::take(&mut self.debt);
        self.dropped(Window { start: from, end: until }, reason, points);
        points
    }

    pub(super) fn sent(&mut self, points: u64) {
        self.points.sent += points;
    }

    pub(super) fn acknowledged(&mut self, points: u64) {
        self.points.acknowledged += points;
        self.points.in_flight -= points;
    }

    pub(super) fn rejected(&mut self, window: Window, reason: &'static str, points: u64) {
        self.points.rejected += points;
        self.points.in_flight -= points;
        self.gaps.add(window, reason, points);
    }

    pub(super) fn dropped(&mut self, window: Window, reason: DropReason, points: u64) {
        self.points.dropped += points;
        self.points.in_flight -= points;
        self.count_drop(reason, points);
        self.gaps.add(window, reason.word(), points);
    }

    /// Samples were read of which the mapping makes no points. They are no gap: nobody could send them.
    pub(super) fn omitted(&mut self, reason: MappingDrop, samples: u64) {
        self.points.read += samples;
        self.points.dropped += samples;
        self.count_drop(DropReason::Mapping(reason), samples);
    }

    pub(super) fn gap(&mut self, window: Window, reason: DropReason, points: u64) {
        self.gaps.add(window, reason.word(), points);
    }

    /// A request did not succeed.
    pub(super) fn failed(&mut self, fault: SinkFault) {
        *self.errors.entry(fault).or_default() += 1;
    }

    fn count_drop(&mut self, reason: DropReason, points: u64) {
        if points > 0 {
            *self.drops.entry(reason).or_default() += points;
        }
    }
}
