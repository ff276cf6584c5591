//! Which version of Kubernetes runs, on which platform, and which provider it has.

use futures::FutureExt;
use futures::future::BoxFuture;
use ktel_model::Schema;
use ktel_model::standard::schema::Reads;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cluster::nodes;
use crate::context::Context;
use crate::error::Error;
use crate::job::Collector;
use crate::limits;

mod provider;

use provider::{by_nodes, by_version};

const OPENSHIFT: &str = "config.openshift.io";

/// Reads `/version`. Nodes are read only when this does not tell the provider.
pub(crate) struct IdentifyPlatform;

#[derive(Deserialize)]
struct ClusterVersion {
    #[serde(default)]
    status: ClusterVersionStatus,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ClusterVersionStatus {
    desired: Desired,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Desired {
    version: String,
}

impl Collector for IdentifyPlatform {
    fn collect<'a>(
        &'a self,
        _schema: &'a Schema,
        cx: &'a Context,
    ) -> BoxFuture<'a, Result<Map<String, Value>, Error>> {
        async move {
            let version = cx.version().await?;
            let mut section = Map::new();
            if let Some((os, arch)) = version.platform.split_once('/') {
                section.insert("arch".into(), json!(arch));
                section.insert("os".into(), json!(os));
            }
            section.insert("kubernetes_version".into(), json!(version.git_version));
            let openshift = openshift_version(cx).await?;
            let provider = match (by_version(&version.git_version), &openshift) {
                (_, Some(_)) => "OpenShift",
                (Some(provider), None) => provider,
                (None, None) => nodes_provider(cx).await?.unwrap_or("UNKNOWN"),
            };
            section.insert("provider".into(), json!(provider));
            section
                .extend(openshift.map(|version| ("openshift_version".to_owned(), json!(version))));
            Ok(section)
        }
        .boxed()
    }
}

/// Reads the version of OpenShift; `None` in other clusters.
async fn openshift_version(cx: &Context) -> Result<Option<String>, Error> {
    let found: Option<ClusterVersion> =
        cx.get(OPENSHIFT, "clusterversions", None, "version", Reads::Object).await?;
    Ok(found.map(|found| found.status.desired.version))
}

/// Reads nodes until a page of them tells the provider.
async fn nodes_provider(cx: &Context) -> Result<Option<&'static str>, Error> {
    let first = cx.first_nodes().await?;
    if let Some(provider) = by_nodes(&first.nodes) {
        return Ok(Some(provider));
    }
    if !first.more {
        return Ok(None);
    }
    let mut pages = cx.pages(&nodes::source(), Reads::Object, limits::PAGE);
    while let Some(page) = pages.next().await? {
        if let Some(provider) = by_nodes(&page.items) {
            return Ok(Some(provider));
        }
    }
    Ok(None)
}
