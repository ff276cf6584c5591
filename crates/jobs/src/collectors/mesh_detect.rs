//! Which service meshes there are, whether the product is part of one, and how many services are.

use futures::FutureExt;
use futures::future::BoxFuture;
use ktel_model::Schema;
use ktel_model::standard::schema::{Reads, Source};
use serde::Deserialize;
use serde_json::{Map, json};

use crate::cluster::protobuf::fields;
use crate::collected::Collected;
use crate::context::Context;
use crate::error::Error;
use crate::job::Collector;
use crate::limits;

mod reach;
mod signals;

use reach::{EndpointSlice, Reach};
use signals::{MESHES, Meshes, Metadata, Pod};

/// Looks for meshes. All pods are read only when there is a sign of one, else a page of them.
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
    ) -> BoxFuture<'a, Result<Collected, Error>> {
        async move {
            let mut reach = Reach::default();
            let services = services(cx, &mut reach).await?;
            // Without its pod and without annotations of its service, `running_under` is absent.
            let published = Some(services.published).filter(|named| !named.is_empty());
            let own = own_pod(cx).await.map(|pod| {
                let of_pod = pod.map(|pod| signals::of_pod(&pod));
                of_pod.into_iter().chain(published).reduce(Meshes::with)
            });
            let by_mesh = match signs(cx).await {
                Ok(signs) => {
                    let own = own.as_ref().ok().and_then(Option::as_ref).copied();
                    let expected = services.candidates.with(signs).with(own.unwrap_or_default());
                    scan(cx, &mut reach, services.deployed, expected).await
                }
                Err(error) => Err(error),
            };
            let words = |meshes: Meshes| json!(meshes.names().collect::<Vec<_>>());
            let mut section = Collected::default();
            section.insert("deployed", Ok(Some(words(services.deployed))));
            let under = |own: Meshes| words(signals::settle_kuma(own, services.deployed));
            section.insert("running_under", own.map(|own| own.map(under)));
            section.insert("services_total", Ok(Some(services.total)));
            let count = |(name, count): (&str, u64)| (name.to_owned(), json!(count));
            let counts = || reach.services_by_mesh().into_iter().map(count).collect::<Map<_, _>>();
            section.insert("services_by_mesh", by_mesh.map(|()| Some(counts())));
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
    /// The meshes that the service of the product names.
    published: Meshes,
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
    let mut pages = cx
        .pages::<Named>(&all("", "services"), Reads::Metadata, limits::PAGE)
        .in_protobuf(&fields::METADATA);
    while let Some(page) = pages.next().await? {
        if page.restarted {
            (found, *reach) = (Services::default(), Reach::default());
        }
        for Named { metadata } in &page.items {
            let named = signals::of_service(metadata);
            reach.service(&metadata.namespace, &metadata.name, named);
            if is_published(cx, metadata) {
                found.published = named;
            }
            found.total += 1;
            found.deployed = found.deployed.with(signals::control_plane(&metadata.name));
            found.candidates = found.candidates.with(named).with(found.deployed);
        }
    }
    Ok(found)
}

fn is_published(cx: &Context, Metadata { namespace, name, .. }: &Metadata) -> bool {
    let published = cx.product().publish_service.as_ref();
    published.is_some_and(|(of, called)| of == namespace && called == name)
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
    let mut pages = cx
        .pages::<Named>(&all("", "namespaces"), Reads::Metadata, limits::PAGE)
        .in_protobuf(&fields::METADATA);
    while let Some(page) = pages.next().await? {
        for Named { metadata } in &page.items {
            found = found.with(signals::of_namespace(&metadata.name));
        }
    }
    Ok(found)
}

/// Reads all pods and all endpoint slices, page by page. When no mesh is expected, it stops after the
/// first page of pods, unless one of them is part of a mesh.
///
/// Pods are read whole until a page has pods of a mesh. If their annotations tell as much as their
/// containers, only the metadata of the others is read, which is about half of the bytes.
async fn scan(
    cx: &Context,
    reach: &mut Reach,
    deployed: Meshes,
    expected: Meshes,
) -> Result<(), Error> {
    let mut pods =
        cx.pages::<Pod>(&all("", "pods"), Reads::Object, limits::PAGE).in_protobuf(&fields::PODS);
    while let Some(page) = pods.next().await? {
        if page.restarted {
            reach.forget_pods();
        }
        for pod in &page.items {
            let meshes = signals::settle_kuma(signals::of_pod(pod), deployed);
            reach.pod(&pod.metadata.namespace, &pod.metadata.name, meshes)?;
        }
        if expected.is_empty() && !reach.has_pods() {
            break;
        }
        pods.resize(limits::PODS_PAGE);
        if signals::annotations_suffice(&page.items, expected) {
            pods.only_metadata(&fields::METADATA);
        }
    }
    if !reach.has_pods() {
        return Ok(());
    }
    let slices = all("discovery.k8s.io", "endpointslices");
    let mut slices = cx
        .pages::<EndpointSlice>(&slices, Reads::Object, limits::PAGE)
        .in_protobuf(&fields::ENDPOINT_SLICES);
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
