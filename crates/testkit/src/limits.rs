//! Every limit of this crate, with its reason.

/// The largest datagram. IPv4 carries a little less.
pub(crate) const CAPTURED_DATAGRAM_BYTES_MAX: usize = 64 * 1024;
/// The longest line. No log server takes a longer one.
pub(crate) const CAPTURED_LINE_BYTES_MAX: u64 = 1024 * 1024;
/// The head of a request. Our clients send less than 2 KiB.
pub(crate) const REQUEST_HEAD_BYTES_MAX: u64 = 64 * 1024;
/// The body of a request, compressed or not. Reports are below 1 MiB.
pub(crate) const REQUEST_BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Connections at once to a server or proxy. A test's client opens a handful; one that leaks
/// connections sees the next ones closed.
pub(crate) const TEST_CONNECTIONS_MAX: usize = 256;
/// Entries that a receiver records. Tests count in hundreds, benches in hundreds of thousands.
pub(crate) const ENTRIES_MAX: usize = 1_000_000;
/// Acknowledgements that wait on one channel: as many as Splunk keeps.
pub(crate) const PENDING_ACKS_MAX: usize = 1_000_000;
