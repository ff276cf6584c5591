//! What is the same for all receivers.

use std::time::Duration;

/// How long each run sends.
pub(crate) const SENDING: Duration = Duration::from_secs(6);
/// How many send where each has more to say: so many batches are what a queue holds.
pub(crate) const CONNECTIONS_OF_FEW: usize = 64;
/// The day of every report, which is also the receiver's.
pub(crate) const DAY: &str = "2026-11-21";
