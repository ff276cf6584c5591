//! Why a window could not be read.

use std::time::Duration;

use ktel_metricsql::Labels;
use thiserror::Error;

use super::cut::Cut;
use super::text;
use crate::slice::SliceBuilder;

/// Why a window could not be read. Nothing of it was given on.
#[derive(Debug, Error)]
pub enum ReadError {
    /// More than the bound: read it in parts.
    #[error("more than {bytes_max} bytes of series and samples")]
    TooLarge {
        /// The bound.
        bytes_max: usize,
        /// How the series that came until then can be divided, if any came.
        cut: Option<Box<Cut>>,
    },
    /// The store asks to wait.
    #[error("the store is busy: {message}")]
    Busy {
        /// For how long.
        after: Option<Duration>,
        /// What it says.
        message: String,
    },
    /// No whole answer came.
    #[error("the store cannot be read: {message}")]
    Unavailable {
        /// Why.
        message: String,
    },
    /// The store rejects the request.
    #[error("the store rejects the request with status {status}: {message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// What it says.
        message: String,
    },
    /// The request cannot be made.
    #[error("the store cannot be asked: {message}")]
    Unsendable {
        /// Why.
        message: String,
    },
    /// A series came that is not the tenant's, or that no selector wants.
    #[error("the store returned a series that is not of the tenant: {series}")]
    Violation {
        /// Its name, nothing else: it is not ours to show.
        series: String,
    },
    /// An answer that is none.
    #[error("the answer of the store cannot be read: {message}")]
    Malformed {
        /// What is wrong with it.
        message: String,
    },
}

impl ReadError {
    /// Makes the error of a slice for which there is no more room.
    pub(super) fn too_large(bytes_max: usize, builder: &SliceBuilder) -> Self {
        Self::TooLarge { bytes_max, cut: Cut::choose(builder.series()).map(Box::new) }
    }

    /// Makes the error of a series that must not be there.
    pub(super) fn stranger<L: Labels + ?Sized>(labels: &L) -> Self {
        let name = labels.value("__name__").unwrap_or_default();
        Self::Violation { series: text::clean(name.as_bytes()) }
    }
}
