//! Reads what the lanes want to read, once for all that want the same.

use std::sync::{Arc, Mutex};

use tokio::time::Instant;

use super::wanted::Wanted;
use super::{Actor, Read, Role};
use crate::engine::read::{Event, Job};
use crate::limits::SOURCE_READS_MAX;
use crate::plan::Temporality;
use crate::source::Cuts;
use crate::time::Millis;

impl Actor {
    /// Starts all reads that may be started now.
    pub(super) fn start_reads(&mut self, now: Instant, wakes: &mut Instant) {
        let (store_now, is_old) = self.world.store_now(now);
        if let Some(until) = self.world.paused_until(now) {
            *wakes = until.min(*wakes);
            return;
        }
        if is_old {
            self.ask_time(now, wakes);
        }
        let Some(store_now) = store_now else { return };
        self.expire(store_now);
        self.choose_widths(store_now, now);
        let mut wanted = self.wanted(store_now, now, wakes);
        // New data first: a lane that is behind delays no other.
        wanted.sort_by_key(|wanted| std::cmp::Reverse(wanted.window.start));
        for wanted in wanted {
            let reads = self.reads.iter().filter(|read| read.source == wanted.source).count();
            // Differences need one window after the other.
            let is_ordered = wanted.shape.temporality == Temporality::Delta
                && wanted.repair.is_none()
                && self.reads.iter().any(|read| {
                    !read.is_repair && read.source == wanted.source && read.shape == wanted.shape
                });
            if reads < SOURCE_READS_MAX && !is_ordered && self.may_begin(&wanted, now, wakes) {
                self.begin(wanted);
            }
        }
    }

    fn ask_time(&mut self, now: Instant, wakes: &mut Instant) {
        if self.asks_time || self.lanes.is_empty() || self.plan.is_suspended {
            return;
        }
        if now < self.asks_not_before {
            *wakes = self.asks_not_before.min(*wakes);
            return;
        }
        self.asks_time = true;
        let (world, give) = (Arc::clone(&self.world), self.give.clone());
        self.tasks.spawn(async move {
            let asked = world.ask_time().await;
            // It fails only when the actor is gone: then nobody waits for the time.
            give.send(Event::Time(asked)).await.ok();
        });
    }

    fn begin(&mut self, wanted: Wanted) {
        let Wanted { source: index, shape, window, partition, repair, members } = wanted;
        for id in &members {
            if let Some(route) = self.lanes.get_mut(id) {
                route.lane.begin(window);
            }
        }
        let id = self.id();
        // One that is behind must not fill the room of the others.
        let is_behind = self.lanes.iter().any(|(id, route)| {
            route.source == index
                && !members.contains(id)
                && route.lane.is_healthy()
                && route.is_new()
                && route.lane.position() > window.start
        });
        let is_wide = repair.is_none()
            && members.first().and_then(|id| self.lanes.get(id)).is_some_and(|route| {
                let source = &self.sources[index];
                let narrow = source.width.base() * source.collected(route, window.start);
                window.length() > narrow
            });
        let source = &mut self.sources[index];
        let room = if is_behind { &source.side_room } else { &source.room }.clone();
        let is_repair = repair.is_some();
        let state = if is_repair { None } else { source.take_state(shape, window) };
        let blocked = Arc::new(Mutex::new(None));
        let job = Job {
            id,
            world: Arc::clone(&self.world),
            tenant: Arc::clone(&self.tenant),
            tenant_name: Arc::clone(&self.tenant_name),
            source: source.plan.clone(),
            window,
            shape,
            partition,
            learned: source.learned.clone(),
            state,
            repair,
            room,
            blocked: Arc::clone(&blocked),
            events: self.give.clone(),
        };
        let task = self.tasks.spawn(job.run(is_wide));
        let selection = source.selection;
        self.reads.push(Read {
            id,
            source: index,
            shape,
            window,
            is_repair,
            selection,
            members,
            blocked,
            go_on: None,
            task,
        });
    }

    /// Drops data that is older than the sinks want it.
    fn expire(&mut self, store_now: Millis) {
        for (id, route) in self.lanes.iter_mut() {
            if matches!(route.role, Role::Late(_)) {
                continue; // it is not read in order; each of its batches is looked at
            }
            let Some(age_max) = self.sinks[route.sink].plan.rate.age_max else { continue };
            let source = &self.sources[route.source];
            let before = (store_now - age_max).align_down(source.width.base());
            let Some(window) = route.lane.expire(before) else { continue };
            let crate::plan::Selection::Raw(selectors) = &source.plan.selection else { continue };
            let selectors = selectors.clone();
            let (world, give) = (Arc::clone(&self.world), self.give.clone());
            let (tenant, lane) = (Arc::clone(&self.tenant), *id);
            self.tasks.spawn(async move {
                // The gap is recorded in any case; a store that cannot count leaves its points unknown.
                if let Ok(part) = world.selected(&tenant, &selectors).await
                    && let Ok(points) =
                        world.store.count(&tenant, &part, &Cuts::default(), window).await
                {
                    // It fails only when the actor is gone, with the account.
                    give.send(Event::Skipped { lane, window, points }).await.ok();
                }
            });
        }
    }
}
