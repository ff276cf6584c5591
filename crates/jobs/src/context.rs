//! All that a job may touch: reads of the cluster, and who the product is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use ktel_model::standard::schema::{Reads, Source};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::cluster::nodes::NodePage;
use crate::cluster::pages::Pages;
use crate::cluster::read::{self, Failure, METADATA, OBJECT, Target, encode};
use crate::cluster::{Cluster, Served, ServerVersion, Shared};
use crate::error::Error;
use crate::product::Product;
use crate::workload::{self, Workload};

/// What a job is given for one run.
///
/// *Guarantees:* nothing can be written through it; equal reads of all jobs of a run are made once;
/// every answer is bounded. All methods are cancel-safe.
pub struct Context {
    cluster: Cluster,
    now: Timestamp,
    shared: Shared,
    sections: Mutex<HashMap<String, Arc<Map<String, Value>>>>,
}

impl Context {
    /// Makes one for a run that begins now.
    #[must_use]
    pub fn new(cluster: Cluster, now: Timestamp) -> Self {
        Self { cluster, now, shared: Shared::default(), sections: Mutex::default() }
    }

    /// Gives what `/version` says.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn version(&self) -> Result<Arc<ServerVersion>, Error> {
        let read = || async {
            let target = Target::path("/version");
            read::get(&self.cluster.client, "/version", OBJECT, &target)
                .await
                .map(Arc::new)
                .map_err(|failure| failure.into_error(&target))
        };
        self.shared.version.get_or_init(read).await.clone()
    }

    /// Tells whether the server has any version of an API group.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn has_group(&self, group: &str) -> Result<bool, Error> {
        Ok(self.shared.groups(&self.cluster.client).await?.has(group))
    }

    /// Finds the version that the server prefers for a kind; `None` when it does not have it.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn served(&self, group: &str, resource: &str) -> Result<Option<Served>, Error> {
        self.shared.served(&self.cluster.client, group, resource).await
    }

    /// Counts objects, in one request where the server says how many are left.
    ///
    /// `None` when the server does not have the kind, which is not the same as none of it.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn count(&self, source: &Source) -> Result<Option<u64>, Error> {
        self.shared.count(&self.cluster.client, source).await
    }

    /// Reads objects page by page.
    pub fn pages<T: DeserializeOwned>(
        &self,
        source: &Source,
        reads: Reads,
        page_size: u32,
    ) -> Pages<'_, T> {
        Pages::new(&self.cluster.client, &self.shared, source, reads, page_size)
    }

    /// Reads one object; `None` when there is none, or no such kind.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn get<T: DeserializeOwned>(
        &self,
        group: &str,
        resource: &str,
        namespace: Option<&str>,
        name: &str,
        reads: Reads,
    ) -> Result<Option<T>, Error> {
        let prefix = match (group, self.served(group, resource).await?) {
            ("", _) => "/api/v1".to_owned(),
            (_, None) => return Ok(None),
            (group, Some(served)) => format!("/apis/{group}/{}", served.version),
        };
        let namespace = namespace.map(|one| format!("/namespaces/{}", encode(one)));
        let uri = format!("{prefix}{}/{resource}/{}", namespace.unwrap_or_default(), encode(name));
        let accept = match reads {
            Reads::Metadata => METADATA,
            Reads::Object => OBJECT,
        };
        let target = Target::resource("get", group, resource);
        match read::get(&self.cluster.client, &uri, accept, &target).await {
            Ok(object) => Ok(Some(object)),
            Err(Failure::NotFound) => Ok(None),
            Err(failure) => Err(failure.into_error(&target)),
        }
    }

    /// Gives the first nodes, once for all jobs.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn first_nodes(&self) -> Result<Arc<NodePage>, Error> {
        self.shared.first_nodes(&self.cluster.client).await
    }

    /// Finds the product's own workload, once for all jobs.
    ///
    /// # Errors
    /// [`Error::NoProduct`] when it is not named or not there, else as every read.
    pub async fn workload(&self) -> Result<Arc<Workload>, Error> {
        self.shared.workload.get_or_init(|| workload::find(self)).await.clone()
    }

    /// Gives the product that the run speaks for.
    #[must_use]
    pub fn product(&self) -> &Product {
        &self.cluster.product
    }

    /// Gives the section of a job that this one [`needs`](crate::Job::needs).
    #[must_use]
    pub fn section(&self, job: &str) -> Option<Arc<Map<String, Value>>> {
        self.sections.lock().expect("no code panics while it holds this lock").get(job).cloned()
    }

    pub(crate) fn keep_section(&self, job: &str, section: &Map<String, Value>) {
        let mut sections = self.sections.lock().expect("no code panics while it holds this lock");
        sections.insert(job.to_owned(), Arc::new(section.clone()));
    }

    /// Gives the time of the run.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }
}
