//! Why an agent cannot run.

use thiserror::Error;

use ktel_destination::NotReady;

/// Why an agent cannot run.
#[derive(Debug, Error)]
pub enum Error {
    /// A server needs something that is not there.
    #[error(transparent)]
    Server(#[from] NotReady),
    /// The state directory cannot be used.
    #[error(transparent)]
    State(#[from] crate::state::Error),
    /// The configuration is wrong, in the file or in code.
    #[error(transparent)]
    Configuration(#[from] crate::file::Error),
    /// The jobs of the file cannot run together.
    #[error("the jobs of the configuration")]
    Workflow(#[from] ktel_jobs::workflow::Error),
}
