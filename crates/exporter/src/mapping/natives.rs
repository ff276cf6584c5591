//! The data points of native histograms.

use ktel_otlp::{
    Attributes, ExponentialHistogramDataPoint, ExponentialHistogramPoints, HistogramDataPoint,
    HistogramPoints, NO_RECORDED_VALUE, PointKind, PointsWriter,
};

use super::attributes::{Except, Fit};
use super::delta::{Deltas, Follower, Kept};
use super::difference::Cumulative;
use super::family::Form;
use super::histogram::Counted;
use super::index::Item;
use super::native::{NativeCounted, form};
use super::number::{Own, second};
use super::output::{Points, Room};
use super::tally::{MappingDrop, Tally};
use crate::slice::{NativeHistogram, Series, Slice};

/// What a native histogram becomes.
pub(super) trait Native: Kept + Default {
    type Kind: PointKind;
    const FORM: Form;

    fn read(&mut self, of: &NativeHistogram) -> Result<(), MappingDrop>;

    /// Writes a data point if there is room for it.
    fn push(
        &self,
        out: &mut PointsWriter<'_, Self::Kind>,
        head: Head<'_>,
        length_max: usize,
    ) -> Result<bool, MappingDrop>;
}

/// Times and attributes of a data point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    start: u64,
    time: u64,
    attributes: &'a Attributes,
}

/// The points of one metric: of series with the same name, resource and scope.
pub(super) struct Natives<'s, 'i, 'd, T> {
    slice: &'s Slice,
    items: std::slice::Iter<'i, Item>,
    own: Own,
    follower: Follower<'d, T>,
    attributes: Attributes,
    rest: &'s [NativeHistogram],
    now: T,
    /// Start and time of the point that waits to be written.
    ready: Option<(u64, u64)>,
    is_open: bool,
}

impl<'s, 'i, 'd, T: Native> Natives<'s, 'i, 'd, T> {
    pub(super) fn new(
        slice: &'s Slice,
        items: &'i [Item],
        own: Own,
        deltas: Option<Deltas<'d>>,
    ) -> Self {
        Self {
            slice,
            items: items.iter(),
            own,
            follower: Follower::new(deltas),
            attributes: Attributes::new(),
            rest: &[],
            now: T::default(),
            ready: None,
            is_open: false,
        }
    }

    /// Takes up the next series; says whether there is one.
    fn open(&mut self, tally: &mut Tally) -> bool {
        for item in self.items.by_ref() {
            let Some(series) = self.slice.get(item.series as usize) else { continue };
            let count = series.histograms.iter().filter(|of| form(of) == Some(T::FORM)).count();
            self.attributes.clear();
            match push_attributes(self.own, series, &mut self.attributes) {
                Fit::TooMany => {
                    tally.drop(MappingDrop::TooManyAttributes, count);
                    continue;
                }
                Fit::Shortened => tally.shortened += count as u64,
                Fit::Whole => {}
            }
            self.follower.open(&[&[T::FORM as u8], series.key()]);
            self.rest = series.histograms;
            self.is_open = true;
            return true;
        }
        false
    }

    /// Takes the next histogram; says whether there is one.
    fn next(&mut self, tally: &mut Tally) -> bool {
        loop {
            if !self.is_open && !self.open(tally) {
                return false;
            }
            let Some((first, rest)) = self.rest.split_first() else {
                self.is_open = false;
                self.follower.close();
                continue;
            };
            self.rest = rest;
            if form(first) != Some(T::FORM) {
                continue;
            }
            let next = rest.iter().find(|of| form(of) == Some(T::FORM));
            let is_next_in_second =
                next.is_some_and(|next| second(next.time) == second(first.time));
            let start = if first.time.to_unix_nano() == 0 {
                Err(MappingDrop::NoTime)
            } else if self.own.one_point_a_second && is_next_in_second {
                Err(MappingDrop::SameSecond)
            } else {
                let read = self.now.read(first);
                read.and_then(|()| self.follower.follow(&mut self.now, first.time))
            };
            match start {
                Err(reason) => tally.drop(reason, 1),
                Ok(start) => {
                    self.ready = Some((start, first.time.to_unix_nano()));
                    return true;
                }
            }
        }
    }
}

fn push_attributes(own: Own, series: Series<'_>, out: &mut Attributes) -> Fit {
    let except = Except { scope: own.is_scope_elsewhere, bound: false };
    own.limits.push_series(series, except, own.resource_attributes, out)
}

impl<T: Native> Points for Natives<'_, '_, '_, T> {
    type Kind = T::Kind;

    fn push(
        &mut self,
        out: &mut PointsWriter<'_, T::Kind>,
        mut room: Room,
        tally: &mut Tally,
    ) -> bool {
        loop {
            if self.ready.is_none() && !self.next(tally) {
                return true;
            }
            let Some((start, time)) = self.ready else { return true };
            if room.points == 0 {
                return false;
            }
            let head = Head { start, time, attributes: &self.attributes };
            match self.now.push(out, head, room.length_max) {
                Ok(false) => return false,
                Ok(true) => {
                    room.points -= 1;
                    tally.samples += 1;
                }
                Err(reason) => tally.drop(reason, 1),
            }
            self.ready = None;
        }
    }

    fn skip(&mut self, tally: &mut Tally) {
        if self.ready.take().is_some() {
            tally.drop(MappingDrop::TooLong, 1);
        }
    }
}

impl Native for NativeCounted {
    type Kind = ExponentialHistogramPoints;
    const FORM: Form = Form::Exponential;

    fn read(&mut self, of: &NativeHistogram) -> Result<(), MappingDrop> {
        Self::read(self, of)
    }

    fn push(
        &self,
        out: &mut PointsWriter<'_, Self::Kind>,
        head: Head<'_>,
        length_max: usize,
    ) -> Result<bool, MappingDrop> {
        let (mut positive, mut negative) = (Vec::new(), Vec::new());
        let point = ExponentialHistogramDataPoint {
            start_time_unix_nano: head.start,
            time_unix_nano: head.time,
            attributes: head.attributes.view(),
            flags: if self.is_stale() { NO_RECORDED_VALUE } else { 0 },
            ..self.point(&mut positive, &mut negative)?
        };
        Ok(out.push_within(&point, length_max))
    }
}

impl Native for Counted {
    type Kind = HistogramPoints;
    const FORM: Form = Form::Custom;

    fn read(&mut self, of: &NativeHistogram) -> Result<(), MappingDrop> {
        self.read_custom(of)
    }

    fn push(
        &self,
        out: &mut PointsWriter<'_, Self::Kind>,
        head: Head<'_>,
        length_max: usize,
    ) -> Result<bool, MappingDrop> {
        let point = HistogramDataPoint {
            start_time_unix_nano: head.start,
            time_unix_nano: head.time,
            attributes: head.attributes.view(),
            flags: if self.is_stale() { NO_RECORDED_VALUE } else { 0 },
            ..self.point()
        };
        Ok(out.push_within(&point, length_max))
    }
}
