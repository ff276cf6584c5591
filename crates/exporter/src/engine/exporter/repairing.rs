//! Sends what came late, beside the new data.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Actor, Late, Role, Route};
use crate::engine::audit::Repair;
use crate::report::DropReason;
use crate::time::{Millis, Window};

impl Late {
    /// Nothing of it is sent any more; gives what that was.
    pub(super) fn abandon(&mut self) -> Vec<Window> {
        self.is_begun = false;
        self.todo.drain(..).map(|repair| repair.window).collect()
    }
}

impl Actor {
    /// Gives the lanes that get what came late of a time: those of a source that have read it. Others will read it anyway.
    pub(super) fn lanes_to_repair(&self, source: usize, from: Millis) -> Vec<u64> {
        let has_read = |sink: usize| {
            self.lanes.values().any(|route| {
                route.is_new()
                    && (route.source, route.sink) == (source, sink)
                    && route.lane.position() > from
            })
        };
        let late = self.lanes.iter().filter(|(_, route)| {
            matches!(route.role, Role::Late(_)) && route.source == source && has_read(route.sink)
        });
        late.map(|(id, _)| *id).collect()
    }

    /// Gives lanes a repair to do.
    pub(super) fn repair(&mut self, lanes: &[u64], repair: Repair) {
        let repair = Arc::new(repair);
        for id in lanes {
            if let Some(Route { role: Role::Late(late), .. }) = self.lanes.get_mut(id) {
                late.todo.push_back(Arc::clone(&repair));
            }
        }
    }

    /// Ends the repairs that are settled, and begins the next ones.
    pub(super) fn start_repairs(&mut self, now: Instant) {
        let Some(store_now) = self.world.store_now(now).0 else { return };
        for route in self.lanes.values_mut() {
            let Role::Late(late) = &mut route.role else { continue };
            while let Some(repair) = late.todo.front() {
                if !late.is_begun {
                    late.is_begun = route.lane.jump(repair.window.start);
                    break;
                }
                if route.lane.cursor() < repair.window.end {
                    break;
                }
                self.sources[route.source].audit.repaired(repair.window, store_now);
                late.todo.pop_front();
                late.is_begun = false;
            }
        }
    }

    /// Says why a lane of late data drops what is of a time, if it does: the receiver would reject it.
    pub(super) fn reason_to_drop(
        &self,
        lane: u64,
        window: Window,
        now: Instant,
    ) -> Option<DropReason> {
        let route = self.lanes.get(&lane).filter(|route| matches!(route.role, Role::Late(_)))?;
        let sink = &self.sinks[route.sink].plan;
        let store_now = self.world.store_now(now).0;
        if let (Some(age_max), Some(store_now)) = (sink.rate.age_max, store_now)
            && window.start < store_now - age_max
        {
            return Some(DropReason::TooOld);
        }
        let newest = self.lanes.values().filter(|other| {
            other.is_new() && (other.source, other.sink) == (route.source, route.sink)
        });
        let newest = newest.map(|other| other.lane.cursor()).max()?;
        let window_of_receiver = sink.accepts.out_of_order?;
        (window.start < newest - window_of_receiver).then_some(DropReason::OutOfOrder)
    }
}
