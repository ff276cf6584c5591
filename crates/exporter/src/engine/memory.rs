//! Memory that a read or a batch holds.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::pool::{Permit, Pool};
use crate::limits::{ENCODED_TO_SLICE, PART_BYTES_MAX, SOURCE_READS_MAX};

/// A source's room is counted in units of so many bytes.
const UNIT: usize = 1024;

/// Gives how large a slice may be, so that a tenant with so much memory can read two of them at once: of new data, and of a
/// lane that is behind.
pub(super) fn part_bytes(share: usize) -> usize {
    (share / SOURCE_READS_MAX / (1 + ENCODED_TO_SLICE)).min(PART_BYTES_MAX)
}

/// Memory that is held until this is dropped.
#[derive(Debug)]
pub struct Memory {
    permit: Permit,
    _room: Option<OwnedSemaphorePermit>,
}

/// What one source may hold of the memory for batches. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Room {
    free: Arc<Semaphore>,
    units: u32,
}

impl Room {
    pub(super) fn new(bytes: usize) -> Self {
        let units = units(bytes).max(1);
        Self { free: Arc::new(Semaphore::new(units as usize)), units }
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

impl Memory {
    /// Takes memory for a slice of so many bytes, and for what is made of it.
    pub(super) async fn reading(pool: &Pool, tenant: &Arc<str>, slice_bytes: usize) -> Self {
        let permit = pool.take(tenant, slice_bytes * (1 + ENCODED_TO_SLICE)).await;
        Self { permit, _room: None }
    }

    /// Gives how many bytes may be made of the slice at once.
    pub(super) fn encoded_bytes(&self) -> usize {
        self.permit.bytes() / (1 + ENCODED_TO_SLICE) * ENCODED_TO_SLICE
    }

    /// Takes memory for a batch and its compressed form, of the source's room too.
    pub(super) async fn sending(pool: &Pool, tenant: &Arc<str>, room: &Room, bytes: usize) -> Self {
        let bytes = bytes + bytes / 4;
        // A batch that is larger than all room waits until it is alone.
        let units = units(bytes).min(room.units);
        let taken = Arc::clone(&room.free).acquire_many_owned(units).await;
        let taken = taken.expect("it is never closed");
        Self { permit: pool.take(tenant, bytes).await, _room: Some(taken) }
    }
}
