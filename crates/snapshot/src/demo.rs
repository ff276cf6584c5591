//! A little cluster that tells a story: a gateway installed by Helm, a mesh over half the shop, the
//! Gateway API beside old Ingresses.

use serde_json::{Value, json};

use crate::{Snapshot, VersionInfo};

const OBJECTS: &str = include_str!("demo.yaml");

/// The plural and the singular name of a kind, and how many objects of it there are.
type Kind = (&'static str, &'static str, usize);

/// Group, version and scope of custom resources, and their kinds.
const CUSTOM: &[(&str, &str, &str, &[Kind])] = &[
    ("gateway.networking.k8s.io", "v1", "Cluster", &[("gatewayclasses", "GatewayClass", 1)]),
    (
        "gateway.networking.k8s.io",
        "v1",
        "Namespaced",
        &[
            ("gateways", "Gateway", 2),
            ("httproutes", "HTTPRoute", 31),
            ("grpcroutes", "GRPCRoute", 4),
        ],
    ),
    (
        "gateway.networking.k8s.io",
        "v1alpha2",
        "Namespaced",
        &[("tcproutes", "TCPRoute", 2), ("udproutes", "UDPRoute", 0), ("tlsroutes", "TLSRoute", 1)],
    ),
    (
        "gateway.networking.k8s.io",
        "v1beta1",
        "Namespaced",
        &[("referencegrants", "ReferenceGrant", 2)],
    ),
    (
        "configuration.konghq.com",
        "v1",
        "Cluster",
        &[("kongclusterplugins", "KongClusterPlugin", 2)],
    ),
    ("configuration.konghq.com", "v1", "Namespaced", &[("kongplugins", "KongPlugin", 7)]),
    (
        "configuration.konghq.com",
        "v1beta1",
        "Namespaced",
        &[("tcpingresses", "TCPIngress", 1), ("udpingresses", "UDPIngress", 1)],
    ),
    (
        "serving.knative.dev",
        "v1",
        "Namespaced",
        &[("services", "Service", 5), ("routes", "Route", 5)],
    ),
    ("networking.internal.knative.dev", "v1alpha1", "Namespaced", &[("ingresses", "Ingress", 5)]),
    ("networking.istio.io", "v1", "Namespaced", &[("virtualservices", "VirtualService", 3)]),
];

/// Services of the shop, each with how many pods stand behind it; the first half is in the mesh.
const SHOP: &[(&str, usize)] =
    &[("cart", 3), ("catalogue", 4), ("payment", 2), ("search", 3), ("mail", 1), ("reports", 2)];
const IN_THE_MESH: usize = 3;

impl Snapshot {
    /// Makes up a little cluster to show things on.
    ///
    /// # Panics
    ///
    /// Never: a test makes it.
    #[must_use]
    pub fn demo() -> Self {
        let written: Vec<Value> =
            serde_saphyr::from_multiple(OBJECTS).expect("the file is part of the program");
        let objects = written.into_iter().chain(shop()).chain(custom());
        let snapshot = Self::from_objects(objects).expect("a test makes this cluster");
        snapshot.with_version(VersionInfo::new("v1.31.4-gke.1183000", "linux/amd64"))
    }
}

fn custom() -> impl Iterator<Item = Value> {
    CUSTOM.iter().flat_map(|(group, version, scope, kinds)| {
        kinds.iter().flat_map(move |(plural, kind, count)| {
            let definition = json!({
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": format!("{plural}.{group}")},
                "spec": {
                    "group": group,
                    "scope": scope,
                    "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
                    "versions": [{"name": version, "served": true, "storage": true}],
                },
            });
            let objects = (0..*count).map(move |index| {
                let mut metadata = json!({
                    "name": format!("{}-{index}", kind.to_lowercase()),
                    "creationTimestamp": "2026-10-02T09:14:00Z",
                });
                if *scope == "Namespaced" {
                    metadata["namespace"] = json!("shop");
                }
                json!({"apiVersion": format!("{group}/{version}"), "kind": kind, "metadata": metadata})
            });
            std::iter::once(definition).chain(objects)
        })
    })
}

fn shop() -> impl Iterator<Item = Value> {
    SHOP.iter().enumerate().flat_map(|(index, (name, pods))| {
        let meshed = index < IN_THE_MESH;
        let service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
        });
        let pod_name = move |pod: usize| format!("{name}-{pod}");
        let endpoints: Vec<Value> = (0..*pods)
            .map(|pod| {
                json!({
                    "addresses": [format!("192.0.2.{}", 10 * (index + 1) + pod)],
                    "targetRef": {"kind": "Pod", "namespace": "shop", "name": pod_name(pod)},
                })
            })
            .collect();
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": format!("{name}-slice"), "namespace": "shop",
                "labels": {"kubernetes.io/service-name": name},
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
        });
        let pods = (0..*pods).map(move |pod| {
            let mut containers =
                vec![json!({"name": name, "image": format!("example.com/shop/{name}:1.4.0")})];
            if meshed {
                containers
                    .push(json!({"name": "istio-proxy", "image": "example.com/proxyv2:1.27.0"}));
            }
            json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": pod_name(pod), "namespace": "shop", "labels": {"app": name}},
                "spec": {"nodeName": format!("node-{}", pod % 3 + 1), "containers": containers},
                "status": {"phase": "Running"},
            })
        });
        [service, slice].into_iter().chain(pods)
    })
}

#[cfg(test)]
mod tests {
    use crate::Snapshot;

    #[test]
    fn the_demonstration_has_a_cluster() {
        assert!(Snapshot::demo().len() > 50);
    }
}
