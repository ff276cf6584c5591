//! What the tests put into a cluster: kinds, and a little of each.

use std::fmt::Write;

use ktel_testkit::api_server::ApiServer;

/// Group, plural name, kind, scope and versions of the kinds that jobs look for; of several
/// versions the first is stored.
const KINDS: &[(&str, &str, &str, &str, &[&str])] = &[
    ("gateway.networking.k8s.io", "gatewayclasses", "GatewayClass", "Cluster", &["v1", "v1beta1"]),
    ("gateway.networking.k8s.io", "gateways", "Gateway", "Namespaced", &["v1", "v1beta1"]),
    ("gateway.networking.k8s.io", "httproutes", "HTTPRoute", "Namespaced", &["v1", "v1beta1"]),
    ("gateway.networking.k8s.io", "grpcroutes", "GRPCRoute", "Namespaced", &["v1"]),
    ("gateway.networking.k8s.io", "tcproutes", "TCPRoute", "Namespaced", &["v1alpha2"]),
    ("gateway.networking.k8s.io", "udproutes", "UDPRoute", "Namespaced", &["v1alpha2"]),
    ("gateway.networking.k8s.io", "tlsroutes", "TLSRoute", "Namespaced", &["v1alpha2"]),
    ("gateway.networking.k8s.io", "referencegrants", "ReferenceGrant", "Namespaced", &["v1beta1"]),
    ("serving.knative.dev", "services", "Service", "Namespaced", &["v1"]),
    ("serving.knative.dev", "routes", "Route", "Namespaced", &["v1"]),
    ("networking.internal.knative.dev", "ingresses", "Ingress", "Namespaced", &["v1alpha1"]),
    ("configuration.konghq.com", "kongplugins", "KongPlugin", "Namespaced", &["v1"]),
    ("configuration.konghq.com", "kongclusterplugins", "KongClusterPlugin", "Cluster", &["v1"]),
    ("configuration.konghq.com", "tcpingresses", "TCPIngress", "Namespaced", &["v1beta1"]),
    ("configuration.konghq.com", "udpingresses", "UDPIngress", "Namespaced", &["v1beta1"]),
];

/// Gives the definitions of the kinds in these groups.
pub fn definitions(groups: &[&str]) -> String {
    let mut out = String::new();
    for (group, plural, kind, scope, versions) in KINDS {
        if !groups.contains(group) {
            continue;
        }
        let singular = kind.to_lowercase();
        // The API server wants somebody's approval in the annotations of groups of its own domain.
        write!(
            out,
            "---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {plural}.{group}
  annotations: {{api-approved.kubernetes.io: unapproved}}
spec:
  group: {group}
  scope: {scope}
  names: {{plural: {plural}, singular: {singular}, kind: {kind}, listKind: {kind}List}}
  versions:
"
        )
        .expect("a string takes everything");
        for (index, version) in versions.iter().enumerate() {
            let storage = index == 0;
            writeln!(
                out,
                "  - {{name: {version}, served: true, storage: {storage}, schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}}}"
            )
            .expect("a string takes everything");
        }
    }
    out
}

/// Installs the kinds of these groups and waits until they are served.
pub fn install(server: &ApiServer, groups: &[&str]) {
    server.apply(&definitions(groups)).expect("the definitions are valid");
    let mut wait = vec!["wait", "--for=condition=Established", "--timeout=60s"];
    let names: Vec<String> = KINDS
        .iter()
        .filter(|(group, ..)| groups.contains(group))
        .map(|(group, plural, ..)| format!("crd/{plural}.{group}"))
        .collect();
    wait.extend(names.iter().map(String::as_str));
    server.kubectl(wait).expect("the kinds are established");
}

/// Removes the kinds of these groups.
pub fn remove(server: &ApiServer, groups: &[&str]) {
    let mut delete = vec!["delete", "crd", "--timeout=60s"];
    let names: Vec<String> = KINDS
        .iter()
        .filter(|(group, ..)| groups.contains(group))
        .map(|(group, plural, ..)| format!("{plural}.{group}"))
        .collect();
    delete.extend(names.iter().map(String::as_str));
    server.kubectl(delete).expect("the kinds can go");
}

/// Makes objects of one kind that are nothing but a name.
pub fn plain(api_version: &str, kind: &str, names: &[&str]) -> String {
    let mut out = String::new();
    for name in names {
        writeln!(
            out,
            "---\n{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: {name}, namespace: default}}}}"
        )
        .expect("a string takes everything");
    }
    out
}
