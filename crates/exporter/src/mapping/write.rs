//! Chooses how the points of a metric are made, and how the metric begins.

use ktel_otlp::{AggregationTemporality, Attributes, NumberPoints};

use super::assemble::Assembly;
use super::attributes::AttributeLimits;
use super::delta::{DeltaState, Deltas};
use super::family::{Family, Form};
use super::histogram::Counted;
use super::histograms::Histograms;
use super::index::{Index, Item};
use super::native::NativeCounted;
use super::natives::Natives;
use super::number::{Numbers, Own};
use super::output::{Begin, Output, Place};
use super::shape::Shape;
use super::summaries::Summaries;
use super::tally::{MappingDrop, Tally};
use crate::plan::Temporality;
use crate::slice::Slice;
use crate::source::MetricKind;
use crate::time::Window;

/// Writes the metrics of a slice.
pub(super) struct Writer<'a, 's> {
    pub(super) slice: &'s Slice,
    pub(super) index: &'a Index<'s>,
    pub(super) shape: &'a Shape,
    pub(super) window: Window,
    pub(super) state: &'a mut DeltaState,
    pub(super) out: Output<'a>,
    pub(super) tally: Tally,
    /// Memory for the attributes of a series.
    pub(super) attributes: Attributes,
}

impl Writer<'_, '_> {
    /// Writes a metric of a target and scope.
    pub(super) fn write(&mut self, target_id: u32, scope_id: u32, items: &[Item]) {
        let Index { families, targets, scopes, .. } = self.index;
        let (Some(target), Some(scope), Some(first)) =
            (targets.get(target_id as usize), scopes.get(scope_id as usize), items.first())
        else {
            return;
        };
        let Some(family) = families.all.get(first.family as usize) else { return };
        let place = Place { target_id, target, scope_id, scope };
        let own = Own {
            limits: AttributeLimits::new(&self.shape.accepts),
            is_scope_elsewhere: scope_id != 0,
            resource_attributes: self.out.resource_attributes(place),
            one_point_a_second: self.shape.accepts.one_point_a_second,
        };
        match family.form {
            Form::Number => self.numbers(place, family, items, own),
            Form::Histogram => self.histograms(place, family, items, own),
            Form::Summary => self.summaries(place, family, items, own),
            Form::Exponential => self.exponential(place, family, items, own),
            Form::Custom => self.custom(place, family, items, own),
        }
    }

    /// Gives on what is left, and what was done.
    pub(super) fn finish(self) -> Tally {
        self.out.finish();
        self.tally
    }

    fn numbers(&mut self, place: Place<'_, '_>, family: &Family<'_>, items: &[Item], own: Own) {
        let is_delta = self.is_delta() && family.kind == MetricKind::Counter;
        let deltas = is_delta.then_some(Deltas { state: self.state, window: self.window });
        let attributes = std::mem::take(&mut self.attributes);
        let mut points = Numbers::new(self.slice, items, own, deltas, attributes);
        let begin = begin_number(family.kind, is_delta);
        self.out.write(place, family, false, begin, &mut points, &mut self.tally);
        self.attributes = points.into_attributes();
    }

    fn histograms(&mut self, place: Place<'_, '_>, family: &Family<'_>, items: &[Item], own: Own) {
        let assembly = Assembly::new(self.slice, items, own, false, &mut self.tally);
        let has_ranges = assembly.has_ranges();
        let (is_delta, identity) = (self.is_delta(), identity(place, family));
        let deltas = is_delta.then_some(Deltas { state: self.state, window: self.window });
        let mut points = Histograms::new(assembly, deltas, identity);
        let begin: Begin<_> = if is_delta {
            |out, metric| out.histogram(metric, DELTA)
        } else {
            |out, metric| out.histogram(metric, CUMULATIVE)
        };
        self.out.write(place, family, has_ranges, begin, &mut points, &mut self.tally);
    }

    fn summaries(&mut self, place: Place<'_, '_>, family: &Family<'_>, items: &[Item], own: Own) {
        if self.shape.accepts.no_summaries {
            let series = items.iter().filter_map(|item| self.slice.get(item.series as usize));
            let samples = series.map(|series| series.samples.len()).sum();
            return self.tally.drop(MappingDrop::NoSummaries, samples);
        }
        let assembly = Assembly::new(self.slice, items, own, true, &mut self.tally);
        let mut points = Summaries::new(assembly);
        let begin: Begin<_> = |out, metric| out.summary(metric);
        self.out.write(place, family, false, begin, &mut points, &mut self.tally);
    }

    fn exponential(&mut self, place: Place<'_, '_>, family: &Family<'_>, items: &[Item], own: Own) {
        let is_delta = self.is_delta();
        let deltas = is_delta.then_some(Deltas { state: self.state, window: self.window });
        let mut points = Natives::<NativeCounted>::new(self.slice, items, own, deltas);
        let begin: Begin<_> = if is_delta {
            |out, metric| out.exponential_histogram(metric, DELTA)
        } else {
            |out, metric| out.exponential_histogram(metric, CUMULATIVE)
        };
        self.out.write(place, family, false, begin, &mut points, &mut self.tally);
    }

    fn custom(&mut self, place: Place<'_, '_>, family: &Family<'_>, items: &[Item], own: Own) {
        let is_delta = self.is_delta();
        let deltas = is_delta.then_some(Deltas { state: self.state, window: self.window });
        let mut points = Natives::<Counted>::new(self.slice, items, own, deltas);
        let begin: Begin<_> = if is_delta {
            |out, metric| out.histogram(metric, DELTA)
        } else {
            |out, metric| out.histogram(metric, CUMULATIVE)
        };
        self.out.write(place, family, false, begin, &mut points, &mut self.tally);
    }

    fn is_delta(&self) -> bool {
        self.shape.temporality == Temporality::Delta
    }
}

const CUMULATIVE: AggregationTemporality = AggregationTemporality::CUMULATIVE;
const DELTA: AggregationTemporality = AggregationTemporality::DELTA;

/// What goes up and down stays cumulative: a receiver that takes differences takes them of what only goes up.
fn begin_number(kind: MetricKind, is_delta: bool) -> Begin<NumberPoints> {
    match kind {
        MetricKind::Counter if is_delta => |out, metric| out.sum(metric, DELTA, true),
        MetricKind::Counter => |out, metric| out.sum(metric, CUMULATIVE, true),
        MetricKind::Info | MetricKind::StateSet => |out, metric| out.sum(metric, CUMULATIVE, false),
        _ => |out, metric| out.gauge(metric),
    }
}

/// Gives bytes that say which metric it is, of which target and scope.
fn identity(place: Place<'_, '_>, family: &Family<'_>) -> Vec<u8> {
    let own = [family.name, place.target.job, place.target.instance];
    let scope = place.scope.iter().flat_map(|(key, value)| [*key, *value]);
    let mut identity = Vec::new();
    for text in own.into_iter().chain(scope) {
        identity.extend_from_slice(&text.len().to_le_bytes());
        identity.extend_from_slice(text.as_bytes());
    }
    identity
}
