//! Keeps windows the same after a restart: their widths and partitions are saved before they are used.

use tokio::time::Instant;

use super::{Actor, Role, Route};
use crate::lane::Want;
use crate::partition::Partition;
use crate::time::{Millis, Window};

impl Actor {
    /// Notes the lanes that wait for a save, and asks for one if there are new ones.
    pub(super) fn wait_for_save(&mut self, waiting: &[u64]) {
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
    }

    /// Says whether a lane that begins again at its saved cursor comes to the same window.
    pub(super) fn is_saved(&self, route: &Route, window: Window) -> bool {
        let source = &self.sources[route.source];
        let lane = route.role.lane_of(&source.plan.name);
        let saved = self.saved.borrow();
        let own = route.partition(window.start);
        // A lane without a saved cursor has a caller that saves none.
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
    pub(super) fn divided_reads(&mut self) -> Vec<u64> {
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
}
