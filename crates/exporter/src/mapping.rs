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

mod assemble;
mod attributes;
mod bound;
mod delta;
mod difference;
mod family;
mod histogram;
mod histograms;
mod identity;
mod index;
mod infos;
mod native;
mod natives;
mod number;
mod output;
mod row;
mod shape;
pub(crate) mod split;
mod summaries;
mod summary;
mod tally;
mod unit;
mod write;

use ktel_otlp::Attributes;

pub use self::delta::DeltaState;
use self::family::Families;
use self::index::index;
pub use self::infos::{Infos, Targets};
use self::output::Output;
pub use self::shape::Shape;
pub use self::split::split;
pub use self::tally::{MappingDrop, Tally};
use self::write::Writer;
use crate::batch::Batch;
use crate::slice::Slice;
use crate::source::Metadata;
use crate::time::Window;

/// Encodes a slice. Batches are numbered from `first` on; they are given to `take` as soon as they are full.
///
/// Where only differences are sent, `state` has what the windows before left; it may be encoded again until it is
/// [settled](DeltaState::settle), and gives the same each time.
pub fn encode(
    slice: &Slice,
    window: Window,
    metadata: &Metadata,
    shape: &Shape,
    state: &mut DeltaState,
    first: u32,
    take: &mut dyn FnMut(Batch),
) -> Tally {
    encode_part(slice, window, metadata, shape, &mut Infos::Own, state, first, take)
}

/// Encodes one of the slices of a window that is read in parts; see [`encode`].
#[expect(clippy::too_many_arguments, reason = "they are those of `encode`, and one more")]
pub fn encode_part(
    slice: &Slice,
    window: Window,
    metadata: &Metadata,
    shape: &Shape,
    infos: &mut Infos<'_>,
    state: &mut DeltaState,
    first: u32,
    take: &mut dyn FnMut(Batch),
) -> Tally {
    let mut tally = Tally::default();
    let index = index(slice, Families::new(metadata), infos, &mut tally);
    let out = Output::new(shape, window, first, take);
    let attributes = Attributes::new();
    let mut writer = Writer { slice, index: &index, shape, window, state, out, tally, attributes };
    for (target, scope, items) in index.runs() {
        writer.write(target, scope, items);
    }
    writer.finish()
}

/// Rebuilds the state that differences need: of samples from before a cursor, which were sent. They have to reach back to the
/// last sample of each series that is to go on.
pub fn warm(
    slice: &Slice,
    window: Window,
    metadata: &Metadata,
    shape: &Shape,
    state: &mut DeltaState,
) {
    encode(slice, window, metadata, shape, state, 0, &mut |_| {});
    state.settle(window.end);
}
