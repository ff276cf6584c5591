//! Why a window could not be read.

use std::collections::HashSet;
use std::time::Duration;

use ktel_metricsql::Labels;
use thiserror::Error;

use super::cut::Cut;
use super::families::{TARGET_INFO, family};
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
        /// What came until then.
        seen: Seen,
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

/// What came of an answer that is too large: it says how to divide it.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many families of metrics came, the last one in part; none if it is not known.
    pub families: usize,
    /// How the series of the only family can be divided.
    pub cut: Option<Box<Cut>>,
}

impl Seen {
    /// Looks at the series that came.
    #[must_use]
    pub fn of(builder: &SliceBuilder) -> Self {
        let mut families: HashSet<&str> =
            builder.series().map(|series| family(series.name())).collect();
        families.remove(TARGET_INFO);
        // Several families are divided by their names.
        let cut = if families.len() > 1 { None } else { Cut::choose(builder.series()) };
        Self { families: families.len(), cut: cut.map(Box::new) }
    }
}

impl ReadError {
    /// Makes the error of a slice for which there is no more room.
    pub(super) fn too_large(bytes_max: usize, builder: &SliceBuilder) -> Self {
        Self::TooLarge { bytes_max, seen: Seen::of(builder) }
    }

    /// Makes the error of a series that must not be there.
    pub(super) fn stranger<L: Labels + ?Sized>(labels: &L) -> Self {
        let name = labels.value("__name__").unwrap_or_default();
        Self::Violation { series: text::clean(name.as_bytes()) }
    }
}
