//! Keeps parcels on disk until a receiver has accepted them.
//!
//! *Constraints:* a parcel for which [`Spool::push`] succeeded survives a `kill -9` and, with
//! [`Durability::Synced`], a crash of the machine. Several processes may use one spool. It never grows
//! beyond its bounds, not even for a moment. Reading takes the memory of one segment.
//!
//! *Format:* segments `<first sequence>.log` hold records in order and are only ever appended to;
//! `<first sequence>.acks` lists the settled records of that segment. When all records of the first
//! segment are settled, both files are removed. If it is the last segment too, an empty one is made
//! before, so that no sequence is used twice.
//! `drops` counts parcels that left without having been delivered. `hold` says why parcels are held;
//! only the process that delivers writes it. `lock` is held during each change,
//! for microseconds, and holds a summary by which a push finds its place without reading the rest.
//! `courier.lock` is held by the process that delivers.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::limits;
use crate::parcel::Parcel;

mod disk;
mod drops;
mod held;
mod layout;
mod memory;
mod record;
mod settings;
mod summary;

pub use disk::{Directory, Disk, Durability, Guard};
pub use drops::{Drop, Drops};
pub use held::Held;
pub use memory::Memory;
pub use record::Id;
pub use settings::{Bounds, Full, Settings};

use layout::{Layout, Segment};
use summary::Summary;

const LOCK: &str = "lock";
const COURIER: &str = "courier.lock";

/// Parcels that wait on disk.
#[derive(Debug, Clone)]
pub struct Spool {
    disk: Arc<dyn Disk>,
    settings: Settings,
}

/// A parcel that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub id: Id,
    /// When it was pushed, since the epoch.
    pub time: Duration,
    /// The parcel.
    pub parcel: Parcel,
}

/// The position of a reader.
#[derive(Debug, Default)]
pub struct Cursor {
    next: Id,
    read: VecDeque<Stored>,
}

impl Cursor {
    /// Begins at a parcel.
    #[must_use]
    pub fn at(id: Id) -> Self {
        Self { next: id, ..Self::default() }
    }

    /// Begins behind a parcel.
    #[must_use]
    pub fn after(id: Id) -> Self {
        // There is no number after the last one.
        Self::at(id.saturating_add(1))
    }
}

/// How full a spool is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Parcels that wait.
    pub parcels: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Parcels that left without having been delivered, since the spool began.
    pub drops: Drops,
}

/// Why a parcel cannot be kept.
#[derive(Debug, Error)]
pub enum Error {
    /// There is no room.
    #[error("the spool is full: {parcels} parcels, {bytes} bytes")]
    Full {
        /// Parcels that wait already.
        parcels: u64,
        /// Bytes of its files.
        bytes: u64,
    },
    /// It is larger than a parcel, or than the whole spool, may be.
    #[error("a parcel of {bytes} bytes is too large for the spool")]
    TooLarge {
        /// Its body.
        bytes: usize,
    },
    /// The disk reports an error.
    #[error("{doing} the spool")]
    Disk {
        /// What was attempted.
        doing: &'static str,
        /// Why it failed.
        source: io::Error,
    },
}

fn failed(doing: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Disk { doing, source }
}

/// Parcels at the end of a spool.
struct Added {
    /// As it was before.
    layout: Layout,
    segment: Segment,
    length: u64,
    ids: Range<Id>,
}

/// The lock for delivering. One process at a time has it.
#[derive(Debug)]
pub struct Delivering {
    _guard: Box<dyn Guard>,
}

impl Spool {
    /// Makes a spool in a directory. The first push creates the directory.
    #[must_use]
    pub fn in_directory(path: impl Into<std::path::PathBuf>, settings: Settings) -> Self {
        Self::on(Arc::new(Directory::new(path)), settings)
    }

    /// Makes a spool in memory. Its parcels are gone when it is dropped.
    #[must_use]
    pub fn in_memory(settings: Settings) -> Self {
        Self::on(Arc::new(Memory::default()), settings)
    }

    /// Makes a spool on any disk.
    #[must_use]
    pub fn on(disk: Arc<dyn Disk>, settings: Settings) -> Self {
        Self { disk, settings }
    }

    /// Stores a parcel until it is acknowledged. `now` is the time since the epoch.
    ///
    /// # Errors
    /// When it was not stored.
    pub fn push(&self, parcel: &Parcel, now: Duration) -> Result<Id, Error> {
        let lock = self.disk.lock(LOCK).map_err(failed("lock"))?;
        if let Some(id) = self.push_at_once(&*lock, parcel, now)? {
            return Ok(id);
        }
        lock.leave(&[]).map_err(failed("lock"))?;
        let Added { layout, segment, length, ids } = self.add(slice::from_ref(parcel), now)?;
        if self.settings.durability == Durability::Written {
            let oldest = layout.oldest_ms(&*self.disk).map_err(failed("read"))?;
            let oldest = oldest.unwrap_or_else(|| millis(now));
            Summary::of(&layout, &segment, length, oldest).leave(&*lock);
        }
        Ok(ids.start)
    }

    /// Stores parcels as [`push`](Self::push) does, in one write: all of them, or none.
    ///
    /// # Errors
    /// When they were not stored. Pushed one by one, some of them may have room.
    pub fn push_all(&self, parcels: &[Parcel], now: Duration) -> Result<Range<Id>, Error> {
        if parcels.is_empty() {
            return Ok(0..0);
        }
        let _lock = summary::forget(&*self.disk, LOCK).map_err(failed("lock"))?;
        Ok(self.add(parcels, now)?.ids)
    }

    fn add(&self, parcels: &[Parcel], now: Duration) -> Result<Added, Error> {
        let disk = &*self.disk;
        let mut layout = Layout::load(disk).map_err(failed("read"))?;
        let mut ids = layout.next()..layout.next();
        let mut records = Vec::new();
        for parcel in parcels {
            records.extend(self.record(ids.end, parcel, now)?);
            // There is no number after the last one.
            ids.end = ids.end.checked_add(1).ok_or_else(|| full_of(&layout))?;
        }
        let (length, count) = (records.len() as u64, parcels.len() as u64);
        self.make_room(&mut layout, length, count, now)?;
        let segment = layout.segment_for(length, self.segment_bytes());
        self.append(&segment.log(), segment.bytes, |log| {
            disk.append(log, &records, self.settings.durability)
        })?;
        Ok(Added { layout, segment, length, ids })
    }

    /// Pushes with the summary that the last push left, if nothing else is to be done.
    ///
    /// Not with `Durability::Synced`: the summary is not synced with the segment it describes.
    fn push_at_once(
        &self,
        lock: &dyn Guard,
        parcel: &Parcel,
        now: Duration,
    ) -> Result<Option<Id>, Error> {
        let Settings { bounds, durability, .. } = self.settings;
        let summary = Summary::read(lock).filter(|_| durability == Durability::Written);
        let Some(summary) = summary else { return Ok(None) };
        let (id, before) = (summary.next, summary.length);
        let record = self.record(id, parcel, now)?;
        let length = record.len() as u64;
        if !summary.has_room(length, bounds, self.segment_bytes(), self.too_old(now)) {
            return Ok(None);
        }
        let append = |log: &str| self.disk.append_at(log, before, &record, durability);
        if !self.append(&summary.log(), before, append)? {
            return Ok(None);
        }
        summary.and(length).leave(lock);
        Ok(Some(id))
    }

    fn record(&self, id: Id, parcel: &Parcel, now: Duration) -> Result<Vec<u8>, Error> {
        let too_large = Error::TooLarge { bytes: parcel.body.len() };
        match record::write(id, millis(now), |out| parcel.encode(out)) {
            Ok(record) if record.len() as u64 + layout::ACK_BYTES <= self.settings.bounds.bytes => {
                Ok(record)
            }
            _ => Err(too_large),
        }
    }

    fn append<T>(
        &self,
        log: &str,
        before: u64,
        append: impl FnOnce(&str) -> io::Result<T>,
    ) -> Result<T, Error> {
        append(log).map_err(|source| {
            // Readers skip what is left of it; this only frees the space.
            self.disk.truncate(log, before).ok();
            Error::Disk { doing: "write to", source }
        })
    }

    /// Gives the next waiting parcel, oldest first, and drops those that are too old.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn next(&self, cursor: &mut Cursor, now: Duration) -> Result<Option<Stored>, Error> {
        if cursor.read.is_empty() {
            self.refill(cursor, now)?;
        }
        Ok(cursor.read.pop_front())
    }

    /// Marks parcels as delivered, and gives how many of them waited.
    ///
    /// # Errors
    /// When that cannot be written. They will be delivered once more.
    pub fn acknowledge(&self, ids: &[Id]) -> Result<u64, Error> {
        self.settle(ids, None)
    }

    /// Drops parcels and counts them, and gives how many of them waited.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn drop_parcels(&self, ids: &[Id], why: Drop) -> Result<u64, Error> {
        self.settle(ids, Some(why))
    }

    /// Drops every waiting parcel, and gives how many there were.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn clear(&self) -> Result<u64, Error> {
        if !self.exists()? {
            return Ok(0);
        }
        let _lock = summary::forget(&*self.disk, LOCK).map_err(failed("lock"))?;
        let mut layout = Layout::load(&*self.disk).map_err(failed("read"))?;
        let mut waited = 0;
        while let Some(dropped) = layout.drop_first(&*self.disk).map_err(failed("clear"))? {
            waited += dropped;
        }
        self.count(Drop::Cleared, waited)?;
        Ok(waited)
    }

    /// Gives how full it is. A spool that does not exist yet is not created.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn status(&self) -> Result<Status, Error> {
        if !self.exists()? {
            return Ok(Status::default());
        }
        let _lock = summary::forget(&*self.disk, LOCK).map_err(failed("lock"))?;
        let layout = Layout::load(&*self.disk).map_err(failed("read"))?;
        let drops = Drops::load(&*self.disk).map_err(failed("read"))?;
        Ok(Status { parcels: layout.waiting(), bytes: layout.bytes(), drops })
    }

    /// Remembers why its parcels are held. No parcel is changed by it.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn hold(&self, held: &Held) -> Result<(), Error> {
        held.store(&*self.disk).map_err(failed("write to"))
    }

    /// Forgets why parcels were held: the receiver has judged one.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn release(&self) -> Result<(), Error> {
        Held::remove(&*self.disk).map_err(failed("write to"))
    }

    /// Says why its parcels are held; nothing once the parcel that was tried last has left.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn held(&self) -> Result<Option<Held>, Error> {
        let Some(held) = Held::load(&*self.disk).map_err(failed("read"))? else { return Ok(None) };
        let _lock = summary::forget(&*self.disk, LOCK).map_err(failed("lock"))?;
        let layout = Layout::load(&*self.disk).map_err(failed("read"))?;
        let first = layout.first_waiting();
        Ok(Some(held).filter(|held| first.is_some_and(|first| first <= held.through)))
    }

    /// Takes the lock for delivering; none if another process has it.
    ///
    /// # Errors
    /// When the spool cannot be locked.
    pub fn deliver(&self) -> Result<Option<Delivering>, Error> {
        let guard = self.disk.try_lock(COURIER).map_err(failed("lock"))?;
        Ok(guard.map(|guard| Delivering { _guard: guard }))
    }

    fn exists(&self) -> Result<bool, Error> {
        Ok(!self.disk.files().map_err(failed("read"))?.is_empty())
    }

    /// The size of a segment: a full spool drops one at a time, and readers read one at a time.
    fn segment_bytes(&self) -> u64 {
        let part = self.settings.bounds.bytes / limits::SEGMENTS;
        part.clamp(limits::SEGMENT_BYTES_MIN, limits::SEGMENT_BYTES_MAX)
    }

    fn make_room(
        &self,
        layout: &mut Layout,
        length: u64,
        count: u64,
        now: Duration,
    ) -> Result<(), Error> {
        let Settings { bounds, full, .. } = self.settings;
        let disk = &*self.disk;
        let length = length + layout::ACK_BYTES * count;
        // They would not fit into an empty spool either.
        if length > bounds.bytes || count > bounds.parcels.min(limits::SEGMENT_RECORDS_MAX) {
            return Err(full_of(layout));
        }
        let lacks_room = |layout: &Layout| {
            layout.bytes() + length > bounds.bytes || layout.waiting() + count > bounds.parcels
        };
        let too_old = self.too_old(now);
        let oldest = layout.oldest_ms(disk).map_err(failed("read"))?;
        if oldest.is_some_and(too_old) || lacks_room(layout) {
            let expired = layout.ids_where(disk, too_old).map_err(failed("read"))?;
            self.settle_in(layout, &expired, Some(Drop::Expired))?;
        }
        while lacks_room(layout) {
            if full == Full::RejectNew {
                return Err(full_of(layout));
            }
            let dropped = layout.drop_first(disk).map_err(failed("make room in"))?;
            self.count(Drop::Full, dropped.unwrap_or_default())?;
        }
        Ok(())
    }

    fn too_old(&self, now: Duration) -> impl Fn(u64) -> bool + Copy + use<> {
        // After the clock was set back, parcels may be of the future. They are not old.
        let oldest = millis(now.saturating_sub(self.settings.bounds.age));
        move |time_ms| time_ms < oldest
    }

    /// Reads the next segment that holds anything new.
    fn refill(&self, cursor: &mut Cursor, now: Duration) -> Result<(), Error> {
        if !self.exists()? {
            return Ok(());
        }
        let _lock = summary::forget(&*self.disk, LOCK).map_err(failed("lock"))?;
        let disk = &*self.disk;
        let mut layout = Layout::load(disk).map_err(failed("read"))?;
        let expired = layout.ids_where(disk, self.too_old(now)).map_err(failed("read"))?;
        self.settle_in(&mut layout, &expired, Some(Drop::Expired))?;
        let (mut damaged, mut absent) = (Vec::new(), Vec::new());
        for index in 0..layout.segments() {
            let read = layout.read(disk, index, cursor.next).map_err(failed("read"))?;
            damaged.extend(read.lost);
            absent.extend(read.absent);
            for record in read.records {
                let (id, time) = (record.sequence, Duration::from_millis(record.time_ms));
                match Parcel::decode(record.payload) {
                    Some(parcel) => cursor.read.push_back(Stored { id, time, parcel }),
                    None => damaged.push(id),
                }
            }
            if let Some(last) = cursor.read.back() {
                cursor.next = last.id + 1;
                break;
            }
        }
        self.settle_in(&mut layout, &damaged, Some(Drop::Damaged))?;
        self.settle_in(&mut layout, &absent, None)?;
        Ok(())
    }

    fn settle(&self, ids: &[Id], dropped: Option<Drop>) -> Result<u64, Error> {
        if !self.exists()? {
            return Ok(0);
        }
        let _lock = summary::forget(&*self.disk, LOCK).map_err(failed("lock"))?;
        let mut layout = Layout::load(&*self.disk).map_err(failed("read"))?;
        self.settle_in(&mut layout, ids, dropped)
    }

    fn settle_in(
        &self,
        layout: &mut Layout,
        ids: &[Id],
        dropped: Option<Drop>,
    ) -> Result<u64, Error> {
        if ids.is_empty() {
            return Ok(0);
        }
        let settled = layout.settle(&*self.disk, ids).map_err(failed("write to"))?;
        if let Some(why) = dropped {
            self.count(why, settled)?;
        }
        Ok(settled)
    }

    fn count(&self, why: Drop, parcels: u64) -> Result<(), Error> {
        Drops::add(&*self.disk, why, parcels).map_err(failed("count a drop in"))
    }
}

fn full_of(layout: &Layout) -> Error {
    Error::Full { parcels: layout.waiting(), bytes: layout.bytes() }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
