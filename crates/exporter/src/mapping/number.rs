//! Gauges and sums: a sample is a data point.

use ktel_otlp::{
    Attributes, NO_RECORDED_VALUE, NumberDataPoint, NumberPoints, NumberValue, PointsWriter,
    SeriesValue,
};

use super::attributes::{AttributeLimits, Except, Fit};
use super::delta::{Deltas, Follower};
use super::index::Item;
use super::output::{Points, Room};
use super::tally::{MappingDrop, Tally};
use crate::slice::{STALE_NAN_BITS, Sample, Slice};
use crate::time::Millis;

/// The points of one metric: of series with the same name, resource and scope.
pub(super) struct Numbers<'s, 'i, 'd> {
    slice: &'s Slice,
    items: std::slice::Iter<'i, Item>,
    own: Own,
    /// There where differences are wanted.
    follower: Option<Follower<'d, f64>>,
    attributes: Attributes,
    /// What is not written yet of a series, as the store has it.
    samples: &'s [Sample],
    /// The same, where samples were omitted or changed: from an index on.
    made: Vec<SeriesValue>,
    from: usize,
}

/// What the series of a metric have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub(super) limits: AttributeLimits,
    /// Whether the labels of the scope are in the scope.
    pub(super) is_scope_elsewhere: bool,
    pub(super) resource_attributes: usize,
    pub(super) one_point_a_second: bool,
}

impl<'s, 'i, 'd> Numbers<'s, 'i, 'd> {
    pub(super) fn new(
        slice: &'s Slice,
        items: &'i [Item],
        own: Own,
        deltas: Option<Deltas<'d>>,
        attributes: Attributes,
    ) -> Self {
        Self {
            slice,
            items: items.iter(),
            own,
            follower: deltas.map(|deltas| Follower::new(Some(deltas))),
            attributes,
            samples: &[],
            made: Vec::new(),
            from: 0,
        }
    }

    /// Gives its memory back.
    pub(super) fn into_attributes(self) -> Attributes {
        self.attributes
    }

    /// Takes up the next series; says whether there is one.
    fn next_series(&mut self, tally: &mut Tally) -> bool {
        let Some(item) = self.items.next() else { return false };
        let Some(series) = self.slice.get(item.series as usize) else { return true };
        self.attributes.clear();
        let except = Except { scope: self.own.is_scope_elsewhere, bound: false };
        let Own { limits, resource_attributes, .. } = self.own;
        match limits.push_series(series, except, resource_attributes, &mut self.attributes) {
            Fit::TooMany => {
                tally.drop(MappingDrop::TooManyAttributes, series.samples.len());
                return true;
            }
            Fit::Shortened => tally.shortened += series.samples.len() as u64,
            Fit::Whole => {}
        }
        self.made.clear();
        self.from = 0;
        if let Some(follower) = &mut self.follower {
            follower.open(&[b"number", series.key()]);
            let samples = prepare(series.samples, self.own.one_point_a_second);
            for sample in samples {
                match sample.and_then(|sample| difference(follower, sample)) {
                    Ok(value) => self.made.push(value),
                    Err(reason) => tally.drop(reason, 1),
                }
            }
            follower.close();
        } else if !self.own.one_point_a_second && are_writable(series.samples) {
            self.samples = series.samples;
        } else {
            let samples = prepare(series.samples, self.own.one_point_a_second);
            for sample in samples {
                match sample {
                    Ok(sample) => self.made.push(of_sample(&sample)),
                    Err(reason) => tally.drop(reason, 1),
                }
            }
        }
        true
    }
}

impl Points for Numbers<'_, '_, '_> {
    type Kind = NumberPoints;

    fn push(
        &mut self,
        out: &mut PointsWriter<'_, NumberPoints>,
        mut room: Room,
        tally: &mut Tally,
    ) -> bool {
        loop {
            let made = self.made.get(self.from..).unwrap_or_default();
            let waiting = self.samples.len() + made.len();
            if waiting == 0 {
                if self.next_series(tally) {
                    continue;
                }
                return true;
            }
            let written = if self.samples.is_empty() {
                push(out, &self.attributes, made, |value| *value, room)
            } else {
                push(out, &self.attributes, self.samples, of_sample, room)
            };
            self.advance(written);
            room.points -= written;
            tally.samples += written as u64;
            if written < waiting {
                return false;
            }
        }
    }

    fn skip(&mut self, tally: &mut Tally) {
        self.advance(1);
        tally.drop(MappingDrop::TooLong, 1);
    }
}

impl Numbers<'_, '_, '_> {
    fn advance(&mut self, by: usize) {
        if self.samples.is_empty() {
            self.from += by;
        } else {
            self.samples = self.samples.get(by..).unwrap_or_default();
        }
    }
}

/// Writes as many values as there is room for, and says how many those are.
fn push<T>(
    out: &mut PointsWriter<'_, NumberPoints>,
    attributes: &Attributes,
    all: &[T],
    value: impl Fn(&T) -> SeriesValue + Copy,
    room: Room,
) -> usize {
    let is_stale = |item: &T| value(item).value.to_bits() == STALE_NAN_BITS;
    let all = all.get(..room.points).unwrap_or(all);
    let mut written = 0;
    while let Some(rest) = all.get(written..).filter(|rest| !rest.is_empty()) {
        let values = rest.iter().position(is_stale).unwrap_or(rest.len());
        let (values, stale) = rest.split_at(values);
        let has_start = values.first().is_some_and(|first| value(first).start_time_unix_nano > 0);
        let length_max = room.length_max;
        let fit = out.push_series(attributes.view(), has_start, values, value, length_max);
        written += fit;
        if fit < values.len() {
            break;
        }
        let Some(stale) = stale.first() else { break };
        let SeriesValue { start_time_unix_nano, time_unix_nano, .. } = value(stale);
        let point = NumberDataPoint {
            start_time_unix_nano,
            time_unix_nano,
            value: NumberValue::Empty,
            attributes: attributes.view(),
            flags: NO_RECORDED_VALUE,
            ..NumberDataPoint::default()
        };
        if !out.push_within(&point, length_max) {
            break;
        }
        written += 1;
    }
    written
}

fn of_sample(sample: &Sample) -> SeriesValue {
    SeriesValue {
        time_unix_nano: sample.time.to_unix_nano(),
        value: sample.value,
        ..SeriesValue::default()
    }
}

/// Whether OTLP can write all times: they are sorted.
fn are_writable(samples: &[Sample]) -> bool {
    let can_write = |sample: &Sample| sample.time.to_unix_nano() > 0;
    samples.first().is_none_or(can_write) && samples.last().is_none_or(can_write)
}

/// Says of each sample why it is omitted, if the receiver does not take it or OTLP cannot write it.
fn prepare(
    samples: &[Sample],
    one_point_a_second: bool,
) -> impl Iterator<Item = Result<Sample, MappingDrop>> {
    samples.iter().enumerate().map(move |(index, sample)| {
        let next = samples.get(index + 1).map(|next| second(next.time));
        if sample.time.to_unix_nano() == 0 {
            Err(MappingDrop::NoTime)
        } else if one_point_a_second && next == Some(second(sample.time)) {
            Err(MappingDrop::SameSecond)
        } else {
            Ok(*sample)
        }
    })
}

/// Makes a difference of a counter's sample.
fn difference(
    follower: &mut Follower<'_, f64>,
    sample: Sample,
) -> Result<SeriesValue, MappingDrop> {
    if !sample.value.is_finite() && !sample.is_stale() {
        return Err(MappingDrop::BadCounts);
    }
    let mut value = sample.value;
    let start_time_unix_nano = follower.follow(&mut value, sample.time)?;
    Ok(SeriesValue { start_time_unix_nano, value, ..of_sample(&sample) })
}

/// Gives the second of a time.
pub(super) fn second(time: Millis) -> i64 {
    time.0.div_euclid(1000)
}
