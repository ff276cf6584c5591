//! The segments in the directory of a spool, read under its lock.

use std::collections::BTreeSet;
use std::io;

use bytes::Bytes;

use super::disk::{Disk, Durability};
use super::record::{self, Record};
use crate::limits::SEGMENT_RECORDS_MAX;

/// The size of an entry of an acks file: the place in the segment, and its checksum.
pub(super) const ACK_BYTES: u64 = 8;
/// The end of a segment that is read to find its last record: most records are shorter.
const TAIL: u64 = 4096;

/// The segments in order; new records go to the last.
#[derive(Debug, Default)]
pub(super) struct Layout {
    segments: Vec<Segment>,
    next: u64,
}

/// A file of records.
#[derive(Debug, Clone, Default)]
pub(super) struct Segment {
    first: u64,
    /// One past its last record.
    end: u64,
    pub(super) bytes: u64,
    /// Places of the settled records.
    acked: BTreeSet<u32>,
}

/// What was read of a segment.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Waiting records.
    pub(super) records: Vec<Record>,
    /// Waiting records that cannot be read.
    pub(super) lost: Vec<u64>,
    /// Records that are not in the file: they were lost in a crash, or the file system restored an
    /// older state of the file.
    pub(super) absent: Vec<u64>,
}

impl Segment {
    /// Names the segment that begins with a record.
    pub(super) fn named(first: u64) -> Self {
        Self { first, end: first, ..Self::default() }
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn log(&self) -> String {
        format!("{:016x}.log", self.first)
    }

    fn acks(&self) -> String {
        format!("{:016x}.acks", self.first)
    }

    fn records(&self) -> u64 {
        self.end - self.first
    }

    fn waiting(&self) -> u64 {
        self.records() - self.acked.len() as u64
    }

    fn waits(&self, sequence: u64) -> bool {
        (self.first..self.end).contains(&sequence)
            && u32::try_from(sequence - self.first).is_ok_and(|place| !self.acked.contains(&place))
    }
}

impl Layout {
    /// Reads the directory, and repairs what an interrupted write has left.
    pub(super) fn load(disk: &dyn Disk) -> io::Result<Self> {
        let files = disk.files()?;
        let first_of = |name: &str, ending| {
            let digits = name.strip_suffix(ending)?;
            u64::from_str_radix(digits, 16).ok() // not written by us
        };
        let mut segments: Vec<Segment> = files
            .iter()
            .filter_map(|(name, bytes)| {
                let first = first_of(name, ".log")?;
                Some(Segment { first, end: first, bytes: *bytes, acked: BTreeSet::new() })
            })
            .collect();
        segments.sort_by_key(|segment| segment.first);
        let next = match segments.last_mut() {
            Some(last) => mend(disk, last)?,
            None => 0,
        };
        let ends: Vec<u64> = segments.iter().skip(1).map(|one| one.first).chain([next]).collect();
        for (segment, end) in segments.iter_mut().zip(ends) {
            segment.end = end.min(segment.first.saturating_add(SEGMENT_RECORDS_MAX));
        }
        for (name, bytes) in &files {
            let Some(first) = first_of(name, ".acks") else { continue };
            match segments.iter_mut().find(|segment| segment.first == first) {
                Some(segment) => segment.acked = read_acks(disk, name, *bytes, segment.records())?,
                None => disk.remove(name)?, // its segment is gone
            }
        }
        let mut layout = Self { segments, next };
        layout.reclaim(disk, false)?;
        Ok(layout)
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn segments(&self) -> usize {
        self.segments.len()
    }

    /// Counts the parcels that wait.
    pub(super) fn waiting(&self) -> u64 {
        self.segments.iter().map(Segment::waiting).sum()
    }

    /// Gives the first parcel that waits.
    pub(super) fn first_waiting(&self) -> Option<u64> {
        let segment = self.segments.iter().find(|segment| segment.waiting() > 0)?;
        (segment.first..segment.end).find(|id| segment.waits(*id))
    }

    /// Counts the bytes, including those that acknowledging all records will take.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes + ACK_BYTES * segment.records()).sum()
    }

    /// Gives the segment that the next record goes to.
    pub(super) fn segment_for(&self, length: u64, bytes_max: u64) -> Segment {
        match self.segments.last() {
            Some(last) if last.bytes == 0 || last.bytes + length <= bytes_max => last.clone(),
            _ => Segment::named(self.next),
        }
    }

    /// Gives the time of the very first record.
    pub(super) fn oldest_ms(&self, disk: &dyn Disk) -> io::Result<Option<u64>> {
        let Some(first) = self.segments.first().filter(|one| one.records() > 0) else {
            return Ok(None);
        };
        let head = disk.read(&first.log(), 16, 8)?;
        Ok(head.first_chunk().map(|time_ms| u64::from_le_bytes(*time_ms)))
    }

    /// Gives the waiting records whose time meets a condition.
    pub(super) fn ids_where(
        &self,
        disk: &dyn Disk,
        such: impl Fn(u64) -> bool,
    ) -> io::Result<Vec<u64>> {
        let mut ids = Vec::new();
        for index in 0..self.segments.len() {
            let records = self.read(disk, index, 0)?.records;
            let such = |record: &Record| such(record.time_ms).then_some(record.sequence);
            let found: Vec<u64> = records.iter().filter_map(such).collect();
            if found.is_empty() && !records.is_empty() {
                break; // records lie in the order of their time
            }
            ids.extend(found);
        }
        Ok(ids)
    }

    /// Reads a segment from a sequence on.
    pub(super) fn read(&self, disk: &dyn Disk, index: usize, from: u64) -> io::Result<Read> {
        let segment = &self.segments[index];
        if segment.waiting() == 0 || segment.end <= from {
            return Ok(Read::default());
        }
        let bytes = Bytes::from(disk.read(&segment.log(), 0, segment.bytes)?);
        let mut read = Read::default();
        let mut expected = segment.first;
        let mut at = 0;
        while let Some((start, record)) = record::find(&bytes, at) {
            at = start + record.length();
            let is_expected = (expected..segment.end).contains(&record.sequence);
            if !is_expected || !can_be(segment.first, start, &record) {
                continue; // not a record of this segment
            }
            read.lost.extend((expected..record.sequence).filter(|lost| segment.waits(*lost)));
            expected = record.sequence + 1;
            if record.sequence >= from && segment.waits(record.sequence) {
                read.records.push(record);
            }
        }
        let rest = (expected..segment.end).filter(|lost| segment.waits(*lost));
        if at == bytes.len() {
            read.absent.extend(rest)
        } else {
            read.lost.extend(rest)
        }
        Ok(read)
    }

    /// Marks records as settled, and gives how many of them waited.
    pub(super) fn settle(&mut self, disk: &dyn Disk, ids: &[u64]) -> io::Result<u64> {
        let mut settled = 0;
        for segment in &mut self.segments {
            let waiting: BTreeSet<u64> =
                ids.iter().copied().filter(|id| segment.waits(*id)).collect();
            if waiting.is_empty() {
                continue;
            }
            let mut bytes = Vec::new();
            for id in waiting {
                let place = u32::try_from(id - segment.first).map_err(io::Error::other)?;
                bytes.extend_from_slice(&ack(place));
                segment.acked.insert(place);
                settled += 1;
            }
            disk.append(&segment.acks(), &bytes, Durability::Written)?;
        }
        self.reclaim(disk, true)?;
        Ok(settled)
    }

    /// Drops the first segment with records, and gives how many of them waited.
    pub(super) fn drop_first(&mut self, disk: &dyn Disk) -> io::Result<Option<u64>> {
        let Some(first) = self.segments.first_mut().filter(|one| one.records() > 0) else {
            return Ok(None);
        };
        let waiting = first.waiting();
        let all = u32::try_from(first.records()).map_err(io::Error::other)?;
        first.acked = (0..all).collect();
        self.reclaim(disk, true)?;
        Ok(Some(waiting))
    }

    /// Removes segments whose records are all settled. The last segment is removed only `with_last`,
    /// and replaced by an empty one.
    ///
    /// Only from the front: a segment ends where the next one begins.
    fn reclaim(&mut self, disk: &dyn Disk, with_last: bool) -> io::Result<()> {
        let done = |segment: &Segment| segment.waiting() == 0;
        if with_last && self.segments.last().is_some_and(|last| last.records() > 0 && done(last)) {
            let empty = Segment::named(self.next);
            disk.append(&empty.log(), &[], Durability::Written)?;
            self.segments.push(empty);
        }
        let rest = self.segments.len().saturating_sub(1);
        let gone = self.segments.iter().take(rest).take_while(|one| done(one)).count();
        for segment in self.segments.drain(..gone) {
            disk.remove(&segment.log())?;
            disk.remove(&segment.acks())?;
        }
        Ok(())
    }
}

/// Cuts off what an interrupted write has left, and gives the sequence after the last record.
fn mend(disk: &dyn Disk, last: &mut Segment) -> io::Result<u64> {
    if last.bytes == 0 {
        return Ok(last.first);
    }
    let tail = TAIL.min(last.bytes);
    let end = Bytes::from(disk.read(&last.log(), last.bytes - tail, tail)?);
    let start = |record: &Record| last.bytes as usize - record.length();
    let ended = record::read_last(&end).filter(|one| can_be(last.first, start(one), one));
    if let Some(record) = ended {
        return Ok(record.sequence + 1);
    }
    let bytes = Bytes::from(disk.read(&last.log(), 0, last.bytes)?);
    let (mut at, mut next) = (0, last.first);
    while let Some((start, record)) = record::find(&bytes, at) {
        at = start + record.length();
        if can_be(last.first, start, &record) {
            next = next.max(record.sequence + 1);
        }
    }
    if at as u64 != last.bytes {
        disk.truncate(&last.log(), at as u64)?;
        last.bytes = at as u64;
    }
    Ok(next)
}

/// Says whether a record can begin here: each record before it takes at least the bytes of a frame.
fn can_be(first: u64, start: usize, record: &Record) -> bool {
    let place = record.sequence.checked_sub(first);
    place
        .is_some_and(|place| place <= (start / record::FRAME) as u64 && place < SEGMENT_RECORDS_MAX)
}

fn ack(place: u32) -> [u8; 8] {
    let place = place.to_le_bytes();
    let sum = crc32c::crc32c(&place).to_le_bytes();
    [place[0], place[1], place[2], place[3], sum[0], sum[1], sum[2], sum[3]]
}

/// Reads which records are settled. Entries that are damaged, or that name a record that a crash has
/// lost, are removed from the file: a new record will have that place.
fn read_acks(disk: &dyn Disk, name: &str, bytes: u64, records: u64) -> io::Result<BTreeSet<u32>> {
    let content = disk.read(name, 0, bytes)?;
    let place = |entry: &[u8; 8]| {
        let (place, _) = entry.split_first_chunk::<4>()?;
        let place = u32::from_le_bytes(*place);
        (ack(place) == *entry && u64::from(place) < records).then_some(place)
    };
    let (entries, _) = content.as_chunks::<8>();
    let acked: BTreeSet<u32> = entries.iter().filter_map(place).collect();
    if acked.len() as u64 * ACK_BYTES != bytes {
        let sound: Vec<u8> = acked.iter().copied().flat_map(ack).collect();
        disk.replace(name, &sound)?;
    }
    Ok(acked)
}
