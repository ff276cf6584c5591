//! Puts the series of a histogram or summary together: those with the same attributes, at the same time.

use ktel_otlp::{Attributes, KeyValue, Repeated};

use super::attributes::{Except, Fit};
use super::bound::{self, Bound};
use super::family::Part;
use super::identity::Facts;
use super::index::Item;
use super::number::{Own, second};
use super::row::Row;
use super::tally::{MappingDrop, Tally};
use crate::slice::{Sample, Slice};
use crate::time::Millis;

/// A series of a family.
#[derive(Debug, Clone, Copy)]
struct Member<'s> {
    /// Where its attributes are.
    attributes: (usize, usize),
    part: Part,
    bound: Bound,
    /// What was not taken yet.
    samples: &'s [Sample],
}

/// The members of a family, by their attributes.
#[derive(Debug)]
pub(super) struct Assembly<'s> {
    attributes: Attributes,
    members: Vec<Member<'s>>,
    /// The members with the same attributes that are walked at the moment.
    group: (usize, usize),
    one_point_a_second: bool,
    /// What was said at the moment that was taken last: count, sum, then buckets or quantiles as they rise.
    pub(super) rows: Vec<Row>,
}

impl<'s> Assembly<'s> {
    /// Reads the members.
    pub(super) fn new(
        slice: &'s Slice,
        items: &[Item],
        own: Own,
        is_summary: bool,
        tally: &mut Tally,
    ) -> Self {
        let mut attributes = Attributes::new();
        let mut members = Vec::with_capacity(items.len());
        let mut facts = Facts::default();
        for item in items {
            let Some(series) = slice.get(item.series as usize) else { continue };
            let is_bound = item.part == Part::Bound;
            let except = Except { scope: own.is_scope_elsewhere, bound: is_bound };
            let from = attributes.len();
            let of_resource = own.resource_attributes;
            match own.limits.push_series(series, except, of_resource, &mut attributes) {
                Fit::TooMany => {
                    tally.drop(MappingDrop::TooManyAttributes, series.samples.len());
                    continue;
                }
                Fit::Shortened => tally.shortened += series.samples.len() as u64,
                Fit::Whole => {}
            }
            let bound = is_bound.then(|| {
                facts.read(series);
                if is_summary { facts.quantile() } else { facts.bucket() }
            });
            members.push(Member {
                attributes: (from, attributes.len()),
                part: item.part,
                bound: bound.flatten().unwrap_or(bound::NONE),
                samples: series.samples,
            });
        }
        let bytes = |member: &Member<'_>| {
            let (from, to) = member.attributes;
            attributes.bytes_between(from, to)
        };
        members.sort_by(|one, other| {
            bytes(one)
                .cmp(bytes(other))
                .then(one.part.cmp(&other.part))
                .then(one.bound.upper.total_cmp(&other.bound.upper))
        });
        Self {
            attributes,
            members,
            group: (0, 0),
            one_point_a_second: own.one_point_a_second,
            rows: Vec::new(),
        }
    }

    /// Says whether any bucket is a range of VictoriaMetrics.
    pub(super) fn has_ranges(&self) -> bool {
        self.members.iter().any(|member| member.bound.lower.is_some())
    }

    /// Gives the attributes of the members that are walked at the moment.
    pub(super) fn attributes(&self) -> Repeated<'_, KeyValue<'_>> {
        let (from, to) = self.attributes_at();
        self.attributes.view_between(from, to)
    }

    /// Gives the bytes of the same.
    pub(super) fn attribute_bytes(&self) -> &[u8] {
        let (from, to) = self.attributes_at();
        self.attributes.bytes_between(from, to)
    }

    fn attributes_at(&self) -> (usize, usize) {
        self.members.get(self.group.0).map_or((0, 0), |member| member.attributes)
    }

    /// Takes up the members with the next attributes; says whether there are any.
    pub(super) fn next_group(&mut self) -> bool {
        let start = self.group.1;
        self.group = (start, start);
        let Some(first) = self.members.get(start) else { return false };
        let (from, to) = first.attributes;
        let bytes = self.attributes.bytes_between(from, to);
        let is_same = |member: &&Member<'_>| {
            let (from, to) = member.attributes;
            self.attributes.bytes_between(from, to) == bytes
        };
        let length = self.members.iter().skip(start).take_while(is_same).count();
        self.group.1 = start + length;
        true
    }

    /// Gives the bounds of the members that are walked, as they rise.
    pub(super) fn bounds(&self) -> impl Iterator<Item = Bound> + '_ {
        let (start, end) = self.group;
        let members = self.members.get(start..end).unwrap_or_default();
        members.iter().filter(|member| member.part == Part::Bound).map(|member| member.bound)
    }

    /// Takes what the members say at the next moment into [`rows`](Self::rows), and gives the moment. Moments that OTLP
    /// cannot write, or that the receiver does not take, are omitted.
    pub(super) fn next_moment(&mut self, tally: &mut Tally) -> Option<Millis> {
        loop {
            let time = self.next_time()?;
            let (start, end) = self.group;
            self.rows.clear();
            for member in self.members.get_mut(start..end).unwrap_or_default() {
                if let Some((&sample, rest)) = member.samples.split_first()
                    && sample.time == time
                {
                    member.samples = rest;
                    self.rows.push(Row { part: member.part, bound: member.bound, sample });
                }
            }
            if time.to_unix_nano() == 0 {
                tally.drop(MappingDrop::NoTime, self.rows.len());
            } else if self.one_point_a_second
                && self.next_time().is_some_and(|next| second(next) == second(time))
            {
                tally.drop(MappingDrop::SameSecond, self.rows.len());
            } else {
                return Some(time);
            }
        }
    }

    fn next_time(&self) -> Option<Millis> {
        let (start, end) = self.group;
        let members = self.members.get(start..end)?;
        members.iter().filter_map(|member| member.samples.first()).map(|first| first.time).min()
    }
}
