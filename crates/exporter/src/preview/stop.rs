//! Why a preview ends before all of its windows were read.

use std::fmt;
use std::time::Duration;

use crate::source::ReadError;

/// What ended a preview before all of its windows were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It looks at no more windows.
    Windows(u32),
    /// It had read so many bytes.
    Bytes(u64),
    /// It had seen so many series.
    Series(usize),
    /// It had taken so long.
    Time(Duration),
}

impl fmt::Display for Cut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Windows(windows) => write!(out, "it ends after {windows} windows"),
            Self::Bytes(bytes) => write!(out, "it ends after {} MiB", bytes >> 20),
            Self::Series(series) => write!(out, "it ends after {series} series"),
            Self::Time(time) => write!(out, "it ends after {} s", time.as_secs_f64()),
        }
    }
}

/// Why there is no preview of a source.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] ReadError),
    /// The engine would not deliver it either.
    #[error("it has more than {series_max} series, which is what the operator allows")]
    TooManySeries {
        /// What is allowed.
        series_max: u64,
    },
    /// Not even one window could be read.
    #[error("a window of {} s is more than a preview reads: {cut}", .width.as_secs_f64())]
    TooMuch {
        /// How long the window is.
        width: Duration,
        /// What ended the reading.
        cut: Cut,
    },
}

/// Why nothing more is read.
#[derive(Debug)]
pub(super) enum Stop {
    /// A bound of the preview was met.
    Cut(Cut),
    /// It cannot be read, or may not be delivered.
    Failed(Failure),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Failed(error.into())
    }
}
