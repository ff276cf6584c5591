//! Which windows are read next, and for which lanes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Actor, Role, Route};
use crate::engine::audit::Repair;
use crate::lane::Want;
use crate::limits::READ_TOGETHER_WITHIN;
use crate::mapping::Shape;
use crate::partition::Partition;
use crate::time::{Millis, Window};

/// A window that lanes want.
pub(super) struct Wanted {
    pub(super) source: usize,
    pub(super) shape: Shape,
    pub(super) window: Window,
    /// How it is divided if it is too large.
    pub(super) partition: Partition,
    /// Only what is missing of it.
    pub(super) repair: Option<Arc<Repair>>,
    pub(super) members: Vec<u64>,
}

impl Wanted {
    /// Says whether one read serves both.
    fn is_same(&self, other: &Self) -> bool {
        let is_same_repair = match (&self.repair, &other.repair) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        is_same_repair
            && (self.source, self.window) == (other.source, other.window)
            && self.shape == other.shape
            && self.partition == other.partition
    }
}

impl Actor {
    /// Gives the windows that lanes want and that are complete.
    pub(super) fn wanted(
        &mut self,
        store_now: Millis,
        now: Instant,
        wakes: &mut Instant,
    ) -> Vec<Wanted> {
        let mut waiting = self.divided_reads();
        let mut all: Vec<Wanted> = Vec::new();
        for (id, route) in &self.lanes {
            let source = &self.sources[route.source];
            if self.sinks[route.sink].sends.is_none() {
                continue;
            }
            if let Some(until) = source.not_before.filter(|until| now < *until) {
                *wakes = until.min(*wakes);
                continue;
            }
            let complete = store_now - source.plan.lag_min;
            if !route.is_new() && !self.has_time_for_others(route, complete) {
                continue;
            }
            let (end, repair) = match &route.role {
                Role::New => (None, None),
                Role::Older(older) => (Some(older.until), None),
                Role::Late(late) => match late.todo.front() {
                    Some(repair) => (Some(repair.window.end), Some(Arc::clone(repair))),
                    None => continue,
                },
            };
            let window = match (route.lane.wants(now), &repair) {
                (Some(Want::Again(window)), _) => window,
                (Some(Want::From(from)), _) if end.is_some_and(|end| end <= from) => continue,
                // As a whole: that is what it was compared with.
                (Some(Want::From(_)), Some(repair)) => repair.window,
                (Some(Want::From(from)), None) => {
                    let window = self.next_window(route, from);
                    if window.end > complete {
                        let wait = window.end.0.saturating_sub(complete.0);
                        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
                        *wakes = (now + wait).min(*wakes);
                        continue;
                    }
                    if !self.is_saved(route, window) {
                        waiting.push(*id);
                        continue;
                    }
                    window
                }
                (None, _) => {
                    if let Some(until) = route.lane.wakes().filter(|until| now < *until) {
                        *wakes = until.min(*wakes);
                    }
                    continue;
                }
            };
            let partition = match &repair {
                Some(_) => source.partition.clone(),
                None => route.partition(window.start),
            };
            let (source, shape) = (route.source, route.shape);
            let wanted = Wanted { source, shape, window, partition, repair, members: vec![*id] };
            match all.iter_mut().find(|known| known.is_same(&wanted)) {
                Some(known) => known.members.push(*id),
                None => all.push(wanted),
            }
        }
        let mut is_new = false;
        for (id, route) in &mut self.lanes {
            let waits = waiting.contains(id);
            is_new |= waits && !route.waits_for_save;
            route.waits_for_save = waits;
        }
        if is_new {
            self.report();
            self.published.save_wanted.notify_one();
        }
        all
    }

    /// Says whether the lane of new data beside one of older or late data has nothing to do.
    fn has_time_for_others(&self, route: &Route, complete: Millis) -> bool {
        self.lanes.values().all(|other| {
            !other.is_new()
                || other.source != route.source
                || other.sink != route.sink
                || (other.lane.is_idle()
                    && self.next_window(other, other.lane.position()).end > complete)
        })
    }

    /// Gives the window of a lane that begins at a moment. The last one of older data ends where new data begins.
    fn next_window(&self, route: &Route, from: Millis) -> Window {
        let window = route.widths.window(from, self.sources[route.source].width.base());
        match &route.role {
            Role::Older(older) => Window { end: window.end.min(older.until), ..window },
            Role::New | Role::Late(_) => window,
        }
    }

    /// Says whether a lane that begins again at its saved cursor comes to the same window.
    fn is_saved(&self, route: &Route, window: Window) -> bool {
        let source = &self.sources[route.source];
        let lane = route.role.lane_of(&source.plan.name);
        let saved = self.saved.borrow();
        // A lane that is not there is saved by nobody.
        let own = route.partition(window.start);
        saved.place(&lane, &self.sinks[route.sink].plan.name).is_none_or(|place| {
            let base = source.width.base();
            let partition = place.parts.at(window.start);
            let is_divided_so = partition.map_or(own.is_whole(), |partition| *partition == own);
            (is_divided_so || !self.is_savable(&own))
                && window.start < place.widths.ahead(place.cursor, base)
                && place.widths.window(window.start, base)
                    == route.widths.window(window.start, base)
        })
    }

    /// Lets reads go on whose partitions are saved. Gives the lanes that wait for it.
    fn divided_reads(&mut self) -> Vec<u64> {
        let mut waiting = Vec::new();
        for index in 0..self.reads.len() {
            let read = &self.reads[index];
            if read.go_on.is_none() {
                continue;
            }
            let waits = |id: &&u64| {
                self.lanes.get(id).is_some_and(|route| !self.is_saved(route, read.window))
            };
            let before = waiting.len();
            waiting.extend(read.members.iter().filter(waits));
            if waiting.len() == before
                && let Some(go_on) = self.reads[index].go_on.take()
            {
                go_on.send(()).ok(); // the read may have been aborted
            }
        }
        waiting
    }

    /// Gives other widths to the lanes whose own do not fit any more: from where nothing can have been sent.
    pub(super) fn choose_widths(&mut self, store_now: Millis, now: Instant) {
        for route in self.lanes.values_mut() {
            let source = &self.sources[route.source];
            let complete = store_now - source.plan.lag_min;
            let complete = match &route.role {
                Role::New => complete,
                Role::Older(older) => older.until.min(complete),
                Role::Late(_) => continue,
            };
            let Some(Want::From(from)) = route.lane.wants(now) else { continue };
            let from = from.max(route.sent_until);
            let collected = source.collected(route, from);
            if let Some(better) = source.width.better(&route.widths, from, complete, collected) {
                route.widths.set(from, &better);
            }
            let cursor = route.lane.cursor();
            route.widths.forget(cursor, source.width.base());
            route.parts.forget(cursor, Partition::is_whole);
        }
    }

    /// Says whether a window is read now, or waits for a lane that will want it soon.
    pub(super) fn may_begin(&mut self, wanted: &Wanted, now: Instant, wakes: &mut Instant) -> bool {
        let comes_soon = self.lanes.iter().any(|(id, route)| {
            wanted.repair.is_none()
                && !matches!(route.role, Role::Late(_))
                && !wanted.members.contains(id)
                && route.source == wanted.source
                && route.shape == wanted.shape
                && route.lane.is_healthy()
                && route.lane.position() == wanted.window.start
        });
        let Window { start, end } = wanted.window;
        let key = (wanted.source, start.0, end.0);
        if comes_soon {
            let since = *self.together.entry(key).or_insert(now);
            if now < since + READ_TOGETHER_WITHIN {
                *wakes = (since + READ_TOGETHER_WITHIN).min(*wakes);
                return false;
            }
        }
        self.together.remove(&key);
        true
    }
}
