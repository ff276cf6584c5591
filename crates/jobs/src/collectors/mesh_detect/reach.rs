//! Finds the services of each mesh, by the pods behind them.
//!
//! A scan of the pods keeps 16 bytes for each pod of a mesh. A scan of the endpoint slices then
//! finds the meshes of each service.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use serde::Deserialize;

use super::signals::{MESHES, Meshes};
use crate::error::Error;
use crate::limits;

/// The pods and services of meshes. Names are kept as 64-bit hashes with a random key, so that no
/// string is kept. Two names of a cluster have the same hash once in many billions.
#[derive(Default)]
pub(super) struct Reach {
    hasher: RandomState,
    pods: HashMap<u64, Meshes>,
    services: HashMap<u64, Meshes>,
}

/// What is read of an endpoint slice.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EndpointSlice {
    metadata: SliceMetadata,
    endpoints: Option<Vec<Endpoint>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SliceMetadata {
    namespace: String,
    labels: Option<Labels>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Labels {
    #[serde(rename = "kubernetes.io/service-name")]
    service: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Endpoint {
    target_ref: Option<Target>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Target {
    kind: String,
    name: String,
}

impl Reach {
    fn key(&self, namespace: &str, name: &str) -> u64 {
        self.hasher.hash_one((namespace, name))
    }

    /// Remembers a pod that is part of a mesh.
    pub(super) fn pod(&mut self, namespace: &str, name: &str, meshes: Meshes) -> Result<(), Error> {
        if meshes.is_empty() {
            return Ok(());
        }
        if self.pods.len() >= limits::MESH_PODS_MAX {
            return Err(Error::TooMany { what: "pods".into(), limit: limits::MESH_PODS_MAX });
        }
        self.pods.insert(self.key(namespace, name), meshes);
        Ok(())
    }

    /// Remembers more meshes of a service.
    pub(super) fn service(&mut self, namespace: &str, name: &str, meshes: Meshes) {
        if !meshes.is_empty() {
            let known = self.services.entry(self.key(namespace, name)).or_default();
            *known = known.with(meshes);
        }
    }

    /// Gives a service the meshes of the pods behind it.
    pub(super) fn slice(&mut self, slice: &EndpointSlice) {
        let EndpointSlice { metadata, endpoints } = slice;
        let service = metadata.labels.as_ref().and_then(|labels| labels.service.as_deref());
        let Some(service) = service else { return };
        let targets = endpoints.iter().flatten().filter_map(|one| one.target_ref.as_ref());
        let meshes = targets
            .filter(|target| target.kind == "Pod")
            .filter_map(|target| self.pods.get(&self.key(&metadata.namespace, &target.name)))
            .fold(Meshes::default(), |all, meshes| all.with(*meshes));
        self.service(&metadata.namespace, service, meshes);
    }

    /// Says whether any pod is part of a mesh.
    pub(super) fn has_pods(&self) -> bool {
        !self.pods.is_empty()
    }

    /// Forgets all pods, before they are read again.
    pub(super) fn forget_pods(&mut self) {
        self.pods.clear();
    }

    /// Counts the services of each mesh that has any.
    pub(super) fn services_by_mesh(&self) -> Vec<(&'static str, u64)> {
        let count = |index| {
            let mesh = Meshes::one(index);
            self.services.values().filter(|meshes| meshes.contains(mesh)).count() as u64
        };
        let counted = MESHES.iter().enumerate().map(|(index, mesh)| (mesh.name, count(index)));
        counted.filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Reach;
    use crate::collectors::mesh_detect::signals::{Meshes, control_plane};
    use serde_json::json;

    #[test]
    fn a_service_belongs_to_the_meshes_of_the_pods_behind_any_of_its_slices() {
        let (istio, linkerd) = (control_plane("istiod"), control_plane("linkerd-proxy-injector"));
        let mut reach = Reach::default();
        for (name, meshes) in [("a", istio), ("b", linkerd), ("c", Meshes::default())] {
            reach.pod("default", name, meshes).unwrap();
        }
        for (namespace, service, pods) in [
            ("default", "shop", ["a", "c"]),
            ("default", "shop", ["b", "c"]),
            ("default", "plain", ["c", "c"]),
            ("other", "elsewhere", ["a", "b"]),
        ] {
            let endpoints = pods.map(|pod| json!({"targetRef": {"kind": "Pod", "name": pod}}));
            let slice = json!({
                "metadata": {"namespace": namespace, "labels": {"kubernetes.io/service-name": service}},
                "endpoints": endpoints,
            });
            reach.slice(&serde_json::from_value(slice).unwrap());
        }
        assert_eq!(reach.services_by_mesh(), [("istio", 1), ("linkerd", 1)]);
    }
}
