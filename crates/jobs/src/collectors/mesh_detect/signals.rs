//! The signs of each mesh: in the cluster, on services, in pods.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A set of meshes, one bit each, by their place in [`MESHES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Meshes(u16);

impl Meshes {
    pub(super) fn one(index: usize) -> Self {
        Self(1 << index)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        let listed = MESHES.iter().enumerate();
        listed.filter(move |(index, _)| self.contains(Self::one(*index))).map(|(_, mesh)| mesh.name)
    }
}

/// One mesh and its signs.
pub(super) struct Mesh {
    pub(super) name: &'static str,
    /// API groups that its resources belong to.
    pub(super) groups: &'static [&'static str],
    /// Namespaces that its control plane is usually in.
    pub(super) namespaces: &'static [&'static str],
    /// The service of its control plane. The mesh is deployed when this exists.
    pub(super) control_plane: &'static str,
    /// Annotations of pods, with the value that they must have; `None` allows any.
    pod_annotations: &'static [(&'static str, Option<&'static str>)],
    /// Annotations of services.
    service_annotations: &'static [(&'static str, &'static [&'static str])],
    /// Sidecars. Since Kubernetes 1.29 they can be init containers.
    sidecars: &'static [&'static str],
    /// A part that the image of the sidecar must have, where its name is a common word.
    sidecar_image: Option<&'static str>,
    /// Init containers.
    inits: &'static [&'static str],
}

const NOTHING: Mesh = Mesh {
    name: "",
    groups: &[],
    namespaces: &[],
    control_plane: "",
    pod_annotations: &[],
    service_annotations: &[],
    sidecars: &[],
    sidecar_image: None,
    inits: &[],
};

pub(super) const KUMA: usize = 2;
pub(super) const KONG_MESH: usize = 3;

/// Every mesh that is looked for.
pub(super) const MESHES: [Mesh; 8] = [
    Mesh {
        name: "istio",
        groups: &["networking.istio.io", "security.istio.io"],
        namespaces: &["istio-system"],
        control_plane: "istiod",
        // The second is set on pods in ambient mode, which has no sidecars.
        pod_annotations: &[
            ("sidecar.istio.io/status", None),
            ("ambient.istio.io/redirection", Some("enabled")),
        ],
        sidecars: &["istio-proxy"],
        inits: &["istio-init"],
        ..NOTHING
    },
    Mesh {
        name: "linkerd",
        groups: &["linkerd.io", "policy.linkerd.io"],
        namespaces: &["linkerd"],
        control_plane: "linkerd-proxy-injector",
        pod_annotations: &[("linkerd.io/proxy-version", None)],
        sidecars: &["linkerd-proxy"],
        inits: &["linkerd-init"],
        ..NOTHING
    },
    Mesh {
        name: "kuma",
        groups: &["kuma.io"],
        namespaces: &["kuma-system"],
        control_plane: "kuma-control-plane",
        pod_annotations: &[("kuma.io/sidecar-injected", Some("true"))],
        sidecars: &["kuma-sidecar"],
        inits: &["kuma-init"],
        ..NOTHING
    },
    // It is built on Kuma. Their pods look the same.
    Mesh {
        name: "kong-mesh",
        namespaces: &["kong-mesh-system"],
        control_plane: "kong-mesh-control-plane",
        ..NOTHING
    },
    Mesh {
        name: "consul",
        groups: &["consul.hashicorp.com"],
        namespaces: &["consul"],
        control_plane: "consul-server",
        pod_annotations: &[("consul.hashicorp.com/connect-inject-status", Some("injected"))],
        sidecars: &["envoy-sidecar", "consul-dataplane"],
        inits: &["consul-connect-inject-init"],
        ..NOTHING
    },
    Mesh {
        name: "traefik",
        namespaces: &["traefik-mesh"],
        control_plane: "traefik-mesh-controller",
        service_annotations: &[("mesh.traefik.io/traffic-type", &["HTTP", "TCP", "http", "tcp"])],
        ..NOTHING
    },
    Mesh {
        name: "aws-app-mesh",
        groups: &["appmesh.k8s.aws"],
        namespaces: &["appmesh-system"],
        control_plane: "appmesh-controller-webhook-service",
        sidecars: &["envoy"],
        sidecar_image: Some("aws-appmesh-envoy"),
        inits: &["proxyinit"],
        ..NOTHING
    },
    Mesh {
        name: "cilium",
        // The API group alone means only the network. The mesh is there when its proxy is.
        control_plane: "cilium-envoy",
        service_annotations: &[("service.cilium.io/global", &["true"])],
        ..NOTHING
    },
];

/// What is read of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pod {
    pub(super) metadata: Metadata,
    spec: Spec,
}

/// What is read of the metadata of a pod or a service.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) annotations: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    containers: Option<Vec<Container>>,
    init_containers: Option<Vec<Container>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Container {
    name: String,
    image: String,
    restart_policy: Option<String>,
}

fn find(matches: impl Fn(&Mesh) -> bool) -> Meshes {
    let listed = MESHES.iter().enumerate().filter(|(_, mesh)| matches(mesh));
    listed.fold(Meshes::default(), |found, (index, _)| found.with(Meshes::one(index)))
}

/// Decides which meshes the annotations of a pod name. Their injectors write them.
fn of_annotations(metadata: &Metadata) -> Meshes {
    let Some(annotations) = &metadata.annotations else { return Meshes::default() };
    find(|mesh| {
        mesh.pod_annotations.iter().any(|(key, wanted)| {
            annotations.get(*key).is_some_and(|value| wanted.is_none_or(|wanted| wanted == value))
        })
    })
}

/// Decides whether the metadata of more pods tells their meshes: some of these pods are part of a mesh,
/// all of those have its annotation, and no mesh is expected that writes none.
pub(super) fn annotations_suffice(pods: &[Pod], expected: Meshes) -> bool {
    let silent = |mesh: &Mesh| !mesh.sidecars.is_empty() && mesh.pod_annotations.is_empty();
    let signs = pods.iter().map(|pod| (of_pod(pod), of_annotations(&pod.metadata)));
    let signs: Vec<_> = signs.filter(|(meshes, _)| !meshes.is_empty()).collect();
    !signs.is_empty()
        && signs.iter().all(|(meshes, annotated)| meshes == annotated)
        && MESHES
            .iter()
            .enumerate()
            .all(|(index, mesh)| !silent(mesh) || !expected.contains(Meshes::one(index)))
}

/// Decides which meshes a pod is part of. What looks like Kuma may be Kong Mesh: see
/// [`settle_kuma`].
pub(super) fn of_pod(pod: &Pod) -> Meshes {
    let containers = pod.spec.containers.iter().flatten();
    let inits = || pod.spec.init_containers.iter().flatten();
    let native = inits().filter(|init| init.restart_policy.as_deref() == Some("Always"));
    let sidecars: Vec<&Container> = containers.chain(native).collect();
    let has_sidecar = |mesh: &Mesh| {
        sidecars.iter().any(|container| {
            mesh.sidecars.contains(&container.name.as_str())
                && mesh.sidecar_image.is_none_or(|part| container.image.contains(part))
        })
    };
    let has_init = |mesh: &Mesh| inits().any(|init| mesh.inits.contains(&init.name.as_str()));
    of_annotations(&pod.metadata).with(find(|mesh| has_sidecar(mesh) || has_init(mesh)))
}

/// Decides which meshes the annotations of a service name.
pub(super) fn of_service(metadata: &Metadata) -> Meshes {
    let Some(annotations) = &metadata.annotations else { return Meshes::default() };
    find(|mesh| {
        mesh.service_annotations.iter().any(|(key, wanted)| {
            annotations.get(*key).is_some_and(|value| wanted.contains(&value.as_str()))
        })
    })
}

/// Decides which mesh's control plane a service is.
pub(super) fn control_plane(name: &str) -> Meshes {
    find(|mesh| mesh.control_plane == name)
}

/// Decides which mesh usually has its control plane in this namespace.
pub(super) fn of_namespace(namespace: &str) -> Meshes {
    find(|mesh| mesh.namespaces.contains(&namespace))
}

/// Tells Kuma and Kong Mesh apart by which of them is deployed; their pods look the same.
pub(super) fn settle_kuma(found: Meshes, deployed: Meshes) -> Meshes {
    let (kuma, kong) = (Meshes::one(KUMA), Meshes::one(KONG_MESH));
    if !found.contains(kuma) || !deployed.contains(kong) {
        return found;
    }
    if deployed.contains(kuma) { found.with(kong) } else { found.without(kuma).with(kong) }
}

#[cfg(test)]
mod tests {
    use super::{Meshes, Pod, annotations_suffice, control_plane, of_pod, of_service, settle_kuma};
    use serde_json::json;

    fn names(meshes: Meshes) -> Vec<&'static str> {
        meshes.names().collect()
    }

    #[test]
    fn a_pod_shows_its_mesh_by_annotation_sidecar_or_init_container() {
        let table = [
            (
                json!({"metadata": {"annotations": {"sidecar.istio.io/status": "{}"}}}),
                &["istio"][..],
            ),
            (
                json!({"metadata": {"annotations": {"ambient.istio.io/redirection": "enabled"}}}),
                &["istio"],
            ),
            (
                json!({"metadata": {"annotations": {"ambient.istio.io/redirection": "disabled"}}}),
                &[],
            ),
            (
                json!({"spec": {"containers": [{"name": "app"}, {"name": "linkerd-proxy"}]}}),
                &["linkerd"],
            ),
            (
                json!({"spec": {"initContainers": [{"name": "istio-proxy", "restartPolicy": "Always"}]}}),
                &["istio"],
            ),
            (json!({"spec": {"initContainers": [{"name": "istio-proxy"}]}}), &[]),
            (json!({"spec": {"initContainers": [{"name": "linkerd-init"}]}}), &["linkerd"]),
            (json!({"spec": {"containers": [{"name": "consul-dataplane"}]}}), &["consul"]),
            (json!({"spec": {"containers": [{"name": "envoy", "image": "x/envoy"}]}}), &[]),
            (
                json!({"spec": {"containers": [{"name": "envoy", "image": "x/aws-appmesh-envoy:1"}]}}),
                &["aws-app-mesh"],
            ),
            (json!({"metadata": {"annotations": null}, "spec": {"containers": null}}), &[]),
        ];
        for (pod, expected) in table {
            let parsed: Pod = serde_json::from_value(pod.clone()).unwrap();
            assert_eq!(names(of_pod(&parsed)), expected, "{pod}");
        }
    }

    #[test]
    fn metadata_is_enough_when_every_sidecar_of_a_page_is_annotated() {
        let parse = |pod: serde_json::Value| serde_json::from_value::<Pod>(pod).unwrap();
        let plain = || parse(json!({"spec": {"containers": [{"name": "app"}]}}));
        let by_hand = || parse(json!({"spec": {"containers": [{"name": "istio-proxy"}]}}));
        let injected = || {
            parse(json!({
                "metadata": {"annotations": {"sidecar.istio.io/status": "{}"}},
                "spec": {"containers": [{"name": "app"}, {"name": "istio-proxy"}]},
            }))
        };
        let (istio, app_mesh) =
            (control_plane("istiod"), control_plane("appmesh-controller-webhook-service"));
        let table = [
            (vec![plain(), injected()], istio, true),
            (vec![injected()], Meshes::default(), true),
            // Nothing is known yet of how sidecars look here.
            (vec![plain()], istio, false),
            (vec![], istio, false),
            (vec![injected(), by_hand()], istio, false),
            // App Mesh writes no annotation.
            (vec![injected()], istio.with(app_mesh), false),
        ];
        for (index, (pods, expected, enough)) in table.into_iter().enumerate() {
            assert_eq!(annotations_suffice(&pods, expected), enough, "row {index}");
        }
    }

    #[test]
    fn services_are_known_by_name_or_annotation() {
        assert_eq!(names(control_plane("istiod")), ["istio"]);
        assert_eq!(names(control_plane("shop")), [""; 0]);
        let metadata = |key: &str, value: &str| {
            serde_json::from_value(json!({"annotations": {key: value}})).unwrap()
        };
        assert_eq!(
            names(of_service(&metadata("mesh.traefik.io/traffic-type", "TCP"))),
            ["traefik"]
        );
        assert_eq!(names(of_service(&metadata("mesh.traefik.io/traffic-type", "UDP"))), [""; 0]);
    }

    #[test]
    fn kuma_and_kong_mesh_are_told_apart_by_what_is_deployed() {
        let (kuma, kong) =
            (control_plane("kuma-control-plane"), control_plane("kong-mesh-control-plane"));
        let table: [(Meshes, &[&str]); 4] = [
            (kuma, &["kuma"]),
            (kong, &["kong-mesh"]),
            (kuma.with(kong), &["kuma", "kong-mesh"]),
            (Meshes::default(), &["kuma"]),
        ];
        for (deployed, expected) in table {
            assert_eq!(names(settle_kuma(kuma, deployed)), expected, "{deployed:?}");
        }
    }
}
