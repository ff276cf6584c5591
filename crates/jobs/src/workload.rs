//! The product's own workload: the object whose template makes its pods.

use std::collections::BTreeMap;

use ktel_model::standard::schema::{Reads, Source};
use serde::Deserialize;

use crate::cluster::reader::ClusterReader;
use crate::error::Error;
use crate::product::Product;

/// The kinds that make pods, the most likely first.
const KINDS: [(&str, &str); 3] =
    [("Deployment", "deployments"), ("DaemonSet", "daemonsets"), ("StatefulSet", "statefulsets")];

/// What is read of a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workload {
    /// As in `Deployment`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name; never sent.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// The kinds that own it.
    pub owner_kinds: Vec<String>,
    /// Who wrote it, and when.
    pub managed_fields: Vec<ManagedField>,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
    /// Its init containers.
    pub init_containers: Vec<Container>,
}

/// One writer of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ManagedField {
    /// As in `helm`.
    pub manager: String,
    /// RFC 3339.
    pub time: Option<String>,
    /// As in `status`; empty for the object itself.
    pub subresource: String,
    /// `Apply` or `Update`.
    pub operation: String,
}

/// One container of a pod template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Its arguments.
    #[serde(deserialize_with = "null_is_empty")]
    pub args: Vec<String>,
    /// Its command.
    #[serde(deserialize_with = "null_is_empty")]
    pub command: Vec<String>,
    /// Its environment variables. Values that come from elsewhere are empty.
    #[serde(deserialize_with = "null_is_empty")]
    pub env: Vec<Variable>,
}

/// One environment variable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value; empty when it comes from elsewhere.
    pub value: String,
}

fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Wire {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: String,
    #[serde(deserialize_with = "null_is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_empty")]
    annotations: BTreeMap<String, String>,
    creation_timestamp: Option<String>,
    #[serde(deserialize_with = "null_is_empty")]
    managed_fields: Vec<ManagedField>,
    #[serde(deserialize_with = "null_is_empty")]
    owner_references: Vec<Owner>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Owner {
    kind: String,
    name: String,
    controller: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Spec {
    template: Template,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Template {
    spec: PodSpec,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PodSpec {
    #[serde(deserialize_with = "null_is_empty")]
    containers: Vec<Container>,
    #[serde(deserialize_with = "null_is_empty")]
    init_containers: Vec<Container>,
}

impl Wire {
    fn into_workload(self, kind: &str) -> Workload {
        let Self { metadata, spec } = self;
        Workload {
            kind: kind.to_owned(),
            namespace: metadata.namespace,
            name: metadata.name,
            labels: metadata.labels,
            annotations: metadata.annotations,
            owner_kinds: metadata.owner_references.into_iter().map(|owner| owner.kind).collect(),
            managed_fields: metadata.managed_fields,
            created: metadata.creation_timestamp,
            containers: spec.template.spec.containers,
            init_containers: spec.template.spec.init_containers,
        }
    }
}

/// Finds the workload by the product's selector, else by the own pod.
pub(crate) async fn find(reader: &ClusterReader, product: &Product) -> Result<Workload, Error> {
    let found = match (product.workload_selector(), &product.own_pod) {
        (Some(selector), _) => by_selector(reader, product.namespace.as_deref(), &selector).await?,
        (None, Some((namespace, pod))) => by_pod(reader, namespace, pod).await?,
        (None, None) => None,
    };
    found.ok_or_else(|| Error::NoProduct {
        selector: product.workload_selector(),
        own_pod: product.own_pod.clone(),
    })
}

async fn by_selector(
    reader: &ClusterReader,
    namespace: Option<&str>,
    selector: &str,
) -> Result<Option<Workload>, Error> {
    for (kind, resource) in KINDS {
        let source = Source {
            group: "apps".into(),
            resource: resource.into(),
            namespace: namespace.map(str::to_owned),
            labels: Some(selector.to_owned()),
            path: None,
        };
        let mut pages = reader.pages::<Wire>(&source, Reads::Object, 1);
        // The server lists by namespace and name; the first is taken.
        if let Some(first) = pages.next().await?.and_then(|page| page.items.into_iter().next()) {
            return Ok(Some(first.into_workload(kind)));
        }
    }
    Ok(None)
}

/// Follows the owners of a pod. A pod of a Job, as of a hook of a chart, has no workload among them:
/// then its labels say which release it belongs to.
async fn by_pod(
    reader: &ClusterReader,
    namespace: &str,
    pod: &str,
) -> Result<Option<Workload>, Error> {
    let pod = reader.get::<Wire>("", "pods", Some(namespace), pod, Reads::Metadata).await?;
    let Some(Wire { metadata: Metadata { labels, owner_references, .. }, .. }) = pod else {
        return Ok(None);
    };
    match controller(owner_references) {
        Some(owner) if owner.kind == "Job" => {
            for selector in release_selectors(&labels) {
                if let Some(found) = by_selector(reader, Some(namespace), &selector).await? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        }
        Some(owner) => by_owner(reader, namespace, owner).await,
        None => Ok(None),
    }
}

/// Gives the selectors of the workload of a release, the most exact first. The hook itself may have a
/// name of its own.
fn release_selectors(labels: &BTreeMap<String, String>) -> Vec<String> {
    const INSTANCE: &str = "app.kubernetes.io/instance";
    const NAME: &str = "app.kubernetes.io/name";
    let Some(instance) = labels.get(INSTANCE) else { return Vec::new() };
    let named = labels.get(NAME).map(|name| format!("{INSTANCE}={instance},{NAME}={name}"));
    named.into_iter().chain([format!("{INSTANCE}={instance}")]).collect()
}

async fn by_owner(
    reader: &ClusterReader,
    namespace: &str,
    mut owner: Owner,
) -> Result<Option<Workload>, Error> {
    if owner.kind == "ReplicaSet" {
        let replicas = reader
            .get::<Wire>("apps", "replicasets", Some(namespace), &owner.name, Reads::Metadata)
            .await?;
        match replicas.and_then(|replicas| controller(replicas.metadata.owner_references)) {
            Some(deployment) => owner = deployment,
            None => return Ok(None),
        }
    }
    let Some((kind, resource)) = KINDS.into_iter().find(|(kind, _)| *kind == owner.kind) else {
        return Ok(None);
    };
    let found =
        reader.get::<Wire>("apps", resource, Some(namespace), &owner.name, Reads::Object).await?;
    Ok(found.map(|wire| wire.into_workload(kind)))
}

fn controller(owners: Vec<Owner>) -> Option<Owner> {
    owners.into_iter().find(|owner| owner.controller == Some(true))
}
