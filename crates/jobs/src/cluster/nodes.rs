//! The first nodes: enough, nearly always, to tell whose cluster it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use ktel_model::standard::schema::{Reads, Source};
use kube::Client;
use serde::Deserialize;

use super::Shared;
use super::pages::Pages;
use crate::error::Error;
use crate::limits;

/// What is read of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// What the cloud calls it; used for its scheme, never sent.
    pub provider_id: String,
    /// The name of its operating system's image.
    pub os_image: String,
    /// The version of its kubelet.
    pub kubelet_version: String,
}

/// The first nodes of the cluster.
#[derive(Debug, Default)]
pub struct NodePage {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// Whether there are more.
    pub more: bool,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Wire { metadata, spec, status } = Wire::deserialize(deserializer)?;
        Ok(Self {
            labels: metadata.labels.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
            provider_id: spec.provider_id,
            os_image: status.node_info.os_image,
            kubelet_version: status.node_info.kubelet_version,
        })
    }
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metadata {
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Spec {
    #[serde(rename = "providerID")]
    provider_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    #[serde(rename = "nodeInfo")]
    node_info: NodeInfo,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct NodeInfo {
    os_image: String,
    kubelet_version: String,
}

/// All nodes, as a source.
pub(crate) fn source() -> Source {
    Source {
        group: String::new(),
        resource: "nodes".into(),
        namespace: None,
        labels: None,
        path: None,
    }
}

impl Shared {
    pub(crate) async fn first_nodes(&self, client: &Client) -> Result<Arc<NodePage>, Error> {
        let read = || async {
            let size = limits::NODES_PAGE;
            let mut pages = Pages::<Node>::new(client, self, &source(), Reads::Object, size);
            let nodes = pages.next().await?.map(|page| page.items).unwrap_or_default();
            Ok(Arc::new(NodePage { nodes, more: pages.has_more() }))
        };
        self.first_nodes.get_or_init(read).await.clone()
    }
}
