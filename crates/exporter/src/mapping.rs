//! Makes OTLP of a [slice](crate::slice): kinds, families, resources, batches. Pure.
//!
//! ```text
//! slice --index--> targets, scopes, families, and the series of each in order
//!                      |
//!        number, histogram, summary, native: data points of one metric
//!                      |
//!                   output: requests, cut by points and bytes --> batches
//! ```
//!
//! The same slice gives the same bytes. Every sample is in a data point, describes a resource, or is counted with the reason
//! why not.

mod attributes;
mod bound;
mod family;
mod identity;
mod index;
mod native;
mod number;
mod output;
mod split;
mod unit;

use std::collections::BTreeMap;

use ktel_otlp::AggregationTemporality;

use self::attributes::AttributeLimits;
use self::family::{Families, Form};
use self::index::{Index, Item, index};
use self::number::{Numbers, Own};
use self::output::{Output, Place};
pub use self::split::split;
use crate::batch::Batch;
use crate::plan::{Accepts, BatchPlan, Temporality};
use crate::slice::Slice;
use crate::source::{Metadata, MetricKind};
use crate::time::Window;

/// What decides how the same slice is encoded. Sinks with equal shapes share their batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How points are put together.
    pub batch: BatchPlan,
    /// Since when values are counted.
    pub temporality: Temporality,
    /// What the receiver does not take.
    pub accepts: Accepts,
}

/// What was made of a slice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Samples that were mapped: each is in a data point, or describes a resource.
    pub samples: u64,
    /// Those of them that describe a resource. They are in no data point.
    pub described: u64,
    /// Those of them whose attributes had to be shortened.
    pub shortened: u64,
    /// Data points that came of them.
    pub points: u64,
    /// Samples that were left out, by reason.
    pub dropped: BTreeMap<MappingDrop, u64>,
}

/// Why a sample has no place in OTLP, or in what the receiver takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MappingDrop {
    /// A histogram or summary without `_count`.
    NoCount,
    /// A gauge histogram, or a native histogram of floats.
    NoSuchKind,
    /// A data point that is longer than a request may be.
    TooLong,
    /// The receiver takes no summaries.
    NoSummaries,
    /// The receiver keeps one point a second.
    SameSecond,
    /// The first sample of a series, where only differences are sent.
    NoStart,
    /// OTLP cannot write its time: it is not after 1970, or beyond the year 2554.
    NoTime,
    /// The series has more attributes than the receiver takes.
    TooManyAttributes,
}

impl Tally {
    fn drop(&mut self, reason: MappingDrop, samples: usize) {
        if samples > 0 {
            *self.dropped.entry(reason).or_default() += samples as u64;
        }
    }

    fn describe(&mut self, samples: usize) {
        self.samples += samples as u64;
        self.described += samples as u64;
    }
}

/// State that differences need from one window to the next. It can be rebuilt from the store.
#[derive(Debug, Clone, Default)]
pub struct DeltaState {}

/// Encodes a slice. Batches are numbered from `first` on; they are given to `take` as soon as they are full.
pub fn encode(
    slice: &Slice,
    window: Window,
    metadata: &Metadata,
    shape: &Shape,
    _state: &mut DeltaState,
    first: u32,
    take: &mut dyn FnMut(Batch),
) -> Tally {
    let mut tally = Tally::default();
    let index = index(slice, Families::new(metadata), &mut tally);
    let mut out = Output::new(shape, window, first, take);
    for (target_id, scope_id, items) in index.runs() {
        let (Some(target), Some(scope)) =
            (index.targets.get(target_id as usize), index.scopes.get(scope_id as usize))
        else {
            continue;
        };
        let place = Place { target_id, target, scope_id, scope };
        write(slice, &index, place, items, shape, &mut out, &mut tally);
    }
    out.finish();
    tally
}

/// Writes a metric of a resource and scope.
fn write(
    slice: &Slice,
    index: &Index<'_>,
    place: Place<'_, '_>,
    items: &[Item],
    shape: &Shape,
    out: &mut Output<'_>,
    tally: &mut Tally,
) {
    let Some(family) = items.first().and_then(|item| index.families.all.get(item.family as usize))
    else {
        return;
    };
    let own = Own {
        limits: AttributeLimits::new(&shape.accepts),
        is_scope_elsewhere: place.scope_id != 0,
        resource_attributes: out.resource_attributes(place.target),
        one_point_a_second: shape.accepts.one_point_a_second,
    };
    match family.form {
        Form::Number => {
            let mut points = Numbers::new(slice, items, own);
            out.write(place, family, begin_number(family.kind), &mut points, tally);
        }
        Form::Histogram | Form::Summary => {
            let samples = items.iter().filter_map(|item| slice.get(item.series as usize));
            tally.drop(MappingDrop::NoSuchKind, samples.map(|series| series.samples.len()).sum());
        }
        Form::Exponential | Form::Custom => {
            let samples = items.iter().filter_map(|item| slice.get(item.series as usize));
            tally
                .drop(MappingDrop::NoSuchKind, samples.map(|series| series.histograms.len()).sum());
        }
    }
}

fn begin_number(kind: MetricKind) -> output::Begin<ktel_otlp::NumberPoints> {
    const CUMULATIVE: AggregationTemporality = AggregationTemporality::CUMULATIVE;
    match kind {
        MetricKind::Counter => |out, metric| out.sum(metric, CUMULATIVE, true),
        MetricKind::Info | MetricKind::StateSet => |out, metric| out.sum(metric, CUMULATIVE, false),
        _ => |out, metric| out.gauge(metric),
    }
}
