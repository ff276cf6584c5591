//! The data points of classic histograms.

use ktel_otlp::{HistogramDataPoint, HistogramPoints, NO_RECORDED_VALUE, PointsWriter};

use super::assemble::Assembly;
use super::bound::ladder;
use super::delta::{Deltas, Follower};
use super::histogram::Counted;
use super::output::{Points, Room};
use super::tally::{MappingDrop, Tally};

/// The points of one histogram: of series with the same name, resource and scope.
pub(super) struct Histograms<'s, 'd> {
    assembly: Assembly<'s>,
    follower: Follower<'d, Counted>,
    /// What identifies the metric, resource and scope.
    identity: Vec<u8>,
    /// The bounds of the ranges of the attributes that are walked; empty for buckets of `le`.
    ladder: Vec<f64>,
    now: Counted,
    ready: Option<Ready>,
    is_open: bool,
}

/// A point that waits to be written, and the samples in it.
#[derive(Debug, Clone, Copy)]
struct Ready {
    start: u64,
    time: u64,
    samples: usize,
}

impl<'s, 'd> Histograms<'s, 'd> {
    pub(super) fn new(
        assembly: Assembly<'s>,
        deltas: Option<Deltas<'d>>,
        identity: Vec<u8>,
    ) -> Self {
        Self {
            assembly,
            follower: Follower::new(deltas),
            identity,
            ladder: Vec::new(),
            now: Counted::default(),
            ready: None,
            is_open: false,
        }
    }

    /// Takes up the next attributes; says whether there are any.
    fn open(&mut self) -> bool {
        self.is_open = self.assembly.next_group();
        if self.is_open {
            ladder(self.assembly.bounds(), &mut self.ladder);
            self.follower.open(&[&self.identity, self.assembly.attribute_bytes()]);
        }
        self.is_open
    }

    /// Puts the next point together; says whether there is one.
    fn next(&mut self, tally: &mut Tally) -> bool {
        loop {
            if !self.is_open && !self.open() {
                return false;
            }
            let Some(time) = self.assembly.next_moment(tally) else {
                self.is_open = false;
                self.follower.close();
                continue;
            };
            let mut samples = self.assembly.rows.len();
            match self.now.read(&self.assembly.rows, &self.ladder) {
                Err(reason) => {
                    tally.drop(reason, samples);
                    continue;
                }
                Ok(None) => {}
                Ok(Some((reason, left))) => {
                    samples -= left;
                    tally.drop(reason, left);
                }
            }
            match self.follower.follow(&mut self.now, time) {
                Err(reason) => tally.drop(reason, samples),
                Ok(start) => {
                    self.ready = Some(Ready { start, time: time.to_unix_nano(), samples });
                    return true;
                }
            }
        }
    }
}

impl Points for Histograms<'_, '_> {
    type Kind = HistogramPoints;

    fn push(
        &mut self,
        out: &mut PointsWriter<'_, HistogramPoints>,
        mut room: Room,
        tally: &mut Tally,
    ) -> bool {
        loop {
            if self.ready.is_none() && !self.next(tally) {
                return true;
            }
            let Some(Ready { start, time, samples }) = self.ready else { return true };
            let point = HistogramDataPoint {
                start_time_unix_nano: start,
                time_unix_nano: time,
                attributes: self.assembly.attributes(),
                flags: if self.now.is_stale { NO_RECORDED_VALUE } else { 0 },
                ..self.now.point()
            };
            if room.points == 0 || !out.push_within(&point, room.length_max) {
                return false;
            }
            room.points -= 1;
            self.ready = None;
            tally.samples += samples as u64;
        }
    }

    fn skip(&mut self, tally: &mut Tally) {
        if let Some(ready) = self.ready.take() {
            tally.drop(MappingDrop::TooLong, ready.samples);
        }
    }
}

impl Counted {
    /// Gives a data point without times and attributes.
    pub(super) fn point(&self) -> HistogramDataPoint<'_> {
        HistogramDataPoint {
            count: self.count,
            sum: self.sum,
            bucket_counts: self.counts.as_slice().into(),
            explicit_bounds: self.bounds.as_slice().into(),
            ..HistogramDataPoint::default()
        }
    }
}
