//! Everything that a job may use: reads of the cluster, the product, and sections of other jobs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use ktel_model::standard::schema::{Reads, Source};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::cluster::count::count;
use crate::cluster::once::{Once, OncePerKey};
use crate::cluster::pages::Pages;
use crate::cluster::reader::ClusterReader;
use crate::cluster::{Cluster, Served, ServerVersion, version};
use crate::error::Error;
use crate::product::Product;
use crate::workload::{self, Workload};

/// What a job is given for one run.
///
/// *Guarantees:* nothing can be written through it; equal reads of all jobs of a run are made once;
/// every answer is bounded. All methods are cancel-safe.
pub struct Context {
    reader: ClusterReader,
    product: Arc<Product>,
    now: Timestamp,
    version: Once<Arc<ServerVersion>>,
    counts: OncePerKey<Source, Option<u64>>,
    workload: Once<Arc<Workload>>,
    sections: Mutex<HashMap<String, Arc<Map<String, Value>>>>,
}

impl Context {
    /// Makes the context of a run that starts at `now`.
    #[must_use]
    pub fn new(cluster: Cluster, now: Timestamp) -> Self {
        Self {
            reader: ClusterReader::new(cluster.client),
            product: cluster.product,
            now,
            version: Once::default(),
            counts: OncePerKey::default(),
            workload: Once::default(),
            sections: Mutex::default(),
        }
    }

    /// Gives the answer of `/version`.
    ///
    /// # Errors
    /// When the server does not answer with success.
    pub async fn version(&self) -> Result<Arc<ServerVersion>, Error> {
        let read = || async { version::read(&self.reader.client).await.map(Arc::new) };
        self.version.get_or_init(read).await.clone()
    }

    /// Tells whether the server has any version of an API group.
    ///
    /// # Errors
    /// When the server does not answer with success.
    pub async fn has_group(&self, group: &str) -> Result<bool, Error> {
        self.reader.discovery.has_group(&self.reader.client, group).await
    }

    /// Finds the version that the server prefers for a kind; `None` when it does not have it.
    ///
    /// # Errors
    /// When the server does not answer with success.
    pub async fn served(&self, group: &str, resource: &str) -> Result<Option<Served>, Error> {
        self.reader.discovery.served(&self.reader.client, group, resource).await
    }

    /// Finds all versions in which the server has a kind, the preferred one first.
    ///
    /// # Errors
    /// When the server does not answer with success.
    pub async fn served_versions(&self, group: &str, resource: &str) -> Result<Vec<String>, Error> {
        self.reader.discovery.served_versions(&self.reader.client, group, resource).await
    }

    /// Counts objects, in one request where the server says how many are left.
    ///
    /// `None` when the server does not have the kind. That is not the same as 0.
    ///
    /// # Errors
    /// When the server does not answer with success.
    pub async fn count(&self, source: &Source) -> Result<Option<u64>, Error> {
        // The path of a source says what to read in an object; it does not matter here.
        let source = Source { path: None, ..source.clone() };
        let read = Box::pin(count(&self.reader, &source));
        self.counts.get_or(source.clone(), read).await
    }

    /// Reads objects page by page.
    pub fn pages<T: DeserializeOwned>(
        &self,
        source: &Source,
        reads: Reads,
        page_size: u32,
    ) -> Pages<'_, T> {
        self.reader.pages(source, reads, page_size)
    }

    /// Reads one object; `None` when there is no such object, or no such kind.
    ///
    /// # Errors
    /// When the server does not answer with success.
    pub async fn get<T: DeserializeOwned>(
        &self,
        group: &str,
        resource: &str,
        namespace: Option<&str>,
        name: &str,
        reads: Reads,
    ) -> Result<Option<T>, Error> {
        self.reader.get(group, resource, namespace, name, reads).await
    }

    /// Finds the product's own workload, once for all jobs.
    ///
    /// # Errors
    /// [`Error::NoProduct`] when the product is not named or its workload does not exist, else as
    /// every read.
    pub async fn workload(&self) -> Result<Arc<Workload>, Error> {
        let find = || async { workload::find(&self.reader, &self.product).await.map(Arc::new) };
        self.workload.get_or_init(find).await.clone()
    }

    /// Gives the product that the run reports about.
    #[must_use]
    pub fn product(&self) -> &Product {
        &self.product
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
