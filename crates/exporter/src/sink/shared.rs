//! A batch that several lanes send: its compressed forms are made once.

use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::compress;
use crate::batch::Batch;
use crate::engine::Memory;
use crate::mapping;
use crate::plan::Compression;
use crate::time::Window;

/// A batch, its compressed forms, and the memory that it is charged for.
#[derive(Debug)]
pub struct Shared {
    batch: Batch,
    fingerprint: u64,
    gzip: OnceLock<Bytes>,
    zstd: OnceLock<Bytes>,
    /// Goes back to its pool when the last lane is done with the batch.
    memory: Option<Arc<Memory>>,
}

impl Shared {
    /// Wraps a batch, with the memory that it takes from a pool.
    #[must_use]
    pub fn new(batch: Batch, memory: Option<Arc<Memory>>) -> Self {
        // Fixed seeds: the same batch has the same fingerprint whenever it is read again.
        let fingerprint = foldhash::quality::FixedState::with_seed(0).hash_one(&batch.body);
        Self { batch, fingerprint, gzip: OnceLock::new(), zstd: OnceLock::new(), memory }
    }

    /// Gives the batch.
    #[must_use]
    pub fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Gives the data points in it.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.batch.points
    }

    /// Gives the window that they are of.
    #[must_use]
    pub fn window(&self) -> Window {
        self.batch.window
    }

    /// Gives the length of the body before compression.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.batch.body.len()
    }

    /// Gives a hash of the body, by which a batch is recognised when its window is read again.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Cuts it into two with about as many points each, which share its memory; none if it has a single point.
    #[must_use]
    pub fn halves(&self) -> Option<(Self, Self)> {
        let (first, second) = mapping::split(&self.batch)?;
        let half = |batch| Self::new(batch, self.memory.clone());
        Some((half(first), half(second)))
    }

    /// Gives the body as a sink wants it. The first caller compresses; others wait for it.
    #[must_use]
    pub fn compressed(&self, compression: Compression) -> Bytes {
        match compression {
            Compression::None => self.batch.body.clone(),
            Compression::Gzip => self.gzip.get_or_init(|| compress::gzip(&self.batch.body)).clone(),
            Compression::Zstd => self.zstd.get_or_init(|| compress::zstd(&self.batch.body)).clone(),
        }
    }
}
