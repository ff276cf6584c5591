//! Every limit of this crate, each with its reason.

/// A configuration, a policy, a preference or a product file; the largest are a few KiB.
pub const SETTINGS_BYTES_MAX: u64 = 1 << 20;
/// One event; the longest that can be declared has a few hundred bytes.
pub const EVENT_BYTES_MAX: usize = 4 << 10;
/// Files looked at in a drop directory at a time; a program that fills it faster than that is broken.
pub const DROPPED_EVENTS_MAX: usize = 1000;
