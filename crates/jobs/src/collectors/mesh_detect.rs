//! Which service meshes there are, whether the product is part of one, and how many services are.

use futures::FutureExt;
use futures::future::BoxFuture;
use ktel_model::Schema;
use ktel_model::standard::schema::{Reads, Source};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::error::Error;
use crate::job::Collector;
use crate::limits;

mod reach;
mod signals;

use reach::{EndpointSlice, Reach};
use signals::{MESHES, Meshes, Metadata, Pod};

/// Looks for meshes. Pods are read only when there is a sign of one.
pub(crate) struct MeshDetect;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Named {
    metadata: Metadata,
}

impl Collector for MeshDetect {
    fn collect<'a>(
        &'a self,
        _schema: &'a Schema,
        cx: &'a Context,
    ) -> BoxFuture<'a, Result<Map<String, Value>, Error>> {
        async move {
            let mut reach = Reach::default();
            let services = services(cx, &mut reach).await?;
            let candidates = services.candidates.with(signs(cx).await?);
            if !candidates.is_empty() {
                scan(cx, &mut reach, services.deployed).await?;
            }
            let by_mesh = reach.services_by_mesh().into_iter();
            let mut section = Map::new();
            section.insert("deployed".into(), json!(services.deployed.names().collect::<Vec<_>>()));
            if let Some(pod) = own_pod(cx).await? {
                let under = signals::settle_kuma(signals::of_pod(&pod), services.deployed);
                section.insert("running_under".into(), json!(under.names().collect::<Vec<_>>()));
            }
            section.insert("services_total".into(), json!(services.total));
            section.insert(
                "services_by_mesh".into(),
                by_mesh.map(|(name, count)| (name.to_owned(), json!(count))).collect(),
            );
            Ok(section)
        }
        .boxed()
    }
}

/// What the services tell.
#[derive(Default)]
struct Services {
    total: u64,
    /// Meshes whose control plane is there.
    deployed: Meshes,
    /// Those, and the meshes that a service names in its annotations.
    candidates: Meshes,
}

fn all(group: &str, resource: &str) -> Source {
    Source {
        group: group.to_owned(),
        resource: resource.to_owned(),
        namespace: None,
        labels: None,
        path: None,
    }
}

/// Reads the metadata of all services, once.
async fn services(cx: &Context, reach: &mut Reach) -> Result<Services, Error> {
    let mut found = Services::default();
    let mut pages = cx.pages::<Named>(&all("", "services"), Reads::Metadata, limits::PAGE);
    while let Some(page) = pages.next().await? {
        if page.restarted {
            (found, *reach) = (Services::default(), Reach::default());
        }
        for Named { metadata } in &page.items {
            let named = signals::of_service(metadata);
            reach.service(&metadata.namespace, &metadata.name, named);
            found.total += 1;
            found.deployed = found.deployed.with(signals::control_plane(&metadata.name));
            found.candidates = found.candidates.with(named).with(found.deployed);
        }
    }
    Ok(found)
}

/// Looks for other signs of a mesh: API groups and namespaces.
async fn signs(cx: &Context) -> Result<Meshes, Error> {
    let mut found = Meshes::default();
    for (index, mesh) in MESHES.iter().enumerate() {
        for group in mesh.groups {
            if cx.has_group(group).await? {
                found = found.with(Meshes::one(index));
            }
        }
    }
    let mut pages = cx.pages::<Named>(&all("", "namespaces"), Reads::Metadata, limits::PAGE);
    while let Some(page) = pages.next().await? {
        for Named { metadata } in &page.items {
            found = found.with(signals::of_namespace(&metadata.name));
        }
    }
    Ok(found)
}

/// Reads all pods and all endpoint slices, page by page.
async fn scan(cx: &Context, reach: &mut Reach, deployed: Meshes) -> Result<(), Error> {
    let mut pods = cx.pages::<Pod>(&all("", "pods"), Reads::Object, limits::PAGE);
    while let Some(page) = pods.next().await? {
        if page.restarted {
            reach.forget_pods();
        }
        for pod in &page.items {
            let meshes = signals::settle_kuma(signals::of_pod(pod), deployed);
            reach.pod(&pod.metadata.namespace, &pod.metadata.name, meshes)?;
        }
    }
    let slices = all("discovery.k8s.io", "endpointslices");
    let mut slices = cx.pages::<EndpointSlice>(&slices, Reads::Object, limits::PAGE);
    // After a restart, some slices are read twice. This changes nothing.
    while let Some(page) = slices.next().await? {
        page.items.iter().for_each(|slice| reach.slice(slice));
    }
    Ok(())
}

/// Reads a pod of the product: the first that its selector finds, else the one that this program
/// runs in.
async fn own_pod(cx: &Context) -> Result<Option<Pod>, Error> {
    let product = cx.product();
    match (product.workload_selector(), &product.own_pod) {
        (Some(selector), _) => {
            let source = Source {
                namespace: product.namespace.clone(),
                labels: Some(selector),
                ..all("", "pods")
            };
            let mut pages = cx.pages::<Pod>(&source, Reads::Object, 1);
            Ok(pages.next().await?.and_then(|page| page.items.into_iter().next()))
        }
        (None, Some((namespace, name))) => {
            cx.get("", "pods", Some(namespace), name, Reads::Object).await
        }
        (None, None) => Ok(None),
    }
}
