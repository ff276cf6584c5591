//! The cluster as a run sees it: read-only, every answer bounded, equal reads made once.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use ktel_model::standard::schema::Source;
use kube::Client;
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::error::Error;
use crate::product::Product;

pub(crate) mod count;
pub(crate) mod discovery;
pub(crate) mod nodes;
pub mod pages;
pub mod read;

pub use discovery::Served;

/// A cluster to run workflows against, and the product they speak for.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) client: Client,
    pub(crate) product: Arc<Product>,
}

impl Cluster {
    /// Takes a client; only `GET` requests are ever made with it.
    #[must_use]
    pub fn new(client: Client, product: Product) -> Self {
        Self { client, product: Arc::new(product) }
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Cluster").field("product", &self.product).finish_non_exhaustive()
    }
}

/// What `/version` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerVersion {
    /// As in `v1.23.4-gke.900`.
    #[serde(default)]
    pub git_version: String,
    /// As in `linux/amd64`.
    #[serde(default)]
    pub platform: String,
}

/// What several jobs of a run may ask for; the first asks the server, the others wait for it.
#[derive(Default)]
pub struct Shared {
    pub(crate) version: Once<Arc<ServerVersion>>,
    pub(crate) groups: Once<Arc<discovery::Groups>>,
    pub(crate) resources: Keyed<(String, String), Arc<discovery::Resources>>,
    pub(crate) counts: Keyed<Source, Option<u64>>,
    pub(crate) first_nodes: Once<Arc<nodes::NodePage>>,
    pub(crate) workload: Once<Arc<crate::workload::Workload>>,
}

/// A read that is made once a run. A failure is remembered too: asking again within the run would
/// double the load on a server that is in trouble.
pub(crate) type Once<T> = OnceCell<Result<T, Error>>;

/// Reads that are made once a run each.
pub(crate) struct Keyed<K, T>(Mutex<HashMap<K, Arc<Once<T>>>>);

impl<K, T> Default for Keyed<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: std::hash::Hash + Eq, T: Clone> Keyed<K, T> {
    pub(crate) async fn get_or(
        &self,
        key: K,
        read: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let cell = {
            let mut cells = self.0.lock().expect("no code panics while it holds this lock");
            Arc::clone(cells.entry(key).or_default())
        };
        cell.get_or_init(|| read).await.clone()
    }
}
