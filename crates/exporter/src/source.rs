//! Reads a window of a store into a [slice](crate::slice).

use std::collections::HashMap;
use std::time::Duration;

use ktel_metricsql::{Expr, Selector, Version};
use thiserror::Error;

use crate::plan::Tenant;
use crate::slice::Slice;
use crate::time::{Millis, Window};

/// A store that is read.
#[derive(Debug, Clone)]
pub struct Store {
    /// Its kind decides how raw samples are read.
    pub kind: StoreKind,
    /// Where its API begins. May have `{tenant}` in its path.
    pub url: url::Url,
    /// Sent with each request; secret.
    pub authorization: Option<ktel_delivery::Secret>,
    /// Authorities to trust instead of the system's, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// The longest query it takes.
    pub query_bytes_max: usize,
}

/// The kinds of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// VictoriaMetrics, by `/api/v1/export`.
    VictoriaMetrics(Version),
    /// Prometheus, by `remote_read` in streamed chunks.
    Prometheus,
    /// Anything else that answers `/api/v1/query`, by `selector[window]`.
    Other,
}

/// Reads a store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {}

/// What is read at once: selectors, perhaps only for some metric names.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Series that any of these selects.
    pub selectors: Vec<Selector>,
    /// Only metrics of these families; all if absent.
    pub families: Option<Vec<String>>,
}

/// Types, units and descriptions of metrics, by the name of the family.
pub type Metadata = HashMap<String, MetricMetadata>;

/// What a store knows of a metric beside its samples.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetricMetadata {
    /// The type.
    pub kind: MetricKind,
    /// The unit, as Prometheus writes it.
    pub unit: String,
    /// The description.
    pub help: String,
}

/// The types of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum MetricKind {
    /// It is not known.
    #[default]
    Unknown,
    /// Counts up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets, a sum and a count.
    Histogram,
    /// Buckets that go up and down.
    GaugeHistogram,
    /// Quantiles, a sum and a count.
    Summary,
    /// Labels that describe something; the value is 1.
    Info,
    /// One series for each state.
    StateSet,
}

/// Why a window could not be read. Nothing of it was given on.
#[derive(Debug, Error)]
pub enum ReadError {
    /// More than the bound: read it in parts.
    #[error("more than {bytes_max} bytes of series and samples")]
    TooLarge {
        /// The bound.
        bytes_max: usize,
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

/// An expression to evaluate at aligned instants.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The expression; the tenant's matchers are in it.
    pub expr: Expr,
    /// The time between two instants.
    pub step: Duration,
}

#[expect(unused_variables, clippy::unused_async, reason = "the seam; its body follows")]
impl Reader {
    /// Makes a reader; no request is made.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(store: &Store) -> Result<Self, ktel_delivery::http::Error> {
        Ok(Self {})
    }

    /// Reads all raw samples of a part in a window, checks that each series is the tenant's and selected, and keeps at
    /// most `bytes_max` bytes.
    ///
    /// # Errors
    /// When it cannot be read as a whole.
    pub async fn read(
        &self,
        tenant: &Tenant,
        part: &Part,
        window: Window,
        bytes_max: usize,
    ) -> Result<Slice, ReadError> {
        unimplemented!()
    }

    /// Evaluates an expression at the instants of a window.
    ///
    /// # Errors
    /// When it cannot be read as a whole.
    pub async fn evaluate(
        &self,
        tenant: &Tenant,
        evaluation: &Evaluation,
        window: Window,
        bytes_max: usize,
    ) -> Result<Slice, ReadError> {
        unimplemented!()
    }

    /// Gives the families of metrics that a part has in a window, sorted: `x` for `x_bucket`, `x_sum` and `x_count`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn families(
        &self,
        tenant: &Tenant,
        part: &Part,
        window: Window,
    ) -> Result<Vec<String>, ReadError> {
        unimplemented!()
    }

    /// Gives types, units and descriptions of all metrics of the tenant.
    ///
    /// # Errors
    /// When they cannot be read; a store that has none gives none.
    pub async fn metadata(&self, tenant: &Tenant) -> Result<Metadata, ReadError> {
        unimplemented!()
    }

    /// Counts the samples of a part in a window, by the store: for the audit of late samples.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub async fn count(
        &self,
        tenant: &Tenant,
        part: &Part,
        window: Window,
    ) -> Result<u64, ReadError> {
        unimplemented!()
    }

    /// Gives the store's clock. It is taken from the answers to other requests; a small request is made where there was none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn now(&self) -> Result<Millis, ReadError> {
        unimplemented!()
    }
}
