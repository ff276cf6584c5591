//! Looks for samples that came after their window was read. Pure: it says what to count when, and what that means.
//!
//! A store says when a sample is of, not when it came. So what was read of a time is remembered as a number, and counted
//! again at growing ages. More than before means that some came late; less is no fault, since stores remove duplicates. For
//! the repair, a [sketch](Sketch) says which samples those were that were read.
//!
//! Stale markers are not counted, because stores do not count them.

mod found;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::ledger::Reserved;
use super::sketch::Sketch;
use crate::limits::{AUDIT_AGES, AUDIT_BUCKET, AUDIT_BUCKETS_MAX, AUDIT_HOUR};
use crate::report::Audited;
use crate::time::{Millis, Window};

pub(super) use found::Found;

/// What was read of a source, by time.
#[derive(Debug, Default)]
pub(super) struct Audit {
    pieces: BTreeMap<Millis, Piece>,
}

#[derive(Debug)]
struct Piece {
    end: Millis,
    /// Until where it was read without a gap since its beginning.
    until: Millis,
    samples: u64,
    /// None where there was no memory, and after a restart.
    sketch: Option<Arc<KeptSketch>>,
    /// Counts that were made, or were not needed.
    counted: usize,
    repair: Option<Repairing>,
}

/// What is known of a piece that is being repaired.
#[derive(Debug)]
struct Repairing {
    /// Samples that were delivered before.
    before: u64,
    /// Lanes that are not done.
    lanes: usize,
    /// Whether it is known what the store has now.
    is_found: bool,
}

/// A sketch, and the memory that it takes.
#[derive(Debug)]
pub(super) struct KeptSketch {
    pub(super) sketch: Sketch,
    _memory: Reserved,
}

impl KeptSketch {
    fn new(memory: Reserved) -> Self {
        Self { sketch: Sketch::default(), _memory: memory }
    }
}

/// What is to be repaired: lanes get what is in the store of a time and was not delivered.
#[derive(Debug, Clone)]
pub(super) struct Repair {
    pub(super) window: Window,
    pub(super) delivered: Option<Arc<KeptSketch>>,
}

impl Audit {
    /// Goes on with what was saved. What was read is a number only.
    pub(super) fn restored(saved: &[Audited]) -> Self {
        let piece = |saved: &Audited| {
            let end = saved.start + Duration::from_secs(u64::from(saved.seconds));
            let piece = Piece {
                end,
                until: saved.until,
                samples: saved.samples,
                sketch: None,
                counted: usize::from(saved.counted).min(AUDIT_AGES.len()),
                repair: None,
            };
            (saved.start, piece)
        };
        Self { pieces: saved.iter().take(AUDIT_BUCKETS_MAX).map(piece).collect() }
    }

    /// Gives what has to survive a restart. Of a piece that is being repaired that is what was known before.
    pub(super) fn saved(&self) -> Vec<Audited> {
        let save = |(start, piece): (&Millis, &Piece)| Audited {
            start: *start,
            seconds: u32::try_from((piece.end.0 - start.0) / 1000).unwrap_or(u32::MAX),
            until: piece.until,
            samples: piece.repair.as_ref().map_or(piece.samples, |repair| repair.before),
            // It is counted again at once.
            counted: match &piece.repair {
                Some(_) => 0,
                None => u8::try_from(piece.counted).unwrap_or(u8::MAX),
            },
        };
        self.pieces.iter().map(save).collect()
    }

    /// A window was read. `memory` gives room for a sketch; without, there is only a number.
    pub(super) fn read(
        &mut self,
        window: Window,
        mut found: Found,
        now: Millis,
        memory: Option<&dyn Fn() -> Option<Reserved>>,
    ) {
        let mut start = window.start.align_down(AUDIT_BUCKET);
        while start < window.end {
            let end = start + AUDIT_BUCKET;
            let (count, sketch) = found.pieces.remove(&start).unwrap_or_default();
            let is_known = self.pieces.contains_key(&start)
                || self.pieces.range(..start).next_back().is_some_and(|(_, last)| last.end > start);
            if !is_known && window.start <= start {
                let sketch = memory.and_then(|take| take()).map(KeptSketch::new).map(Arc::new);
                let piece =
                    Piece { end, until: start, samples: 0, sketch, counted: 0, repair: None };
                self.pieces.insert(start, piece);
            }
            // A window that is read again is not counted twice, and one whose beginning is not known not at all.
            if let Some(piece) = self.pieces.get_mut(&start)
                && piece.until == window.start.max(start)
            {
                piece.until = window.end.min(end);
                piece.samples += count;
                let known = piece.sketch.as_mut().and_then(Arc::get_mut);
                match (known, sketch) {
                    (Some(known), Some(sketch)) => known.sketch.add_all(&sketch),
                    (None, Some(_)) => piece.sketch = None,
                    (_, None) => {
                        if count > 0 {
                            piece.sketch = None;
                        }
                    }
                }
                // What was read at an age is as good as counted at it.
                piece.counted = passed(piece.end, now);
                if piece.until == piece.end && piece.counted == AUDIT_AGES.len() {
                    self.pieces.remove(&start);
                }
            }
            start = end;
        }
        while self.pieces.len() > AUDIT_BUCKETS_MAX {
            self.pieces.pop_first();
        }
    }

    /// Gives a time that is to be counted now.
    pub(super) fn due(&self, now: Millis) -> Option<Window> {
        self.pieces.iter().find_map(|(start, piece)| {
            let age = AUDIT_AGES.get(piece.counted)?;
            let is_due = piece.until == piece.end && piece.end + *age <= now;
            (is_due && piece.repair.is_none()).then_some(Window { start: *start, end: piece.end })
        })
    }

    /// Takes a count; gives how many samples came late since the last one. They are counted only.
    pub(super) fn counted(&mut self, window: Window, now: Millis, samples: u64) -> u64 {
        let Some(piece) = self.pieces.get_mut(&window.start) else { return 0 };
        let late = samples.saturating_sub(piece.samples);
        piece.samples = samples;
        self.done(window, now);
        late
    }

    /// Takes a count; gives how many samples came late, and what to repair, if anything is. The piece is repaired when
    /// [`repaired`](Self::repaired) was called once for each of the lanes.
    pub(super) fn suspect(
        &mut self,
        window: Window,
        now: Millis,
        samples: u64,
        lanes: usize,
    ) -> (u64, Option<Repair>) {
        let Some(piece) = self.pieces.get_mut(&window.start) else { return (0, None) };
        let late = samples.saturating_sub(piece.samples);
        if late == 0 || lanes == 0 {
            return (self.counted(window, now, samples), None);
        }
        piece.repair = Some(Repairing { before: piece.samples, lanes, is_found: false });
        (late, Some(Repair { window, delivered: piece.sketch.clone() }))
    }

    /// Says what the store has of a time that is being repaired. What a lane finds there that is slower was not given to the
    /// others, so it does not count.
    pub(super) fn found(
        &mut self,
        window: Window,
        (samples, sketch): (u64, Sketch),
        memory: Option<Reserved>,
    ) {
        let Some(piece) = self.pieces.get_mut(&window.start) else { return };
        let Some(repair) = piece.repair.as_mut().filter(|repair| !repair.is_found) else { return };
        repair.is_found = true;
        piece.samples = samples;
        let kept = memory.map(|memory| KeptSketch { sketch, ..KeptSketch::new(memory) });
        piece.sketch = kept.map(Arc::new);
    }

    /// A lane got what was missing of a time, or does not want it any more.
    pub(super) fn repaired(&mut self, window: Window, now: Millis) {
        let Some(piece) = self.pieces.get_mut(&window.start) else { return };
        let Some(repair) = &mut piece.repair else { return };
        repair.lanes = repair.lanes.saturating_sub(1);
        if repair.lanes == 0 {
            piece.repair = None;
            self.done(window, now);
        }
    }

    /// A piece is counted. Ages that passed while nobody could count are one count.
    fn done(&mut self, window: Window, now: Millis) {
        let Some(piece) = self.pieces.get_mut(&window.start) else { return };
        piece.counted = passed(piece.end, now);
        if piece.counted == AUDIT_AGES.len() {
            self.pieces.remove(&window.start);
        } else if piece.end + AUDIT_HOUR <= now {
            self.join(window.start.align_down(AUDIT_HOUR));
        }
    }

    /// Joins the pieces of an hour that were all counted at the age of an hour: from then on they are counted seldom.
    fn join(&mut self, start: Millis) {
        let end = start + AUDIT_HOUR;
        let own = || self.pieces.range(start..end).map(|(_, piece)| piece);
        let is_ready = |piece: &Piece| {
            piece.until == piece.end
                && piece.repair.is_none()
                && AUDIT_AGES.get(piece.counted).is_some_and(|age| *age > AUDIT_HOUR)
        };
        let length = own().map(|piece| piece.end.0).max().unwrap_or(0) - start.0;
        let pieces = i64::try_from(own().count()).unwrap_or(i64::MAX);
        let is_whole = pieces.saturating_mul(millis(AUDIT_BUCKET)) == millis(AUDIT_HOUR);
        // One without a sketch would take those of the others.
        let sketches = own().filter(|piece| piece.sketch.is_some()).count();
        let are_alike = sketches == 0 || i64::try_from(sketches) == Ok(pieces);
        if !is_whole || length != millis(AUDIT_HOUR) || !are_alike || !own().all(is_ready) {
            return;
        }
        let mut later = self.pieces.split_off(&start);
        self.pieces.append(&mut later.split_off(&end));
        let mut pieces = later.into_values();
        let Some(mut joined) = pieces.next() else { return };
        for piece in pieces {
            joined.samples += piece.samples;
            joined.counted = joined.counted.min(piece.counted);
            match (joined.sketch.as_mut().and_then(Arc::get_mut), &piece.sketch) {
                (Some(joined), Some(other)) => joined.sketch.add_all(&other.sketch),
                _ => joined.sketch = None,
            }
        }
        (joined.end, joined.until) = (end, end);
        self.pieces.insert(start, joined);
    }
}

/// Gives how many ages have passed.
fn passed(end: Millis, now: Millis) -> usize {
    let age = Duration::from_millis(u64::try_from(now.0.saturating_sub(end.0)).unwrap_or(0));
    AUDIT_AGES.iter().take_while(|due| **due <= age).count()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
