//! What the tests put into a cluster: kinds, and a little of each.

use std::fmt::Write;

use ktel_testkit::api_server::ApiServer;

pub(crate) const GATEWAY: &str = "gateway.networking.k8s.io";
pub(crate) const KNATIVE: &str = "serving.knative.dev";
pub(crate) const KNATIVE_NETWORK: &str = "networking.internal.knative.dev";
pub(crate) const OPENSHIFT: &str = "config.openshift.io";
pub(crate) const KONG: &str = "configuration.konghq.com";

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
    ("config.openshift.io", "clusterversions", "ClusterVersion", "Cluster", &["v1"]),
    ("configuration.konghq.com", "kongconsumers", "KongConsumer", "Namespaced", &["v1"]),
    ("configuration.konghq.com", "kongingresses", "KongIngress", "Namespaced", &["v1"]),
    ("configuration.konghq.com", "tcpingresses", "TCPIngress", "Namespaced", &["v1beta1"]),
    ("configuration.konghq.com", "udpingresses", "UDPIngress", "Namespaced", &["v1beta1"]),
];

/// Gives the definitions of the kinds in these groups.
pub(crate) fn definitions(groups: &[&str]) -> String {
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
pub(crate) fn install(server: &ApiServer, groups: &[&str]) {
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
pub(crate) fn remove(server: &ApiServer, groups: &[&str]) {
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
pub(crate) fn plain(api_version: &str, kind: &str, names: &[&str]) -> String {
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

/// A product as Helm leaves it, and objects of every kind that a job looks for.
pub(crate) fn populate(server: &ApiServer) {
    install(server, &[GATEWAY, KNATIVE, KNATIVE_NETWORK, KONG]);
    let mut objects = PRODUCT.to_owned();
    for (version, kind, names) in [
        ("gateway.networking.k8s.io/v1", "Gateway", &["a", "b"][..]),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", &["a", "b", "c"]),
        ("gateway.networking.k8s.io/v1", "GRPCRoute", &["a"]),
        ("gateway.networking.k8s.io/v1alpha2", "TCPRoute", &["a", "b"]),
        ("gateway.networking.k8s.io/v1alpha2", "UDPRoute", &["a"]),
        ("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", &["a"]),
        ("serving.knative.dev/v1", "Service", &["a", "b"]),
        ("serving.knative.dev/v1", "Route", &["a", "b"]),
        ("networking.internal.knative.dev/v1alpha1", "Ingress", &["a"]),
        ("configuration.konghq.com/v1", "KongPlugin", &["a", "b", "c"]),
        ("configuration.konghq.com/v1beta1", "TCPIngress", &["a"]),
    ] {
        objects.push_str(&plain(version, kind, names));
    }
    objects.push_str(
        "---\n{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: a}}\n",
    );
    objects.push_str(
        "---\n{apiVersion: configuration.konghq.com/v1, kind: KongClusterPlugin, metadata: {name: a}}\n",
    );
    server.apply(&objects).expect("the objects are valid");
}

const PRODUCT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: example-gateway
  namespace: default
  labels:
    app.kubernetes.io/name: example-gateway
    app.kubernetes.io/managed-by: Helm
    app.kubernetes.io/version: 2.8.0
    helm.sh/chart: example-gateway-1.2.3
  annotations: {meta.helm.sh/release-name: example, meta.helm.sh/release-namespace: default}
spec:
  selector: {matchLabels: {app: example-gateway}}
  template:
    metadata: {labels: {app: example-gateway}}
    spec:
      containers:
      - name: controller
        image: example.com/gateway:2.8.0
        args: ['--feature-gates=GatewayAlpha=true,SomethingOfOurOwn=true']
        env: [{name: CONTROLLER_FEATURE_GATES, value: 'FillIDs=false'}]
---
apiVersion: v1
kind: Node
metadata: {name: node-1, labels: {kubernetes.io/arch: amd64}}
spec: {providerID: 'kind://docker/example/node-1'}
---
apiVersion: v1
kind: Node
metadata: {name: node-2}
spec: {providerID: 'kind://docker/example/node-2'}
---
apiVersion: v1
kind: Service
metadata: {name: istiod, namespace: default}
spec: {ports: [{port: 15010}], selector: {app: istiod}}
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: default}
spec: {ports: [{port: 80}], selector: {app: shop}}
---
apiVersion: v1
kind: Pod
metadata: {name: shop-1, namespace: default, labels: {app: shop}, annotations: {sidecar.istio.io/status: '{}'}}
spec:
  containers: [{name: shop, image: example.com/shop}, {name: istio-proxy, image: example.com/proxyv2}]
---
apiVersion: v1
kind: Pod
metadata: {name: plain-1, namespace: default}
spec: {containers: [{name: plain, image: example.com/plain}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: shop-abcde, namespace: default, labels: {kubernetes.io/service-name: shop}}
addressType: IPv4
endpoints: [{addresses: [192.0.2.1], targetRef: {kind: Pod, name: shop-1, namespace: default}}]
ports: [{port: 80, name: http}]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: example}
spec: {controller: example.com/gateway}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: default}
spec:
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}
      - {path: /api, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}
  - host: www.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}
";
