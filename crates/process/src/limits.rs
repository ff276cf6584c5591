//! Every limit of this crate, each with its reason.

use std::time::Duration;

/// A readiness check; the kubelet waits for an answer for one second unless it is told otherwise.
pub const READY_WITHIN: Duration = Duration::from_secs(1);
/// Connections to the health endpoint at once: a kubelet and a few Prometheus servers keep one each.
pub const HEALTH_CONNECTIONS_MAX: usize = 32;
/// The head of a request to it, also on a connection that is kept open between two scrapes.
pub const HEALTH_HEAD_WITHIN: Duration = Duration::from_secs(120);
/// The pause after a connection could not be accepted: the process has too many files open.
pub const HEALTH_ACCEPT_PAUSE: Duration = Duration::from_secs(1);
/// How many files a confined process may open: its three streams, and what it reads of itself.
pub const CONFINED_FILES_MAX: u64 = 16;
