//! Takes what reads and counts say.

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Actor, Read};
use crate::engine::kept::KeptState;
use crate::engine::read::{Event, Failure, Learned, Summary};
use crate::engine::sketch::Sketch;
use crate::limits::{PARTITIONS_AHEAD_MAX, STORE_ASKED_AGAIN_AFTER, STORE_WRONG_FOR};
use crate::partition::Partition;
use crate::report::SourceFault;
use crate::time::Window;

impl Actor {
    /// Takes what a task says.
    pub(super) fn happened(&mut self, event: Event, now: Instant) {
        match event {
            Event::Batch { read, batch } => {
                let Some(read) = self.reads.iter().find(|known| known.id == read) else { return };
                for member in read.members.clone() {
                    let reason = self.reason_to_drop(member, batch.window(), now);
                    let Some(route) = self.lanes.get_mut(&member) else { continue };
                    match reason {
                        Some(reason) => route.lane.drop_batch(&batch, reason),
                        None => route.lane.give(&batch, now),
                    }
                }
            }
            Event::Divided { read, partition, go_on } => self.divided(read, &partition, go_on),
            Event::Done { read, learned, partition, state, result } => {
                self.done(read, learned, partition, state, *result, now);
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

    /// A window is divided in another way, and with it those that follow. What was sent of it stays as it is: only a piece of
    /// which nothing was sent is divided.
    fn divided(&mut self, id: u64, partition: &Partition, go_on: oneshot::Sender<()>) {
        let Some(read) = self.reads.iter_mut().find(|read| read.id == id) else { return };
        let start = read.window.start;
        for member in read.members.iter().filter(|_| !read.is_repair) {
            if let Some(route) = self.lanes.get_mut(member) {
                route.parts.set(start, [(start, partition.clone())]);
            }
        }
        read.go_on = Some(go_on);
    }

    fn done(
        &mut self,
        id: u64,
        learned: Learned,
        partition: Partition,
        state: Option<KeptState>,
        result: Result<Summary, Failure>,
        now: Instant,
    ) {
        let Some(index) = self.reads.iter().position(|read| read.id == id) else { return };
        let Read { source: source_index, shape, window, members, is_repair, selection, .. } =
            self.reads.remove(index);
        let source = &mut self.sources[source_index];
        let is_of_another_selection = source.selection != selection;
        (source.learned, source.partition) = (learned, partition);
        match state.filter(|_| result.is_ok()) {
            _ if is_repair => {}
            Some(state) => source.keep_state(shape, window, state),
            None => source.forget_state(shape),
        }
        let is_too_wide = matches!(result, Err(Failure::TooWide));
        for member in &members {
            let Some(route) = self.lanes.get_mut(member) else { continue };
            match &result {
                Ok(summary) => {
                    route.lane.mapped(window, &summary.tally, summary.too_large);
                    route.lane.end(window);
                    let from = route.lane.position().max(route.sent_until);
                    let is_free = !is_repair && route.parts.len() < PARTITIONS_AHEAD_MAX;
                    if is_free && route.partition(from) != source.partition {
                        route.parts.set(from, [(from, source.partition.clone())]);
                    }
                }
                Err(_) => {
                    route.lane.fail(window, is_too_wide);
                    if is_too_wide {
                        let half = source.width.half(window);
                        route.widths.set(window.start, &[(window.start, half)]);
                    }
                }
            }
        }
        match result {
            Ok(summary) => self.succeeded(source_index, window, summary, now),
            Err(Failure::TooWide) => source.width.narrow(window),
            // It says nothing of what is selected now, which is read at once.
            Err(_) if is_of_another_selection => {}
            Err(Failure::TooManySeries(series)) => {
                let most = self.world.settings.tenant.series_max;
                let text = too_many_series(series, most, window);
                source.series = series.unwrap_or(most);
                source.failed(SourceFault::TooManySeries, &text, self.world.now());
                source.not_before = Some(now + STORE_WRONG_FOR);
            }
            Err(Failure::Abandoned) => {}
            Err(Failure::Store(error)) => self.store_failed(source_index, &error, now),
        }
    }

    fn succeeded(&mut self, index: usize, window: Window, summary: Summary, now: Instant) {
        let source = &mut self.sources[index];
        (source.error, source.failures, source.not_before) = (None, 0, None);
        if let Some(found) = summary.repaired {
            let memory = self.world.kept.reserve(&self.tenant_name, Sketch::BYTES);
            source.audit.found(window, found, memory);
            return;
        }
        source.series = summary.series;
        let windows =
            window.millis().unsigned_abs() / source.width.base().as_millis().max(1) as u64;
        source.points_each = summary.tally.points / windows.max(1);
        source.width.learn(window, summary.bytes, summary.took);
        if summary.too_large > 0 {
            let samples = summary.too_large;
            let text = format!(
                "{samples} samples of series that differ in buckets or quantiles only are more than memory allows; they are dropped"
            );
            source.failed(SourceFault::TooLarge, &text, self.world.now());
        }
        if let Some(store_now) = self.world.store_now(now).0 {
            let (kept, tenant) = (&self.world.kept, &self.tenant_name);
            let memory = || kept.reserve(tenant, Sketch::BYTES);
            self.sources[index].note(window, summary.found, store_now, &memory);
        }
    }
}

/// Says what to do about a source that is not read. Its lanes keep their cursors, and it is tried again now and then.
fn too_many_series(series: Option<u64>, most: u64, window: Window) -> String {
    let series = series.map_or_else(|| format!("more than {most}"), |series| series.to_string());
    let seconds = window.millis() as f64 / 1000.0;
    format!(
        "it has {series} series in {seconds} s, and {most} are allowed: select less, or have the operator raise \
         `limits.tenant.series_max`; nothing is dropped, and it goes on where it stopped"
    )
}
