//! The data points of summaries.

use ktel_otlp::{NO_RECORDED_VALUE, PointsWriter, SummaryDataPoint, SummaryPoints};

use super::assemble::Assembly;
use super::output::{Points, Room};
use super::summary::Summed;
use super::tally::{MappingDrop, Tally};

/// The points of one summary: of series with the same name, resource and scope.
///
/// A summary has no temporality: where differences are wanted, it is sent as it is.
pub(super) struct Summaries<'s> {
    assembly: Assembly<'s>,
    now: Summed,
    /// The time of the point that waits to be written, and the samples in it.
    ready: Option<(u64, usize)>,
    is_open: bool,
}

impl<'s> Summaries<'s> {
    pub(super) fn new(assembly: Assembly<'s>) -> Self {
        Self { assembly, now: Summed::default(), ready: None, is_open: false }
    }

    /// Puts the next point together; says whether there is one.
    fn next(&mut self, tally: &mut Tally) -> bool {
        loop {
            if !self.is_open && !self.assembly.next_group() {
                return false;
            }
            let time = self.assembly.next_moment(tally);
            self.is_open = time.is_some();
            let Some(time) = time else { continue };
            let samples = self.assembly.rows.len();
            match self.now.read(&self.assembly.rows) {
                Err(reason) => tally.drop(reason, samples),
                Ok(left) => {
                    let (reason, left) = left.unwrap_or((MappingDrop::PartEnded, 0));
                    tally.drop(reason, left);
                    self.ready = Some((time.to_unix_nano(), samples - left));
                    return true;
                }
            }
        }
    }
}

impl Points for Summaries<'_> {
    type Kind = SummaryPoints;

    fn push(
        &mut self,
        out: &mut PointsWriter<'_, SummaryPoints>,
        mut room: Room,
        tally: &mut Tally,
    ) -> bool {
        loop {
            if self.ready.is_none() && !self.next(tally) {
                return true;
            }
            let Some((time_unix_nano, samples)) = self.ready else { return true };
            let point = SummaryDataPoint {
                time_unix_nano,
                count: self.now.count,
                sum: self.now.sum,
                quantile_values: (&self.now.quantiles).into(),
                attributes: self.assembly.attributes(),
                flags: if self.now.is_stale { NO_RECORDED_VALUE } else { 0 },
                ..SummaryDataPoint::default()
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
        if let Some((_, samples)) = self.ready.take() {
            tally.drop(MappingDrop::TooLong, samples);
        }
    }
}
