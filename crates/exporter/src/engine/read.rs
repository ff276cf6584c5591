//! Reads one window for the lanes that want it, and hands out its batches.
//!
//! A read takes memory for a slice and for what is made of it from one pool, then moves each batch into the other pool, as
//! there is room. Senders never need the first pool, so nobody waits for himself.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::audit::{Found, Repair};
use super::kept::KeptState;
use super::memory::Room;
use super::seams::Query;
use super::sketch::Sketch;
use super::world::World;
use crate::limits::PART_BYTES_GOOD;
use crate::mapping::{Infos, Shape, Tally, Targets};
use crate::partition::{Partition, Piece};
use crate::plan::{Selection, SourcePlan, Temporality, Tenant};
use crate::sink::Shared;
use crate::source::families::TARGET_INFO;
use crate::source::{Evaluation, Metadata, Part, ReadError, Seen};
use crate::time::Window;

mod hand_out;
mod late;
mod slices;
mod warm;

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
    /// How the window is divided if it is too large.
    pub(super) partition: Partition,
    pub(super) learned: Learned,
    /// What differences need, if it is known at the beginning of the window.
    pub(super) state: Option<KeptState>,
    /// Only what is missing is read.
    pub(super) repair: Option<Arc<Repair>>,
    /// Memory that the source may still take.
    pub(super) room: Room,
    /// Since when the read waits for memory.
    pub(super) blocked: Arc<Mutex<Option<Instant>>>,
    pub(super) events: mpsc::Sender<Event>,
}

/// What a source learns for its next reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Learned {
    /// Bytes that a slice is expected to have.
    slice_bytes: usize,
    /// How many series the window before had, if that is known.
    series: Option<u64>,
}

/// What a read says.
#[derive(Debug)]
pub(super) enum Event {
    Batch {
        read: u64,
        batch: Arc<Shared>,
    },
    /// The window has to be divided in another way. It goes on when that is saved.
    Divided {
        read: u64,
        partition: Partition,
        go_on: oneshot::Sender<()>,
    },
    /// It came to its end.
    Done {
        read: u64,
        learned: Learned,
        /// How the next windows should be divided.
        partition: Partition,
        /// What differences need, if it is known.
        state: Option<KeptState>,
        /// Boxed, so that the other events stay small.
        result: Box<Result<Summary, Failure>>,
    },
    /// The store was asked for its time.
    Time(Result<(), ReadError>),
    /// Points that were too old to be read were counted.
    Skipped {
        lane: u64,
        window: Window,
        points: u64,
    },
    /// Samples of a time were counted again.
    Counted {
        source: String,
        window: Window,
        result: Result<u64, ReadError>,
    },
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) series: u64,
    pub(super) bytes: u64,
    pub(super) tally: Tally,
    /// What the audit has to know.
    pub(super) found: Found,
    /// What there is of a time that was repaired.
    pub(super) repaired: Option<(u64, Sketch)>,
    /// Samples of series that are too large for memory and cannot be divided.
    pub(super) too_large: u64,
    pub(super) took: Duration,
}

/// Why a window was not read to its end.
#[derive(Debug)]
pub(super) enum Failure {
    Store(ReadError),
    /// The window is wide, and has a family of metrics that is too large.
    TooWide,
    /// The tenant may not have so many series. The number that the window has, if the store could count it.
    TooManySeries(Option<u64>),
    /// Nobody waits for it any more.
    Abandoned,
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Store(error)
    }
}

/// What a window is read for.
#[derive(Debug)]
struct Progress {
    metadata: Arc<Metadata>,
    summary: Summary,
    /// The number of the next batch.
    number: u32,
}

impl Job {
    /// Reads the window. `is_wide` says whether a narrower one could be read instead.
    pub(super) async fn run(mut self, is_wide: bool) {
        let began = Instant::now();
        let result = match self.read(is_wide).await {
            Ok(summary) => {
                if self.repair.is_none() {
                    self.learned.series = Some(summary.series);
                }
                Ok(Summary { took: began.elapsed(), ..summary })
            }
            // Series come and go: a narrower window has fewer.
            Err(Failure::TooManySeries(_)) if is_wide => Err(Failure::TooWide),
            Err(Failure::TooManySeries(counted)) => {
                // The next window is counted before it is read.
                self.learned.series = None;
                let counted = match counted {
                    Some(series) => Some(series),
                    None => self.counted_series().await,
                };
                Err(Failure::TooManySeries(counted))
            }
            Err(failure) => Err(failure),
        };
        let Self { id: read, learned, partition, mut state, events, .. } = self;
        if let Some(state) = &mut state {
            state.give_back();
        }
        // It fails only when the actor is gone: then nobody wants to know.
        let result = Box::new(result);
        events.send(Event::Done { read, learned, partition, state, result }).await.ok();
    }

    async fn read(&mut self, is_wide: bool) -> Result<Summary, Failure> {
        let world = Arc::clone(&self.world);
        let metadata = world.metadata(&self.tenant).await?;
        if self.repair.is_some() {
            self.state = None;
        } else if self.state.is_none() && self.shape.temporality == Temporality::Delta {
            self.state = Some(self.rebuilt_state(&metadata).await?);
        }
        let mut progress = Progress { metadata, summary: Summary::default(), number: 0 };
        let all = match &self.source.selection {
            Selection::Raw(selectors) if selectors.is_empty() => return Ok(progress.summary),
            Selection::Raw(selectors) => {
                world.selected_by(&self.tenant, selectors, &progress.metadata)
            }
            Selection::Expression { expr, step } => {
                let evaluation = Evaluation { expr: expr.clone(), step: *step };
                let slice = self.slice(Query::Expression(&evaluation), self.window).await?;
                self.hand_out(slice, &mut Infos::Own, &mut progress).await?;
                return Ok(progress.summary);
            }
        };
        if let Some(repair) = self.repair.clone() {
            self.repair(&all, &repair, &mut progress).await?;
            return Ok(progress.summary);
        }
        let mut too_large = Seen::default();
        if self.partition.is_whole() {
            match self.slice(Query::Raw(&all), self.window).await {
                Ok(slice) => {
                    self.hand_out(slice, &mut Infos::Own, &mut progress).await?;
                    return Ok(progress.summary);
                }
                Err(ReadError::TooLarge { .. }) if is_wide => return Err(Failure::TooWide),
                Err(ReadError::TooLarge { seen, .. }) => too_large = seen,
                Err(error) => return Err(error.into()),
            }
        } else if is_wide {
            return Err(Failure::TooWide); // a narrower one may not have to be read in parts
        }
        self.count_first().await?;
        self.read_parts(&all, &too_large, &mut progress).await?;
        Ok(progress.summary)
    }

    /// Stops before the first part is sent if the window has too many series: parts that were sent would be sent again
    /// whenever it is tried. The store is not asked where the window before had far fewer.
    async fn count_first(&self) -> Result<(), Failure> {
        let most = self.world.settings.tenant.series_max;
        if self.learned.series.is_some_and(|series| series <= most / 2) {
            return Ok(());
        }
        // A store that cannot say it now is counted as it is read.
        match self.counted_series().await {
            Some(series) if series > most => Err(Failure::TooManySeries(Some(series))),
            _ => Ok(()),
        }
    }

    /// Reads the window in parts, each with the series that describe its targets.
    async fn read_parts(
        &mut self,
        all: &Part,
        seen: &Seen,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let world = Arc::clone(&self.world);
        let mut families = world.store.families(&self.tenant, all, self.window).await?;
        let has_infos = families.iter().any(|family| family == TARGET_INFO);
        families.retain(|family| family != TARGET_INFO);
        let mut targets = Targets::default();
        let mut parts = self.divided(families, seen).await?;
        parts.reverse();
        let mut sizes = Vec::new();
        while let Some(piece) = parts.pop() {
            match self.piece(all, &piece, has_infos, self.window).await {
                Ok(slice) => {
                    sizes.push((piece, slice.0.bytes()));
                    let mut infos = Infos::Borrowed(&mut targets);
                    self.hand_out(slice, &mut infos, progress).await?;
                }
                Err(ReadError::TooLarge { seen, .. }) => {
                    match self.divide(piece.clone(), &seen).await? {
                        Some(smaller) => parts.extend(smaller.into_iter().rev()),
                        None => progress.summary.too_large += self.counted(all, &piece).await?,
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        let infos = Piece { families: vec![TARGET_INFO.to_owned()], ..Piece::default() };
        let mut parts =
            if has_infos { self.divided(infos.families, seen).await? } else { Vec::new() };
        parts.reverse();
        while let Some(piece) = parts.pop() {
            match self.piece(all, &piece, false, self.window).await {
                Ok(slice) => self.hand_out(slice, &mut Infos::Rest(&targets), progress).await?,
                Err(ReadError::TooLarge { seen, .. }) => {
                    match self.divide(piece.clone(), &seen).await? {
                        Some(smaller) => parts.extend(smaller.into_iter().rev()),
                        None => progress.summary.too_large += self.counted(all, &piece).await?,
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        // Half of what is too large, so that they are not divided again at once.
        let good = PART_BYTES_GOOD.min(self.world.part_bytes_max / 2);
        // The next windows are divided by it.
        self.partition.learn(&sizes, good);
        Ok(())
    }

    /// Divides families for good; see [`pieces`](Self::pieces).
    async fn divided(&mut self, families: Vec<String>, seen: &Seen) -> Result<Vec<Piece>, Failure> {
        let before = self.partition.clone();
        let pieces = self.pieces(families, seen);
        self.saved(&before).await?;
        Ok(pieces)
    }

    /// Divides a piece that is too large, for good.
    async fn divide(&mut self, piece: Piece, seen: &Seen) -> Result<Option<Vec<Piece>>, Failure> {
        let before = self.partition.clone();
        let smaller = self.partition.split(piece, seen);
        self.saved(&before).await?;
        Ok(smaller)
    }

    /// Waits until the partition is saved, if it is another one than before.
    async fn saved(&self, before: &Partition) -> Result<(), Failure> {
        if self.partition == *before {
            return Ok(());
        }
        let (go_on, goes_on) = oneshot::channel();
        let event = Event::Divided { read: self.id, partition: self.partition.clone(), go_on };
        self.events.send(event).await.map_err(|_gone| Failure::Abandoned)?;
        goes_on.await.map_err(|_gone| Failure::Abandoned)
    }

    /// Asks the store how many series the window has, for those who have to select less; none if it cannot say.
    async fn counted_series(&self) -> Option<u64> {
        let Selection::Raw(selectors) = &self.source.selection else { return None };
        let world = &self.world;
        let part = world.selected(&self.tenant, selectors).await.ok()?;
        let _own = world.tenants.request(&self.tenant_name).await;
        let _request = world.requests.acquire().await.expect("it is never closed");
        world.store.series(&self.tenant, &part, self.window).await.ok()
    }

    /// Counts what cannot be read.
    async fn counted(&self, all: &Part, piece: &Piece) -> Result<u64, ReadError> {
        let part =
            Part { selectors: all.selectors.clone(), families: Some(piece.families.clone()) };
        self.world.store.count(&self.tenant, &part, &piece.cuts, self.window).await
    }
}
