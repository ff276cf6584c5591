//! Writes with the exporter's mapping.

use std::time::Duration;

use ktel_exporter::batch::Batch;
use ktel_exporter::mapping::{DeltaState, Shape, encode as encode_slice};
use ktel_exporter::plan::{Accepts, BatchPlan, Temporality};
use ktel_exporter::slice::Slice;
use ktel_exporter::source::Metadata;
use ktel_exporter::time::{Millis, Window};

use crate::corpus::BEGAN;

/// Gives each request of 10 000 points to a function.
pub(crate) fn encode(slice: &Slice, take: &mut dyn FnMut(Batch)) -> u64 {
    encode_by(10_000, slice, take)
}

/// Gives each request of so many points to a function.
pub(crate) fn encode_by(points_max: usize, slice: &Slice, take: &mut dyn FnMut(Batch)) -> u64 {
    let batch = BatchPlan {
        is_enabled: true,
        timeout: Duration::from_secs(5),
        points_max,
        bytes_max: 4 << 20,
    };
    let accepts = Accepts::default();
    let shape = Shape { batch, temporality: Temporality::Cumulative, accepts };
    let window = Window { start: Millis(BEGAN), end: Millis(BEGAN + 600_000) };
    let (metadata, mut state) = (Metadata::new(), DeltaState::default());
    encode_slice(slice, window, &metadata, &shape, &mut state, 0, take).points
}
