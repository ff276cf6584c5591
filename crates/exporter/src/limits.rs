//! All limits of this crate, each with its reason.

/// Bytes of an Event's note. The API server takes 1 KiB.
pub const EVENT_NOTE_BYTES_MAX: usize = 1000;
