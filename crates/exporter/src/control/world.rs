//! What the cluster has, as far as selectors ask for it.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use kube::Client;
use kube::api::ApiResource;

use super::changes::Changes;
use super::kinds::Kinds;
use super::objects::{KnownObjects, Objects};
use crate::compile::{self, Cluster, Kind, Object};
use crate::resource::Spec;
use crate::settings::Settings;

/// What the cluster has.
#[derive(Debug)]
pub(super) struct World {
    kinds: Kinds,
    objects: Objects,
    cluster: Cluster,
    wanted: Vec<(Kind, ApiResource)>,
}

impl World {
    /// Watches the Namespaces, whose labels say whose an Exporter is.
    pub(super) fn new(client: Client, changes: Arc<Changes>) -> Self {
        let mut objects = Objects::new(client.clone(), changes);
        objects.watch(&[namespaces()]);
        Self { kinds: Kinds::new(client), objects, cluster: Cluster::default(), wanted: Vec::new() }
    }

    /// Waits until Namespaces were listed.
    pub(super) async fn listed(&self) {
        self.objects.known(&namespaces()).await;
    }

    /// Reads the kinds again if that is due; tells whether they changed.
    pub(super) async fn refresh(&mut self) -> bool {
        self.kinds.refresh().await
    }

    /// Watches what these specs ask for, waits until it was listed, and looks at all of it.
    pub(super) async fn watch<'e>(
        &mut self,
        specs: impl Iterator<Item = &'e Spec> + Clone,
        settings: &Settings,
    ) {
        if specs.clone().any(names_kinds) {
            self.kinds.refresh().await;
        }
        self.cluster.kinds = self.kinds.known();
        let mut wanted = std::collections::BTreeSet::new();
        for spec in specs {
            wanted.extend(compile::wants(spec, settings, &self.cluster).objects);
        }
        let found = wanted.into_iter().filter_map(|kind| {
            let resource = self.kinds.resource(&kind)?.clone();
            Some((kind, resource))
        });
        self.wanted = found.collect();
        let mut watched = vec![namespaces()];
        watched.extend(self.wanted.iter().map(|(_, resource)| resource.clone()));
        self.objects.watch(&watched);
        for resource in &watched {
            self.objects.known(resource).await;
        }
        self.look();
    }

    /// Gives what the cluster has.
    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    fn look(&mut self) {
        if let KnownObjects::Listed(listed) = self.objects.get(&namespaces()) {
            let named = listed.iter().map(|((_, name), labels)| (name.clone(), labels.clone()));
            self.cluster.namespaces = named.collect();
        }
        self.cluster.objects.clear();
        for (kind, resource) in &self.wanted {
            if let KnownObjects::Listed(listed) = self.objects.get(resource) {
                let object = |((namespace, name), labels): (&(String, String), &_)| Object {
                    namespace: namespace.clone(),
                    name: name.clone(),
                    labels: compile::Labels::clone(labels),
                };
                self.cluster.objects.insert(kind.clone(), listed.iter().map(object).collect());
            }
        }
    }
}

fn namespaces() -> ApiResource {
    ApiResource::erase::<Namespace>(&())
}

fn names_kinds(spec: &Spec) -> bool {
    let mut selectors = spec.sources.iter().flat_map(|source| &source.metrics.selectors);
    selectors.any(|selector| !selector.kinds.is_empty())
}
