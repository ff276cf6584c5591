//! A window that is being read or sent, and the batches of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tokio::time::Instant;

use crate::mapping::MappingDrop;
use crate::sink::Shared;
use crate::time::{Millis, Window};

/// A window that is not settled.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) window: Window,
    /// Whether it is being read.
    pub(super) is_read: bool,
    /// Whether it was read to its end, and none of its batches was taken from memory since.
    pub(super) is_whole: bool,
    /// Batches that wait or are under way, by fingerprint.
    roots: HashMap<u64, Root>,
    /// Batches that need not be sent again.
    settled: HashSet<u64>,
    /// Samples of which no points were made.
    pub(super) omitted: BTreeMap<MappingDrop, u64>,
    /// Samples that could not be read.
    pub(super) too_large: u64,
}

/// A batch as it was read. It may be cut into pieces.
#[derive(Debug, Clone, Copy)]
struct Root {
    number: u64,
    pieces: u32,
}

/// A batch, or a part of one.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) batch: Arc<Shared>,
    /// The fingerprint of the batch that it is of.
    root: u64,
    /// The number of that batch: a batch that is read again has another one.
    number: u64,
    /// Its place in the batch, and how much of the batch it is, in parts of 2^32.
    place: u64,
    extent: u64,
    /// Since when it is in memory.
    pub(super) since: Instant,
    /// Whether its batch is read again, whatever becomes of it.
    pub(super) is_orphan: bool,
}

impl Piece {
    pub(super) fn new(batch: Arc<Shared>, number: u64, since: Instant) -> Self {
        let root = batch.fingerprint();
        Self { batch, root, number, place: 0, extent: 1 << 32, since, is_orphan: false }
    }

    /// Gives what names its batch, also when it is read again.
    pub(super) fn name(&self) -> (Millis, u64) {
        (self.batch.window().start, self.root)
    }

    /// Gives its place among all pieces.
    pub(super) fn order(&self) -> (u64, u64) {
        (self.number, self.place)
    }

    /// Makes two pieces of its halves.
    pub(super) fn cut(&self, first: Shared, second: Shared) -> (Self, Self) {
        let extent = self.extent / 2;
        let half = |batch, place| Self {
            batch: Arc::new(batch),
            root: self.root,
            number: self.number,
            place,
            extent,
            since: self.since,
            is_orphan: false,
        };
        (half(first, self.place), half(second, self.place + extent))
    }
}

impl Open {
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            is_read: true,
            is_whole: false,
            roots: HashMap::new(),
            settled: HashSet::new(),
            omitted: BTreeMap::new(),
            too_large: 0,
        }
    }

    /// Adds a batch; false if it is settled, waits, or is under way.
    pub(super) fn add(&mut self, fingerprint: u64, number: u64) -> bool {
        if self.settled.contains(&fingerprint) || self.roots.contains_key(&fingerprint) {
            return false;
        }
        self.roots.insert(fingerprint, Root { number, pieces: 1 });
        true
    }

    /// Settles a batch that is dropped; false if it is known already.
    pub(super) fn drop_batch(&mut self, fingerprint: u64) -> bool {
        !self.roots.contains_key(&fingerprint) && self.settled.insert(fingerprint)
    }

    /// Says whether a piece is of a batch that is known here.
    pub(super) fn has(&self, piece: &Piece) -> bool {
        self.window == piece.batch.window()
            && self.roots.get(&piece.root).is_some_and(|root| root.number == piece.number)
    }

    /// A piece was cut in two.
    pub(super) fn cut(&mut self, piece: &Piece) {
        if let Some(root) = self.roots.get_mut(&piece.root) {
            root.pieces += 1;
        }
    }

    /// A piece is settled.
    pub(super) fn settle(&mut self, piece: &Piece) {
        let Some(root) = self.roots.get_mut(&piece.root) else { return };
        root.pieces -= 1;
        if root.pieces == 0 {
            self.roots.remove(&piece.root);
            self.settled.insert(piece.root);
        }
    }

    /// A piece was taken from memory: its batch has to be read again.
    pub(super) fn lose(&mut self, piece: &Piece) {
        self.roots.remove(&piece.root);
        self.is_whole = false;
    }

    /// Says whether nothing is left to do.
    pub(super) fn is_settled(&self) -> bool {
        self.is_whole && !self.is_read && self.roots.is_empty()
    }

    /// Says whether nothing of it is settled, waits or is under way.
    pub(super) fn is_untouched(&self) -> bool {
        self.settled.is_empty() && self.roots.is_empty()
    }
}
