//! Reads one window for the lanes that want it, and hands out its batches.
//!
//! A read takes memory for a slice and for what is made of it from one pool, then moves each batch into the other pool, as
//! there is room. Senders never need the first pool, so nobody waits for himself.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::memory::{Memory, Room};
use super::partition::Partition;
use super::seams::Query;
use super::world::World;
use crate::batch::Batch;
use crate::limits::{PART_BYTES_MAX, PART_BYTES_MIN};
use crate::mapping::{DeltaState, Shape, Tally, encode, warm};
use crate::plan::{LateData, Selection, SourcePlan, Temporality, Tenant};
use crate::sink::Shared;
use crate::slice::Slice;
use crate::source::{Evaluation, Metadata, Part, ReadError};
use crate::time::Window;

/// What to read.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) world: Arc<World>,
    pub(super) tenant: Arc<Tenant>,
    pub(super) tenant_name: Arc<str>,
    pub(super) source: SourcePlan,
    pub(super) window: Window,
    pub(super) shape: Shape,
    pub(super) learned: Learned,
    /// What differences need, if it is known at the beginning of the window.
    pub(super) state: Option<DeltaState>,
    /// Memory that the source may still take.
    pub(super) room: Room,
    /// Since when the read waits for memory.
    pub(super) blocked: Arc<Mutex<Option<Instant>>>,
    pub(super) events: mpsc::Sender<Event>,
}

/// What a source learns for its next reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Learned {
    pub(super) partition: Partition,
    /// Bytes that a slice is expected to have.
    slice_bytes: usize,
}

/// What a read says.
#[derive(Debug)]
pub(super) enum Event {
    /// A batch.
    Batch { read: u64, batch: Arc<Shared> },
    /// It came to its end.
    Done {
        read: u64,
        learned: Learned,
        /// What differences need, if it is known.
        state: Option<DeltaState>,
        result: Result<Summary, Failure>,
    },
    /// The store was asked for its time.
    Time(Result<(), ReadError>),
    /// Points that were too old to be read were counted.
    Skipped { lane: u64, window: Window, points: u64 },
    /// Samples of a time were counted again.
    Counted { source: String, window: Window, result: Result<u64, ReadError> },
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) series: u64,
    pub(super) bytes: u64,
    pub(super) tally: Tally,
    /// Samples that the store counts: all but stale markers.
    pub(super) counted: u64,
    pub(super) took: Duration,
}

/// Why a window was not read to its end.
#[derive(Debug)]
pub(super) enum Failure {
    /// The store.
    Store(ReadError),
    /// The window is wide, and has a family of metrics that is too large.
    TooWide,
    /// The tenant may not have so many series.
    TooManySeries,
    /// Nobody waits for it any more.
    Abandoned,
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Store(error)
    }
}

impl Job {
    /// Reads the window. `is_wide` says whether a narrower one could be read instead.
    pub(super) async fn run(mut self, is_wide: bool) {
        let began = Instant::now();
        let result =
            self.read(is_wide).await.map(|summary| Summary { took: began.elapsed(), ..summary });
        let Self { id: read, learned, state, events, .. } = self;
        // The actor is gone when nobody wants to know.
        events.send(Event::Done { read, learned, state, result }).await.ok();
    }

    async fn read(&mut self, is_wide: bool) -> Result<Summary, Failure> {
        let world = Arc::clone(&self.world);
        let metadata = world.metadata(&self.tenant).await?;
        if self.state.is_none() && self.shape.temporality == Temporality::Delta {
            self.state = Some(self.rebuilt_state(&metadata).await?);
        }
        let mut summary = Summary::default();
        let mut number = 0;
        let selectors = match &self.source.selection {
            Selection::Raw(selectors) if selectors.is_empty() => return Ok(summary),
            Selection::Raw(selectors) => selectors.clone(),
            Selection::Expression { expr, step } => {
                let evaluation = Evaluation { expr: expr.clone(), step: *step };
                let query = Query::Expression(&evaluation);
                let slice = self.slice(query, self.window).await;
                self.hand_out(slice?, &metadata, &mut summary, &mut number).await?;
                return Ok(summary);
            }
        };
        if self.learned.partition.is_whole() {
            let part = Part { selectors: selectors.clone(), families: None };
            match self.slice(Query::Raw(&part), self.window).await {
                Ok(slice) => {
                    self.hand_out(slice, &metadata, &mut summary, &mut number).await?;
                    return Ok(summary);
                }
                Err(ReadError::TooLarge { .. }) if is_wide => return Err(Failure::TooWide),
                Err(ReadError::TooLarge { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let all = Part { selectors: selectors.clone(), families: None };
        let families = world.store.families(&self.tenant, &all, self.window).await?;
        let mut parts = if self.learned.partition.is_whole() {
            // It was too large as a whole just now.
            match self.learned.partition.split(families) {
                Some(halves) => halves.to_vec(),
                None => return Err(too_large().into()),
            }
        } else {
            self.learned.partition.parts(families)
        };
        parts.reverse();
        let mut sizes = Vec::new();
        while let Some(families) = parts.pop() {
            let part = Part { selectors: selectors.clone(), families: Some(families) };
            match self.slice(Query::Raw(&part), self.window).await {
                Ok((slice, memory)) => {
                    let first = part.families.and_then(|families| families.into_iter().next());
                    sizes.push((first.unwrap_or_default(), slice.bytes()));
                    self.hand_out((slice, memory), &metadata, &mut summary, &mut number).await?;
                }
                Err(ReadError::TooLarge { .. }) => {
                    let families = part.families.unwrap_or_default();
                    match self.learned.partition.split(families) {
                        Some([first, second]) => parts.extend([second, first]),
                        None if is_wide => return Err(Failure::TooWide),
                        None => return Err(too_large().into()),
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.learned.partition.learn(&sizes);
        Ok(summary)
    }

    /// Reads the time before the window, and forgets it but for the last values.
    async fn rebuilt_state(&mut self, metadata: &Metadata) -> Result<DeltaState, Failure> {
        let mut state = DeltaState::default();
        let Selection::Raw(selectors) = &self.source.selection else { return Ok(state) };
        if selectors.is_empty() {
            return Ok(state);
        }
        let before = Window {
            start: self.window.start - crate::limits::DELTA_LOOKBACK,
            end: self.window.start,
        };
        let all = Part { selectors: selectors.clone(), families: None };
        let world = Arc::clone(&self.world);
        let families = world.store.families(&self.tenant, &all, before).await?;
        let mut parts = self.learned.partition.parts(families);
        parts.reverse();
        while let Some(families) = parts.pop() {
            let part = Part { selectors: all.selectors.clone(), families: Some(families) };
            match self.slice(Query::Raw(&part), before).await {
                Ok((slice, _memory)) => {
                    warm(&slice, before, metadata, &self.shape, &mut state);
                }
                Err(ReadError::TooLarge { .. }) => {
                    match self.learned.partition.split(part.families.unwrap_or_default()) {
                        Some([first, second]) => parts.extend([second, first]),
                        None => return Err(too_large().into()),
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(state)
    }

    /// Reads a slice, with memory for it and for what is made of it.
    async fn slice(
        &mut self,
        query: Query<'_>,
        window: Window,
    ) -> Result<(Slice, Memory), ReadError> {
        let mut bytes = self.learned.slice_bytes.clamp(PART_BYTES_MIN, PART_BYTES_MAX);
        loop {
            let memory = Memory::reading(&self.world.reading, &self.tenant_name, bytes).await;
            let own = self.world.tenants.request(&self.tenant_name).await;
            let request = self.world.requests.acquire().await.expect("it is never closed");
            let read = self.world.store.read(&self.tenant, query, window, bytes).await;
            drop(request);
            match read {
                Ok(slice) => {
                    own.read(slice.bytes());
                    // Twice as much as it was, so that small changes need no second request.
                    self.learned.slice_bytes = slice.bytes().saturating_mul(2);
                    return Ok((slice, memory));
                }
                Err(ReadError::TooLarge { .. }) if bytes < PART_BYTES_MAX => {
                    own.read(bytes);
                    bytes = (bytes * 4).min(PART_BYTES_MAX);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Encodes a slice and hands out its batches, as many at once as there is memory for.
    async fn hand_out(
        &mut self,
        (slice, memory): (Slice, Memory),
        metadata: &Metadata,
        summary: &mut Summary,
        number: &mut u32,
    ) -> Result<(), Failure> {
        let most = memory.encoded_bytes();
        let mut done = 0;
        loop {
            let mut none = DeltaState::default();
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
                let state = self.state.as_mut().unwrap_or(&mut none);
                encode(&slice, self.window, metadata, &self.shape, state, *number, &mut take)
            };
            summary.bytes += bytes as u64;
            for batch in batches {
                done += 1;
                self.give(batch).await?;
            }
            if !is_cut {
                summary.series += slice.len() as u64;
                if self.source.late_data != LateData::Off {
                    summary.counted += counted(&slice);
                }
                if summary.series > self.world.settings.tenant.series_max {
                    return Err(Failure::TooManySeries);
                }
                *number += done;
                summary.tally += tally;
                return Ok(());
            }
        }
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

/// Counts as a store does.
fn counted(slice: &Slice) -> u64 {
    let of = |series: crate::slice::Series<'_>| {
        let numbers = series.samples.iter().filter(|sample| !sample.is_stale()).count();
        numbers + series.histograms.len()
    };
    slice.series().map(of).sum::<usize>() as u64
}

fn too_large() -> ReadError {
    ReadError::TooLarge { bytes_max: PART_BYTES_MAX }
}
