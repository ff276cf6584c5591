//! Why jobs do not form a workflow.

use thiserror::Error as ThisError;

use crate::limits;

/// Why a workflow cannot be made.
#[derive(Debug, ThisError)]
pub enum Error {
    /// There is nothing to run.
    #[error("a workflow needs at least one job")]
    Empty,
    /// There are too many jobs.
    #[error("a workflow has at most {} jobs", limits::JOBS_MAX)]
    TooMany,
    /// A job is there twice.
    #[error("the workflow has job \"{job}\" twice")]
    Twice {
        /// Its name.
        job: String,
    },
    /// A job that another one needs is missing.
    #[error("job \"{job}\" needs \"{needs}\", which is not part of the workflow")]
    Missing {
        /// The job.
        job: String,
        /// What it needs.
        needs: String,
    },
    /// Jobs wait for each other.
    #[error("these jobs wait for each other: {}", jobs.join(", "))]
    Cycle {
        /// Their names.
        jobs: Vec<String>,
    },
}
