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
        self.wait_for_save(&waiting);
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
