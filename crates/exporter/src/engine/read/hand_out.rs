//! Encodes a slice and hands out its batches.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Event, Failure, Job, Progress};
use crate::batch::Batch;
use crate::engine::audit::Found;
use crate::engine::memory::Memory;
use crate::engine::sketch::Keys;
use crate::mapping::{DeltaState, Infos, encode_part};
use crate::plan::LateData;
use crate::sink::Shared;
use crate::slice::Slice;
use crate::source::families::TARGET_INFO;

impl Job {
    /// Encodes a slice and hands out its batches, as many at once as there is memory for.
    pub(super) async fn hand_out(
        &mut self,
        (slice, memory): (Slice, Memory),
        infos: &mut Infos<'_>,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        // Before anything of it is sent.
        let series = series_of(&slice, infos);
        self.check_series(series, matches!(infos, Infos::Own), progress)?;
        let most = memory.encoded_bytes();
        if let Some(state) = &mut self.state {
            state.make_room(&slice);
        }
        let mut done = 0;
        loop {
            let mut none = match &self.repair {
                // Differences that were sent contain what came late.
                Some(_) => DeltaState::covering(),
                None => DeltaState::default(),
            };
            let (mut batches, mut bytes, mut index, mut is_cut) = (Vec::new(), 0, 0, false);
            let tally = {
                let mut take = |batch: Batch| {
                    index += 1;
                    // Batches are the same each time: those before were handed out.
                    if index <= done || is_cut {
                        return;
                    }
                    if bytes + batch.body.len() > most && bytes > 0 {
                        is_cut = true;
                        return;
                    }
                    bytes += batch.body.len();
                    batches.push(batch);
                };
                // A window that is encoded again gives the same, whatever it left in the state.
                let state = self.state.as_mut().map_or(&mut none, |kept| &mut kept.state);
                let Progress { metadata, number, .. } = &*progress;
                let shape = &self.shape;
                encode_part(&slice, self.window, metadata, shape, infos, state, *number, &mut take)
            };
            progress.summary.bytes += bytes as u64;
            for batch in batches {
                done += 1;
                self.give(batch).await?;
            }
            if !is_cut {
                let summary = &mut progress.summary;
                summary.series += series;
                if self.repair.is_none() {
                    note(&slice, self.source.late_data, infos, &mut summary.found);
                }
                progress.number += done;
                summary.tally.add(tally);
                return Ok(());
            }
        }
    }

    /// Says whether the tenant may have so many series more in this window. What comes late is few; its window is wide, so it
    /// is not counted.
    fn check_series(&self, more: u64, is_all: bool, progress: &Progress) -> Result<(), Failure> {
        let series = progress.summary.series + more;
        if self.repair.is_some() || series <= self.world.settings.tenant.series_max {
            return Ok(());
        }
        Err(Failure::TooManySeries(is_all.then_some(series)))
    }

    async fn give(&self, batch: Batch) -> Result<(), Failure> {
        *self.blocked.lock().expect("no holder panics") = Some(Instant::now());
        let bytes = batch.body.len();
        let memory =
            Memory::sending(&self.world.sending, &self.tenant_name, &self.room, bytes).await;
        *self.blocked.lock().expect("no holder panics") = None;
        let batch = Arc::new(Shared::new(batch, Some(Arc::new(memory))));
        let event = Event::Batch { read: self.id, batch };
        self.events.send(event).await.map_err(|_gone| Failure::Abandoned)
    }
}

/// Counts the series of a slice that belong to it.
fn series_of(slice: &Slice, infos: &Infos<'_>) -> u64 {
    let is_borrowed = matches!(infos, Infos::Borrowed(_));
    let own = slice.series().filter(|series| !is_borrowed || series.name() != TARGET_INFO);
    own.count() as u64
}

/// Notes the samples of a slice for the audit, as a store counts them: without stale markers.
pub(super) fn note(slice: &Slice, late: LateData, infos: &Infos<'_>, found: &mut Found) {
    if late == LateData::Off {
        return;
    }
    let is_borrowed = matches!(infos, Infos::Borrowed(_));
    for series in slice.series() {
        if is_borrowed && series.name() == TARGET_INFO {
            continue; // it is noted where it belongs
        }
        let keys = (late == LateData::Repair).then(|| Keys::of(series));
        for sample in series.samples {
            let key = keys.map(|keys| keys.at(sample.time));
            found.add(sample.time, key, !sample.is_stale());
        }
        for histogram in series.histograms {
            found.add(histogram.time, keys.map(|keys| keys.at(histogram.time)), true);
        }
    }
}
