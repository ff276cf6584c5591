//! A batch of the events that wait.

use ktel_delivery::spool;
use serde_json::{Map, Value};

/// What goes out next.
#[derive(Debug, Default)]
pub struct NextBatch {
    /// The very bytes; nothing if no event passed its schema.
    pub parcel: Option<ktel_delivery::Parcel>,
    /// Its events.
    pub events: Vec<Map<String, Value>>,
    pub(super) ids: Vec<spool::Id>,
    pub(super) rejected: Vec<spool::Id>,
    /// Why the first of them cannot leave.
    pub(super) because: Option<String>,
}
