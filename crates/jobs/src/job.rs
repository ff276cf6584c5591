//! What a job is.

use std::sync::Arc;

use futures::future::BoxFuture;
use ktel_model::Schema;

use crate::collected::Collected;
use crate::context::Context;
use crate::error::Error;

/// A question to a cluster, and the schema that says what of the answer may be sent.
///
/// *Flow:* a workflow calls [`collect`](Self::collect) once per run, after the jobs that this one
/// [`needs`](Self::needs). [`Schema::apply`] then omits and counts what the schema does not
/// declare.
///
/// *Assumptions:* `collect` can be dropped at any await, and can run several times at once.
///
/// *Errors:* an error or a panic costs this job's section and no other. An error of a field, in
/// [`Collected::failed`], costs only this field.
pub trait Job: Send + Sync {
    /// Says what the job may send, and why.
    fn schema(&self) -> &Schema;

    /// Names the jobs whose sections this one reads.
    fn needs(&self) -> &[String] {
        &[]
    }

    /// Reads the cluster and gives the raw section.
    fn collect<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Collected, Error>>;
}

/// Built-in code that fills the fields of a schema. A product can use it with a schema of its own.
pub(crate) trait Collector: Send + Sync {
    fn collect<'a>(
        &'a self,
        schema: &'a Schema,
        cx: &'a Context,
    ) -> BoxFuture<'a, Result<Collected, Error>>;
}

/// A job that consists of a schema and the built-in code that fills it.
pub(crate) struct CollectorJob {
    pub(crate) schema: Schema,
    pub(crate) collector: Arc<dyn Collector>,
}

impl Job for CollectorJob {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn collect<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Collected, Error>> {
        self.collector.collect(&self.schema, cx)
    }
}
