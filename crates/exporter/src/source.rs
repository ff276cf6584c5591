//! Reads a window of a store into a [slice](crate::slice).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::http::HeaderMap;
use ktel_delivery::Secret;
use ktel_delivery::http::{self, BadHeader, Client, Settings};
use ktel_delivery::tls::{Pem, Trust};
use ktel_metricsql::{Expr, Selector, Version};
use thiserror::Error;

use crate::limits::{METADATA_BYTES_MAX, STORE_EXCHANGE_MAX};
use crate::plan::Tenant;
use crate::slice::Slice;
use crate::time::{Millis, Window};

use clock::Clock;
use form::Form;

mod address;
mod asked;
pub mod check;
mod clock;
mod count;
mod cut;
mod error;
mod exchange;
pub mod export;
pub mod families;
mod form;
pub mod labels;
mod matrix;
pub(crate) mod metadata;
mod narrow;
mod promql;
mod query;
pub mod remote_read;
pub(crate) mod summaries;
mod text;

pub use asked::Asked;
pub use cut::{Cut, Cuts};
pub use error::{ReadError, Seen};

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
    /// Anything else that answers `/api/v1/query`, by `selector[window]`. Stale markers and native histograms are lost.
    Other,
}

/// Reads a store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: StoreKind,
    url: url::Url,
    client: Client,
    /// Sent with each request; they may be secret.
    headers: HeaderMap,
    query_bytes_max: usize,
    clock: Mutex<Clock>,
}

/// Why no reader can be made.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The authorization cannot be sent.
    #[error(transparent)]
    Header(#[from] BadHeader),
    /// The authorities are no text.
    #[error("the store's certificate authorities are no PEM")]
    Authorities,
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Client(#[from] ktel_delivery::http::Error),
}

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

/// An expression to evaluate at aligned instants.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The expression; the tenant's matchers are in it.
    pub expr: Expr,
    /// The time between two instants.
    pub step: Duration,
}

impl Reader {
    /// Makes a reader; no request is made.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(store: &Store) -> Result<Self, SetupError> {
        let mut headers = HeaderMap::new();
        if let Some(secret) = &store.authorization {
            let (name, value) = http::sensitive("authorization", secret.reveal())?;
            headers.insert(name, value);
        }
        let authorities = store.authorities.as_deref().map(|pem| {
            // The error would say nothing but where.
            let text = std::str::from_utf8(pem).map_err(|_| SetupError::Authorities)?;
            let name = "the store's certificate authorities".to_owned();
            Ok::<_, SetupError>(Pem::Text { name, text: Secret::new(text) })
        });
        let trust = Trust { authorities: authorities.transpose()?, identity: None };
        let settings = Settings { exchange_within: STORE_EXCHANGE_MAX, ..Settings::default() };
        Ok(Self(Arc::new(Inner {
            kind: store.kind,
            url: store.url.clone(),
            client: Client::with(&store.url, &trust, settings)?,
            headers,
            query_bytes_max: store.query_bytes_max,
            clock: Mutex::default(),
        })))
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
        self.read_cut(tenant, part, &Cuts::default(), window, bytes_max).await
    }

    /// Reads those series of a part for which cuts hold; see [`read`](Self::read). The part names its families.
    ///
    /// # Errors
    /// When it cannot be read as a whole.
    pub async fn read_cut(
        &self,
        tenant: &Tenant,
        part: &Part,
        cuts: &Cuts,
        window: Window,
        bytes_max: usize,
    ) -> Result<Slice, ReadError> {
        let builder = match self.0.kind {
            StoreKind::VictoriaMetrics(_) => {
                self.export(tenant, part, cuts, window, bytes_max).await?
            }
            StoreKind::Prometheus => {
                self.remote_read(tenant, part, cuts, window, bytes_max).await?
            }
            StoreKind::Other => self.raw_by_query(tenant, part, cuts, window, bytes_max).await?,
        };
        Ok(builder.finish())
    }

    /// Evaluates an expression at the instants of a window: multiples of its step.
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
        Ok(self.range(tenant, evaluation, window, bytes_max).await?.finish())
    }

    /// Gives the [families](families::family) of metrics that a part has in a window, sorted; perhaps some more, since
    /// stores look for names by the day.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn families(
        &self,
        tenant: &Tenant,
        part: &Part,
        window: Window,
    ) -> Result<Vec<String>, ReadError> {
        self.family_names(tenant, part, window).await
    }

    /// Gives types, units and descriptions of metrics, by name. A store does not keep them by tenant.
    ///
    /// # Errors
    /// When they cannot be read; a store that has none gives none.
    pub async fn metadata(&self, tenant: &Tenant) -> Result<Metadata, ReadError> {
        self.known_metadata(tenant, METADATA_BYTES_MAX).await
    }

    /// Gives as much of the [metadata](Self::metadata) as fits into so many bytes: types first.
    ///
    /// # Errors
    /// As for all of them.
    pub async fn metadata_within(
        &self,
        tenant: &Tenant,
        bytes_max: usize,
    ) -> Result<Metadata, ReadError> {
        self.known_metadata(tenant, bytes_max).await
    }

    /// Counts the samples of a part in a window, by the store: for the audit of late samples. Stale markers are not
    /// counted.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub async fn count(
        &self,
        tenant: &Tenant,
        part: &Part,
        window: Window,
    ) -> Result<u64, ReadError> {
        self.counted(count::Unit::Samples, tenant, part, &Cuts::default(), window).await
    }

    /// Counts the series of a part in a window, by the store. Those that have stale markers only are not counted.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub async fn series(
        &self,
        tenant: &Tenant,
        part: &Part,
        window: Window,
    ) -> Result<u64, ReadError> {
        self.counted(count::Unit::Series, tenant, part, &Cuts::default(), window).await
    }

    /// Counts the samples of those series of a part for which cuts hold; see [`count`](Self::count).
    ///
    /// # Errors
    /// When they cannot be counted.
    pub async fn count_cut(
        &self,
        tenant: &Tenant,
        part: &Part,
        cuts: &Cuts,
        window: Window,
    ) -> Result<u64, ReadError> {
        self.counted(count::Unit::Samples, tenant, part, cuts, window).await
    }

    /// Gives the store's clock; never ahead, and at most a second and one exchange behind. It is taken from the answers
    /// to other requests; a small request is made where there was none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn now(&self) -> Result<Millis, ReadError> {
        self.store_clock().await
    }

    /// Gives the address of an endpoint.
    fn endpoint(&self, tenant: &Tenant, path: &[&str]) -> Result<url::Url, ReadError> {
        address::endpoint(&self.0.url, tenant, path)
    }

    /// Writes a selector as the store reads it.
    fn query(&self, selector: &Selector) -> Result<String, ReadError> {
        self.expression(&Expr::Selector(selector.clone()))
    }

    /// Writes an expression as the store reads it and survives it.
    fn expression(&self, expr: &Expr) -> Result<String, ReadError> {
        match self.0.kind {
            StoreKind::VictoriaMetrics(version) => ktel_metricsql::Store::VictoriaMetrics(version)
                .query(expr)
                .map_err(|error| ReadError::Unsendable { message: error.to_string() }),
            StoreKind::Prometheus | StoreKind::Other => Ok(expr.wire()),
        }
    }

    /// Gives the parameters by which VictoriaMetrics enforces the tenant's labels itself, beside what is in the query.
    fn enforced(&self, tenant: &Tenant) -> Result<Form, ReadError> {
        let mut form = Form::new();
        if !matches!(self.0.kind, StoreKind::VictoriaMetrics(_)) {
            return Ok(form);
        }
        let mut others = Vec::new();
        for matcher in &tenant.matchers {
            match matcher.values() {
                [value] => form.push(("extra_label", format!("{}={value}", matcher.label()))),
                _ => others.push(matcher.clone()),
            }
        }
        if !others.is_empty() {
            let all = Expr::Selector(Selector::new(vec![Vec::new()]));
            let all = ktel_metricsql::enforce(&all, &others);
            let all = all.map_err(|error| ReadError::Unsendable { message: error.to_string() })?;
            form.push(("extra_filters[]", self.expression(&all)?));
        }
        Ok(form)
    }
}
