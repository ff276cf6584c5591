//! Which version of Kubernetes runs, on which platform, and which provider it has.

use futures::FutureExt;
use futures::future::BoxFuture;
use ktel_model::Schema;
use ktel_model::standard::schema::{Reads, Source};
use serde::Deserialize;
use serde_json::{Map, json};

use crate::cluster::nodes::Node;
use crate::collected::Collected;
use crate::context::Context;
use crate::error::Error;
use crate::job::Collector;
use crate::limits;

mod provider;

use provider::{Votes, by_version};

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
    ) -> BoxFuture<'a, Result<Collected, Error>> {
        async move {
            let version = cx.version().await?;
            let mut values = Map::new();
            if let Some((os, arch)) = version.platform.split_once('/') {
                values.insert("arch".into(), json!(arch));
                values.insert("os".into(), json!(os));
            }
            values.insert("kubernetes_version".into(), json!(version.kubernetes()));
            let mut section = Collected::from(values);
            let provider = match by_version(&version.git_version) {
                Some(provider) => Ok(Some(provider)),
                None => nodes_provider(cx).await,
            };
            section
                .insert("provider", provider.map(|provider| Some(provider.unwrap_or("UNKNOWN"))));
            let openshift = cx.has_group(OPENSHIFT).await;
            if matches!(openshift, Ok(true)) {
                section.insert("openshift_version", openshift_version(cx).await);
            }
            section.insert("openshift", openshift.map(|is_there| is_there.then_some(true)));
            Ok(section)
        }
        .boxed()
    }
}

/// Reads the version of OpenShift.
async fn openshift_version(cx: &Context) -> Result<Option<String>, Error> {
    let found: Option<ClusterVersion> =
        cx.get(OPENSHIFT, "clusterversions", None, "version", Reads::Object).await?;
    Ok(found.map(|found| found.status.desired.version).filter(|version| !version.is_empty()))
}

/// Reads nodes until the rest of them cannot change which provider has the most.
async fn nodes_provider(cx: &Context) -> Result<Option<&'static str>, Error> {
    let source = Source {
        group: String::new(),
        resource: "nodes".into(),
        namespace: None,
        labels: None,
        path: None,
    };
    let mut votes = Votes::default();
    let mut pages = cx.pages::<Node>(&source, Reads::Object, limits::PAGE);
    while let Some(page) = pages.next().await? {
        if page.restarted {
            votes = Votes::default();
        }
        page.items.iter().for_each(|node| votes.add(node));
        if page.remaining.is_some_and(|remaining| votes.is_decided(remaining)) {
            break;
        }
    }
    Ok(votes.winner())
}
