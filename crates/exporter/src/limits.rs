//! All limits of this crate, each with its reason.

/// The buckets of a native histogram that are written, empty ones between others included. A histogram of times from a
/// nanosecond to a year at the finest schema has 14 000. Two buckets that lie far apart may not take gigabytes.
pub(crate) const NATIVE_BUCKETS_MAX: usize = 16_384;

/// Memory of what differences need of one lane, or of lanes that read together: about 130 000 counters. A series that is
/// forgotten loses one difference, and is counted.
pub(crate) const DELTA_STATE_BYTES_MAX: usize = 16 << 20;
