//! Native histograms: buckets that grow by a constant factor, or with bounds of their own.

use super::family::Form;
use crate::slice::NativeHistogram;

/// The schema of custom bounds.
const CUSTOM: i32 = -53;

/// Says which form a histogram has in OTLP; none if it has no place there.
pub(super) fn form(histogram: &NativeHistogram) -> Option<Form> {
    match histogram {
        NativeHistogram { is_gauge: true, .. } | NativeHistogram { is_float: true, .. } => None,
        NativeHistogram { schema: CUSTOM, .. } => Some(Form::Custom),
        NativeHistogram { schema: -4..=8, .. } => Some(Form::Exponential),
        _ => None,
    }
}
