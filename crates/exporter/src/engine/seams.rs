//! What the engine needs of a store and of sinks. The real ones are a [`Reader`] and [`Sender`]s; a simulation has others.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::credentials::Credentials;
use crate::plan::{SinkPlan, Tenant};
use crate::sink::{Outcome, Sender, SetupError, Shared};
use crate::slice::Slice;
use crate::source::{Cuts, Evaluation, Metadata, Part, ReadError, Reader};
use crate::time::{Millis, Window};

/// Something later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a read asks for.
#[derive(Debug, Clone, Copy)]
pub enum Query<'q> {
    /// Raw samples.
    Raw(&'q Part),
    /// Raw samples of some of the series.
    Cut(&'q Part, &'q Cuts),
    /// The values of an expression.
    Expression(&'q Evaluation),
}

/// Reads windows of a store.
pub trait Reads: fmt::Debug + Send + Sync {
    /// Reads a window; see [`Reader::read`] and [`Reader::evaluate`].
    fn read<'a>(
        &'a self,
        tenant: &'a Tenant,
        query: Query<'a>,
        window: Window,
        bytes_max: usize,
    ) -> Later<'a, Result<Slice, ReadError>>;

    /// See [`Reader::families`].
    fn families<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        window: Window,
    ) -> Later<'a, Result<Vec<String>, ReadError>>;

    /// See [`Reader::metadata_within`].
    fn metadata<'a>(
        &'a self,
        tenant: &'a Tenant,
        bytes_max: usize,
    ) -> Later<'a, Result<Metadata, ReadError>>;

    /// See [`Reader::count_cut`].
    fn count<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        cuts: &'a Cuts,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>>;

    /// See [`Reader::series`].
    fn series<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>>;

    /// See [`Reader::now`].
    fn now(&self) -> Later<'_, Result<Millis, ReadError>>;
}

impl Reads for Reader {
    fn read<'a>(
        &'a self,
        tenant: &'a Tenant,
        query: Query<'a>,
        window: Window,
        bytes_max: usize,
    ) -> Later<'a, Result<Slice, ReadError>> {
        match query {
            Query::Raw(part) => Box::pin(self.read(tenant, part, window, bytes_max)),
            Query::Cut(part, cuts) => {
                Box::pin(self.read_cut(tenant, part, cuts, window, bytes_max))
            }
            Query::Expression(evaluation) => {
                Box::pin(self.evaluate(tenant, evaluation, window, bytes_max))
            }
        }
    }

    fn families<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        window: Window,
    ) -> Later<'a, Result<Vec<String>, ReadError>> {
        Box::pin(self.families(tenant, part, window))
    }

    fn metadata<'a>(
        &'a self,
        tenant: &'a Tenant,
        bytes_max: usize,
    ) -> Later<'a, Result<Metadata, ReadError>> {
        Box::pin(self.metadata_within(tenant, bytes_max))
    }

    fn count<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        cuts: &'a Cuts,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        Box::pin(self.count_cut(tenant, part, cuts, window))
    }

    fn series<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        Box::pin(self.series(tenant, part, window))
    }

    fn now(&self) -> Later<'_, Result<Millis, ReadError>> {
        Box::pin(self.now())
    }
}

/// Sends to one sink with one set of credentials.
pub trait Sends: fmt::Debug + Send + Sync {
    /// See [`Sender::send`].
    fn send<'a>(&'a self, batch: &'a Shared, now: Duration) -> Later<'a, Outcome>;
}

impl Sends for Sender {
    fn send<'a>(&'a self, batch: &'a Shared, now: Duration) -> Later<'a, Outcome> {
        Box::pin(self.send(batch, now))
    }
}

/// Makes what sends to a sink.
pub trait Connects: fmt::Debug + Send + Sync {
    /// See [`Sender::new`].
    ///
    /// # Errors
    /// As for [`Sender::new`].
    fn connect(
        &self,
        plan: &SinkPlan,
        credentials: &Credentials,
    ) -> Result<Arc<dyn Sends>, SetupError>;
}

/// Connects over HTTP.
#[derive(Debug, Clone, Copy, Default)]
pub struct OverHttp;

impl Connects for OverHttp {
    fn connect(
        &self,
        plan: &SinkPlan,
        credentials: &Credentials,
    ) -> Result<Arc<dyn Sends>, SetupError> {
        Ok(Arc::new(Sender::new(plan, credentials)?))
    }
}
