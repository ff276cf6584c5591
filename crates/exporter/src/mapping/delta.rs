//! What was sent last of each series, for receivers that take differences only.
//!
//! A window may be read again until it is settled, and has to give the same bytes each time. So what a window leaves behind
//! is kept beside what is settled, and a window only sees what was left by windows before it.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hasher};

use super::difference::{Cumulative, Difference};
use super::histogram::Counted;
use super::native::NativeCounted;
use super::tally::MappingDrop;
use crate::limits::DELTA_STATE_BYTES_MAX;
use crate::time::{Millis, Window};

/// State that differences need from one window to the next. It can be rebuilt from the store: see [`warm`](super::warm).
///
/// Its owner calls [`settle`](Self::settle) as the cursor moves. It belongs to one cursor; a lane that leaves its group
/// clones it.
#[derive(Debug, Clone)]
pub struct DeltaState {
    settled: Layer,
    /// What windows left that are not settled, by their start.
    open: BTreeMap<Millis, (Window, Layer)>,
    bytes: usize,
    bytes_max: usize,
    evicted: u64,
    /// All is in differences that were sent.
    covers_all: bool,
}

type Layer = HashMap<Key, Last>;

/// A hash of a series, wide enough that no two are the same.
type Key = u128;

/// The last sample of a series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Last {
    pub(super) time: Millis,
    pub(super) value: LastValue,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum LastValue {
    Number(f64),
    Histogram(Box<Counted>),
    Native(Box<NativeCounted>),
}

impl Default for DeltaState {
    fn default() -> Self {
        Self::with_bytes_max(DELTA_STATE_BYTES_MAX)
    }
}

impl DeltaState {
    /// Makes an empty state that takes about so many bytes at most.
    #[must_use]
    pub fn with_bytes_max(bytes_max: usize) -> Self {
        let (settled, open) = (Layer::new(), BTreeMap::new());
        Self { settled, open, bytes: 0, bytes_max, evicted: 0, covers_all: false }
    }

    /// Makes the state for samples that came late: what only goes up is in the difference that was sent after it.
    #[must_use]
    pub fn covering() -> Self {
        Self { covers_all: true, ..Self::with_bytes_max(0) }
    }

    /// Changes how much memory it may take, about. What is too much is forgotten when more comes.
    pub fn set_bytes_max(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
    }

    /// Says that all before a moment is acknowledged or dropped, and is not read again.
    pub fn settle(&mut self, until: Millis) {
        while let Some(first) = self.open.first_entry()
            && first.get().0.end <= until
        {
            let (_, layer) = first.remove();
            for (key, last) in layer {
                if let Some(before) = self.settled.insert(key, last) {
                    self.bytes = self.bytes.saturating_sub(bytes_of(&before));
                }
            }
        }
    }

    /// Says how much memory it takes, about.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Says of how many series the last sample was forgotten, because there were too many. Their next one gives no
    /// difference.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Gives what was left of a series by windows before this one.
    pub(super) fn last(&self, window: Window, key: Key) -> Option<&Last> {
        let before = self.open.range(..window.start).rev();
        before
            .map(|(_, (_, layer))| layer)
            .find_map(|layer| layer.get(&key))
            .or_else(|| self.settled.get(&key))
    }

    /// Keeps what a window leaves of a series.
    pub(super) fn keep(&mut self, window: Window, key: Key, last: Last) {
        let bytes = bytes_of(&last);
        if self.bytes + bytes > self.bytes_max {
            self.make_room();
        }
        if self.bytes + bytes > self.bytes_max {
            self.evicted += 1;
            return;
        }
        let (_, layer) = self.open.entry(window.start).or_insert((window, Layer::new()));
        self.bytes += bytes;
        if let Some(before) = layer.insert(key, last) {
            self.bytes = self.bytes.saturating_sub(bytes_of(&before));
        }
    }

    /// Forgets the oldest quarter of what is settled.
    fn make_room(&mut self) {
        let mut times: Vec<Millis> = self.settled.values().map(|last| last.time).collect();
        if times.is_empty() {
            return;
        }
        let quarter = times.len() / 4;
        let (.., &mut oldest, _) = times.select_nth_unstable(quarter);
        let (bytes, evicted) = (&mut self.bytes, &mut self.evicted);
        self.settled.retain(|_, last| {
            let stays = last.time > oldest;
            if !stays {
                *bytes = bytes.saturating_sub(bytes_of(last));
                *evicted += 1;
            }
            stays
        });
    }
}

fn bytes_of(last: &Last) -> usize {
    // A table of hashes that has just grown is more than half empty.
    let boxed = match &last.value {
        LastValue::Number(_) => 0,
        LastValue::Histogram(counted) => {
            size_of::<Counted>() + 8 * (counted.bounds.len() + counted.counts.len())
        }
        LastValue::Native(counted) => size_of::<NativeCounted>() + counted.bytes(),
    };
    (size_of::<Key>() + size_of::<Last>()) * 5 / 2 + boxed
}

/// Hashes what identifies a series. The hashes of all processes are the same.
pub(super) fn key(parts: &[&[u8]]) -> Key {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        hasher.finish()
    };
    u128::from(half(0)) << 64 | u128::from(half(1))
}

/// The state as a window sees it.
#[derive(Debug)]
pub(super) struct Deltas<'d> {
    pub(super) state: &'d mut DeltaState,
    pub(super) window: Window,
}

/// What is kept of a series.
pub(super) trait Kept: Cumulative {
    fn to_last(self) -> LastValue;
    fn of_last(last: LastValue) -> Option<Self>;
}

impl Kept for f64 {
    fn to_last(self) -> LastValue {
        LastValue::Number(self)
    }

    fn of_last(last: LastValue) -> Option<Self> {
        if let LastValue::Number(value) = last { Some(value) } else { None }
    }
}

impl Kept for Counted {
    fn to_last(self) -> LastValue {
        LastValue::Histogram(Box::new(self))
    }

    fn of_last(last: LastValue) -> Option<Self> {
        if let LastValue::Histogram(counted) = last { Some(*counted) } else { None }
    }
}

impl Kept for NativeCounted {
    fn to_last(self) -> LastValue {
        LastValue::Native(Box::new(self))
    }

    fn of_last(last: LastValue) -> Option<Self> {
        if let LastValue::Native(counted) = last { Some(*counted) } else { None }
    }
}

/// Follows one series after another, and makes differences of what they say where they are wanted.
#[derive(Debug)]
pub(super) struct Follower<'d, T> {
    deltas: Option<Deltas<'d>>,
    key: Key,
    last: Option<(Millis, T)>,
}

impl<'d, T: Kept> Follower<'d, T> {
    pub(super) fn new(deltas: Option<Deltas<'d>>) -> Self {
        Self { deltas, key: 0, last: None }
    }

    /// Takes up a series.
    pub(super) fn open(&mut self, identity: &[&[u8]]) {
        let Some(Deltas { state, window }) = &self.deltas else { return };
        self.key = key(identity);
        self.last = state
            .last(*window, self.key)
            .and_then(|last| Some((last.time, T::of_last(last.value.clone())?)));
    }

    /// Leaves a series.
    pub(super) fn close(&mut self) {
        if let (Some(Deltas { state, window }), Some((time, last))) =
            (&mut self.deltas, self.last.take())
        {
            state.keep(*window, self.key, Last { time, value: last.to_last() });
        }
    }

    /// Makes a difference of what is said now, if one is wanted; gives its start, or 0.
    pub(super) fn follow(&mut self, now: &mut T, time: Millis) -> Result<u64, MappingDrop> {
        let Some(deltas) = &self.deltas else { return Ok(0) };
        if deltas.state.covers_all {
            return Err(MappingDrop::Covered);
        }
        let Some((before, last)) = &self.last else {
            if !now.is_stale() {
                self.last = Some((time, now.clone()));
            }
            return Err(MappingDrop::NoStart);
        };
        let before = *before;
        if time <= before {
            return Err(MappingDrop::Covered);
        }
        if now.is_stale() {
            return Ok(before.to_unix_nano());
        }
        let difference = now.since(last);
        self.last = Some((time, now.clone()));
        match difference {
            Difference::Of(difference) => *now = difference,
            Difference::Reset => {}
            Difference::None => return Err(MappingDrop::NoStart),
        }
        Ok(before.to_unix_nano())
    }
}
