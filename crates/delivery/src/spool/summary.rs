//! A summary of the layout, kept in the lock file, so that the next push need not read the directory.
//!
//! It is valid only if the last segment has the length that it says. Every other change removes it
//! first.

use super::disk::{Disk, Guard};
use super::layout::{ACK_BYTES, Layout, Segment};
use super::settings::Bounds;

/// Six numbers and their checksum.
const BYTES: usize = 6 * 8 + 4;

/// A layout with at least one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    /// The first record of the last segment, which is the segment's name.
    first: u64,
    /// The bytes of the last segment.
    pub(super) length: u64,
    /// The sequence of the next record.
    pub(super) next: u64,
    /// Of all segments, as [`Layout::bytes`] counts them.
    bytes: u64,
    waiting: u64,
    /// When the very first record was pushed.
    oldest_ms: u64,
}

impl Summary {
    /// Sums up a layout to which a record was just appended, in this segment.
    pub(super) fn of(layout: &Layout, segment: &Segment, record: u64, oldest_ms: u64) -> Self {
        let before = Self {
            first: segment.first(),
            length: segment.bytes,
            next: layout.next(),
            bytes: layout.bytes(),
            waiting: layout.waiting(),
            oldest_ms,
        };
        before.and(record)
    }

    /// Reads what the last push has left.
    pub(super) fn read(lock: &dyn Guard) -> Option<Self> {
        // Without a summary the layout is read.
        let note = lock.note(BYTES).ok()?;
        let (numbers, sum) = note.split_last_chunk::<4>()?;
        let (numbers, []) = numbers.as_chunks::<8>() else { return None };
        let sound = crc32c::crc32c(numbers.as_flattened()) == u32::from_le_bytes(*sum);
        let &[first, length, next, bytes, waiting, oldest_ms] = numbers.first_chunk::<6>()?;
        let number = u64::from_le_bytes;
        sound.then(|| Self {
            first: number(first),
            length: number(length),
            next: number(next),
            bytes: number(bytes),
            waiting: number(waiting),
            oldest_ms: number(oldest_ms),
        })
    }

    /// Leaves it for the next push, which reads the layout if that fails.
    pub(super) fn leave(&self, lock: &dyn Guard) {
        let Self { first, length, next, bytes, waiting, oldest_ms } = *self;
        let numbers = [first, length, next, bytes, waiting, oldest_ms].map(u64::to_le_bytes);
        let mut note = numbers.as_flattened().to_vec();
        note.extend_from_slice(&crc32c::crc32c(&note).to_le_bytes());
        lock.leave(&note).ok();
    }

    /// Says whether a record of this length fits the last segment without dropping anything.
    pub(super) fn has_room(
        &self,
        record: u64,
        bounds: Bounds,
        segment_bytes: u64,
        too_old: impl Fn(u64) -> bool,
    ) -> bool {
        let after = self.and(record);
        after.length <= segment_bytes
            && after.bytes <= bounds.bytes
            && after.waiting <= bounds.parcels
            && !too_old(self.oldest_ms)
    }

    /// Sums up the same with one more record.
    pub(super) fn and(self, record: u64) -> Self {
        Self {
            length: self.length.saturating_add(record),
            next: self.next.saturating_add(1),
            bytes: self.bytes.saturating_add(record).saturating_add(ACK_BYTES),
            waiting: self.waiting.saturating_add(1),
            ..self
        }
    }

    /// Gives the file of the last segment.
    pub(super) fn log(&self) -> String {
        Segment::named(self.first).log()
    }
}

/// Takes the lock for a change other than a push.
pub(super) fn forget(disk: &dyn Disk, name: &str) -> std::io::Result<Box<dyn Guard>> {
    let lock = disk.lock(name)?;
    lock.leave(&[])?;
    Ok(lock)
}
