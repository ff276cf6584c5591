//! The asynchronous runtime of a command.

use tokio::runtime::{Builder, Runtime};

use crate::failure::Failure;

/// Makes the runtime of a command that uses the network. Two threads: one waits for the network while
/// the other parses.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Ok(Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
