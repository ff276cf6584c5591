//! All limits of this crate, each with its reason.

use std::time::Duration;

/// How many events go out at once: some 15 kB, compressed to one.
pub(crate) const BATCH_EVENTS_MAX: usize = 1000;
/// Objects within objects that become pairs of a line. A report has a section, a field and at most a
/// record; a deeper object becomes JSON text, or the dialect rejects it.
pub(crate) const LINE_NESTING_MAX: usize = 8;
/// Deeper values become JSON text in OTLP: a schema has records of one level, and collectors limit
/// the depth.
pub(crate) const OTLP_VALUE_NESTING_MAX: usize = 8;
/// How many servers may have reports in the outbox; more than that is a mistake, such as a server per
/// run.
pub(crate) const LANES_MAX: usize = 256;
/// A bundle holds a full outbox of one server; base64 adds a third.
pub(crate) const BUNDLE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The keys of parcels that an import took. The oldest are forgotten, as receivers forget them too.
pub(crate) const TAKEN_KEYS_MAX: usize = 10_000;
/// The largest body of items that are sent together: half of what our receiver takes.
pub(crate) const JOINED_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How often Splunk is asked whether an event is stored. Its manual says every 10 s; a person who runs a
/// command does not wait so long.
pub(crate) const ACK_POLL_EVERY: Duration = Duration::from_secs(1);
/// How often it is asked at the most: two thirds of the 30 s that a command sends for by default.
pub(crate) const ACK_POLLS_MAX: usize = 20;
