//! The contract of a job.

use std::sync::Arc;

use futures::future::BoxFuture;
use ktel_model::Schema;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::Error;

/// Something that can be asked of a cluster, and the schema that says what may be told.
///
/// *Flow:* a workflow calls [`collect`](Self::collect) once a run, with everything the job
/// [`needs`](Self::needs) done before; what it returns passes through [`Schema::apply`], and what
/// the schema does not declare is dropped there and counted.
///
/// *Assumptions:* `collect` may be dropped at any await, and may run several times at once.
///
/// *Errors:* an error or a panic costs this job's section and no other.
pub trait Job: Send + Sync {
    /// Says what the job may send, and why.
    fn schema(&self) -> &Schema;

    /// Names the jobs whose sections this one reads.
    fn needs(&self) -> &[String] {
        &[]
    }

    /// Reads the cluster and gives the raw section.
    fn collect<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Map<String, Value>, Error>>;
}

/// Code that fills the fields of a schema it is given; a product may bring its own schema for it.
pub(crate) trait Collector: Send + Sync {
    fn collect<'a>(
        &'a self,
        schema: &'a Schema,
        cx: &'a Context,
    ) -> BoxFuture<'a, Result<Map<String, Value>, Error>>;
}

/// A schema and the built-in code that fills it.
pub(crate) struct Collected {
    pub(crate) schema: Schema,
    pub(crate) collector: Arc<dyn Collector>,
}

impl Job for Collected {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn collect<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Map<String, Value>, Error>> {
        self.collector.collect(&self.schema, cx)
    }
}
