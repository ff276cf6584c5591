//! A cluster that jobs read: only with `GET`, with bounded answers, and each read once per run.

use std::sync::Arc;

use kube::Client;

use crate::product::Product;

pub(crate) mod count;
pub(crate) mod discovery;
pub(crate) mod nodes;
pub(crate) mod once;
pub mod pages;
pub(crate) mod protobuf;
pub mod read;
pub(crate) mod reader;
pub(crate) mod version;

pub use discovery::{Discovery, Served};
pub use version::ServerVersion;

/// A cluster to run workflows against, and the product that they report about.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) client: Client,
    pub(crate) product: Arc<Product>,
}

impl Cluster {
    /// Takes a client. Only `GET` requests are made with it.
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
