//! Reads what the lanes want to read, once for all that want the same.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::{Actor, Read, Route};
use crate::engine::read::{Event, Failure, Job, Learned, Summary};
use crate::lane::Want;
use crate::limits::{
    READ_TOGETHER_WITHIN, SOURCE_READS_MAX, STORE_ASKED_AGAIN_AFTER, STORE_WRONG_FOR,
};
use crate::mapping::{DeltaState, Shape};
use crate::plan::Temporality;
use crate::report::Problem;
use crate::time::{Millis, Window};

/// A window that lanes want.
struct Wanted {
    source: usize,
    shape: Shape,
    window: Window,
    members: Vec<u64>,
}

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
        let mut wanted = self.wanted(store_now, now, wakes);
        // New data first: a lane that is behind delays no other.
        wanted.sort_by_key(|wanted| std::cmp::Reverse(wanted.window.start));
        for wanted in wanted {
            let reads = self.reads.iter().filter(|read| read.source == wanted.source).count();
            // Differences need one window after the other.
            let is_ordered = wanted.shape.temporality == Temporality::Delta
                && self
                    .reads
                    .iter()
                    .any(|read| read.source == wanted.source && read.shape == wanted.shape);
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
            give.send(Event::Time(asked)).await.ok(); // the actor ends
        });
    }

    /// Gives the windows that lanes want and that are complete.
    fn wanted(&self, store_now: Millis, now: Instant, wakes: &mut Instant) -> Vec<Wanted> {
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
            if route.older.is_some() && !self.has_time_for_older(route, complete) {
                continue;
            }
            let end = route.older.as_ref().map(|older| older.until);
            let before = end.map_or(complete, |end| end.min(complete));
            let window = match route.lane.wants(now) {
                Some(Want::Again(window)) => window,
                Some(Want::From(from)) if end.is_some_and(|end| end <= from) => continue,
                Some(Want::From(from)) => match source.width.choose(from, before) {
                    Some(window) => window,
                    // The last piece, up to where new data begins.
                    None if end == Some(before) => Window { start: from, end: before },
                    None => {
                        let wait = source.width.complete(from).0.saturating_sub(before.0);
                        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
                        *wakes = (now + wait).min(*wakes);
                        continue;
                    }
                },
                None => {
                    if let Some(until) = route.lane.wakes().filter(|until| now < *until) {
                        *wakes = until.min(*wakes);
                    }
                    continue;
                }
            };
            let same = all.iter_mut().find(|wanted| {
                wanted.source == route.source
                    && wanted.shape == route.shape
                    && wanted.window == window
            });
            match same {
                Some(wanted) => wanted.members.push(*id),
                None => all.push(Wanted {
                    source: route.source,
                    shape: route.shape,
                    window,
                    members: vec![*id],
                }),
            }
        }
        all
    }

    /// Says whether the lane of new data beside one of older data has nothing to do.
    fn has_time_for_older(&self, route: &Route, complete: Millis) -> bool {
        let source = &self.sources[route.source];
        self.lanes.values().all(|other| {
            other.older.is_some()
                || other.source != route.source
                || other.sink != route.sink
                || (other.lane.is_idle()
                    && source.width.choose(other.lane.position(), complete).is_none())
        })
    }

    /// Says whether a window is read now, or waits for a lane that will want it soon.
    fn may_begin(&mut self, wanted: &Wanted, now: Instant, wakes: &mut Instant) -> bool {
        let comes_soon = self.lanes.iter().any(|(id, route)| {
            !wanted.members.contains(id)
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

    fn begin(&mut self, wanted: Wanted) {
        let Wanted { source: index, shape, window, members } = wanted;
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
                && route.older.is_none()
                && route.lane.position() > window.start
        });
        let source = &mut self.sources[index];
        let room = if is_behind { &source.side_room } else { &source.room }.clone();
        let state = source.take_state(shape, window);
        let blocked = Arc::new(Mutex::new(None));
        let job = Job {
            id,
            world: Arc::clone(&self.world),
            tenant: Arc::clone(&self.tenant),
            tenant_name: Arc::clone(&self.tenant_name),
            source: source.plan.clone(),
            window,
            shape,
            learned: source.learned.clone(),
            state,
            room,
            blocked: Arc::clone(&blocked),
            events: self.give.clone(),
        };
        let is_wide = !source.width.is_narrow();
        let task = self.tasks.spawn(job.run(is_wide));
        self.reads.push(Read { id, source: index, shape, window, members, blocked, task });
    }

    /// Takes what a task says.
    pub(super) fn happened(&mut self, event: Event, now: Instant) {
        match event {
            Event::Batch { read, batch } => {
                let Some(read) = self.reads.iter().find(|known| known.id == read) else { return };
                for member in &read.members {
                    if let Some(route) = self.lanes.get_mut(member) {
                        route.lane.give(&batch, now);
                    }
                }
            }
            Event::Done { read, learned, state, result } => {
                self.done(read, learned, state, result, now);
            }
            Event::Time(result) => {
                self.asks_time = false;
                if let Err(error) = result {
                    self.asks_not_before = now + STORE_ASKED_AGAIN_AFTER;
                    for index in 0..self.sources.len() {
                        self.store_failed(index, &error, now);
                    }
                }
            }
            Event::Counted { source, window, result } => {
                self.counted(&source, window, result, now);
            }
            Event::Skipped { lane, window, points } => {
                if let Some(route) = self.lanes.get_mut(&lane) {
                    route.lane.skipped(window, points);
                }
            }
        }
    }

    fn done(
        &mut self,
        id: u64,
        learned: Learned,
        state: Option<DeltaState>,
        result: Result<Summary, Failure>,
        now: Instant,
    ) {
        let Some(index) = self.reads.iter().position(|read| read.id == id) else { return };
        let Read { source: source_index, shape, window, members, .. } = self.reads.remove(index);
        let source = &mut self.sources[source_index];
        source.learned = learned;
        match state.filter(|_| result.is_ok()) {
            Some(state) => source.keep_state(shape, window, state),
            None => source.forget_state(shape),
        }
        let is_too_wide = matches!(result, Err(Failure::TooWide));
        for member in &members {
            let Some(route) = self.lanes.get_mut(member) else { continue };
            match &result {
                Ok(_) => route.lane.end(window),
                Err(_) => route.lane.fail(window, is_too_wide),
            }
        }
        match result {
            Ok(summary) => {
                source.series = summary.series;
                (source.error, source.failures, source.not_before) = (None, 0, None);
                source.width.learn(summary.bytes, summary.took);
                source.note(window, summary.counted);
            }
            Err(Failure::TooWide) => source.width.narrow(),
            Err(Failure::TooManySeries) => {
                let most = self.world.settings.tenant.series_max;
                let text = format!("the tenant may have {most} series in a window");
                source.error = Some(Problem::new("TooManySeries", None, &text, self.world.now()));
                source.not_before = Some(now + STORE_WRONG_FOR);
            }
            Err(Failure::Abandoned) => {}
            Err(Failure::Store(error)) => self.store_failed(source_index, &error, now),
        }
    }

    /// Drops data that is older than the sinks want it.
    fn expire(&mut self, store_now: Millis) {
        for (id, route) in &mut self.lanes {
            let Some(age_max) = self.sinks[route.sink].plan.rate.age_max else { continue };
            let source = &self.sources[route.source];
            let before = (store_now - age_max).align_down(source.width.base());
            let Some(window) = route.lane.expire(before) else { continue };
            let crate::plan::Selection::Raw(selectors) = &source.plan.selection else { continue };
            let part = crate::source::Part { selectors: selectors.clone(), families: None };
            let (world, give) = (Arc::clone(&self.world), self.give.clone());
            let (tenant, lane) = (Arc::clone(&self.tenant), *id);
            self.tasks.spawn(async move {
                // The gap is recorded in any case; a store that cannot count leaves its points unknown.
                if let Ok(points) = world.store.count(&tenant, &part, window).await {
                    give.send(Event::Skipped { lane, window, points }).await.ok();
                }
            });
        }
    }
}
