//! `ktel workflows run` against a real API server: every job, every way it can be refused.

use std::time::{Duration, Instant};

use ktel_testkit::api_server::{ADMIN_TOKEN, ApiServer, NOBODY_TOKEN};
use ktel_testkit::proxy::{Fault, Proxy};
use serde_json::{Value, json};

use crate::ktel::{ktel, with_input};
use crate::manifests::{definitions, install, plain, remove};

const GATEWAY: &str = "gateway.networking.k8s.io";
const KNATIVE: &str = "serving.knative.dev";
const KNATIVE_NETWORK: &str = "networking.internal.knative.dev";
const KONG: &str = "configuration.konghq.com";

/// A product as Helm leaves it, and objects of every kind that a job looks for.
fn populate(server: &ApiServer) {
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

const ALL: &str = "workflows run --workflow all --product example-gateway";

#[test]
fn every_job_reports_what_is_really_there() {
    let Some(server) = ApiServer::start() else { return };
    populate(&server);
    let run = ktel(&server.admin_kubeconfig(), ALL);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let mut report = run.report();
    let now = jiff::Timestamp::now().to_string();
    let today = now.split('T').next().expect("a date");
    for (job, field) in [("identify-deployment", "last-update"), ("config-activity", "last-change")]
    {
        let when = report[job][field].take();
        assert!(when.as_str().expect("a date").starts_with(today), "{job}: {when}");
    }
    let namespaces = report["cluster-state"]["namespaces"].take();
    assert!(namespaces.as_u64() >= Some(4), "{namespaces}");
    let expected = json!({
        "identify-platform": {
            "arch": "amd64", "os": "linux", "provider": "kind", "kubernetes_version": "v1.36.4",
        },
        "identify-deployment": {"lifecycle": "helm", "version": "2.8.0", "last-update": null},
        "cluster-state": {"pods": 2, "services": 3, "nodes": 2, "namespaces": null},
        "feature-flags": {"GatewayAlpha": true, "FillIDs": false, "other": 1},
        "mesh-detect": {
            "deployed": ["istio"], "services_total": 3, "services_by_mesh": {"istio": 1},
        },
        "config-activity": {"last-change": null},
        "plugin-usage": {"plugins": 3, "cluster_plugins": 1},
        "route-types": {
            "http": 3, "grpc": 1, "tcp": 3, "udp": 1, "tls": 0, "ingress": 1, "knative": 2,
        },
        "ingress-usage": {
            "ingresses": 1, "rules": 2, "paths": 3, "versions": ["v1"], "ingress_classes": 1,
        },
        "gateway-usage": {
            "gatewayclasses": 1, "gateways": 2, "httproutes": 3, "grpcroutes": 1, "tcproutes": 2,
            "udproutes": 1, "tlsroutes": 0, "referencegrants": 1,
            "versions": ["v1", "v1alpha2", "v1beta1"],
        },
        "knative-usage": {"services": 2, "routes": 2, "ingresses": 1, "versions": ["v1", "v1alpha1"]},
    });
    for (job, section) in expected.as_object().expect("an object") {
        assert_eq!(&report[job], section, "{job}");
    }
    let names = |value: &Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    assert_eq!(names(&report), names(&expected), "and in the order of the catalog");

    a_snapshot_of_the_cluster_gives_the_same_report(&server, &run.report());
    kinds_that_come_and_go_are_noticed_at_the_next_run(&server);
}

fn a_snapshot_of_the_cluster_gives_the_same_report(server: &ApiServer, report: &Value) {
    let directory = tempfile::tempdir().expect("a place for the snapshot");
    let kinds = "pods,services,nodes,namespaces,endpointslices,deployments,ingresses,ingressclasses,\
        gatewayclasses.gateway.networking.k8s.io,gateways.gateway.networking.k8s.io,\
        httproutes.gateway.networking.k8s.io,grpcroutes.gateway.networking.k8s.io,\
        tcproutes.gateway.networking.k8s.io,udproutes.gateway.networking.k8s.io,\
        referencegrants.gateway.networking.k8s.io,services.serving.knative.dev,\
        routes.serving.knative.dev,ingresses.networking.internal.knative.dev,\
        kongplugins.configuration.konghq.com,kongclusterplugins.configuration.konghq.com,\
        tcpingresses.configuration.konghq.com,customresourcedefinitions"
        .replace(char::is_whitespace, "");
    let objects = server
        .kubectl(["get", &kinds, "-A", "-o", "json", "--show-managed-fields"])
        .expect("everything can be read");
    let version = server.kubectl(["version", "-o", "json"]).expect("a version");
    for (name, text) in [("objects.json", objects), ("version.json", version)] {
        std::fs::write(directory.path().join(name), text).expect("the snapshot can be written");
    }
    let words = format!("{ALL} --snapshot {}", directory.path().display());
    let run = ktel(&server.admin_kubeconfig(), &words);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(&run.report(), report);
}

fn kinds_that_come_and_go_are_noticed_at_the_next_run(server: &ApiServer) {
    let jobs = "workflows run --jobs gateway-usage,knative-usage,route-types";
    remove(server, &[GATEWAY, KNATIVE, KNATIVE_NETWORK]);
    let run = ktel(&server.admin_kubeconfig(), jobs);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let expected = json!({
        "gateway-usage": {}, "knative-usage": {}, "route-types": {"tcp": 1, "udp": 0, "ingress": 1},
    });
    assert_eq!(run.report(), expected, "what is not served is absent, not 0");
    install(server, &[GATEWAY]);
    let run = ktel(&server.admin_kubeconfig(), jobs);
    assert_eq!(run.report()["gateway-usage"]["gateways"], json!(0));
    assert_eq!(run.report()["route-types"]["http"], json!(0));
}

/// Makes a `ServiceAccount` with these manifests of roles bound to it, and gives its kubeconfig.
fn account(server: &ApiServer, name: &str, role: &str) -> std::path::PathBuf {
    let manifests = format!(
        "apiVersion: v1
kind: ServiceAccount
metadata: {{name: {name}, namespace: default}}
---
{role}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}
subjects: [{{kind: ServiceAccount, name: {name}, namespace: default}}]
"
    );
    server.apply(&manifests).expect("the role is valid");
    let token = server.token_for_service_account("default", name).expect("a token");
    let kubeconfig = server.kubeconfig(&token);
    // The authorizer hears of a new binding by a watch, a moment after the write.
    let deadline = Instant::now() + Duration::from_secs(20);
    let canary = format!("system:serviceaccount:default:{name}");
    loop {
        let list = server.kubectl(["auth", "can-i", "--list", "--as", &canary]);
        if list.is_ok_and(|list| list.contains("[list]") || list.contains("list")) {
            return kubeconfig;
        }
        assert!(Instant::now() < deadline, "the role of `{name}` never took effect");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A `ClusterRole` of these rules, as `ktel jobs rbac` names it.
fn role(name: &str, rules: &[Value]) -> String {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    })
    .to_string()
}

#[test]
fn every_job_works_with_exactly_its_role_and_misses_every_rule_taken_from_it() {
    let Some(server) = ApiServer::start() else { return };
    populate(&server);
    for job in ktel::Catalog::built_in().jobs() {
        let schema = job.schema();
        let name = &schema.name;
        let rules: Vec<Value> = ktel_model::standard::rbac::rules(&[schema])
            .iter()
            .map(|rule| serde_json::to_value(rule).expect("a rule becomes JSON"))
            .flat_map(|rule| one_resource_each(&rule))
            .collect();
        let words = format!("workflows run --jobs {name},cluster-version-only --product example-gateway --jobs-from {}", canary().display());
        let whole = account(&server, name, &role(name, &rules));
        let run = ktel(&whole, &words);
        assert_eq!(run.code, 0, "{name}: {}", run.stderr);
        for left_out in 0..rules.len() {
            let mut fewer = rules.clone();
            let gone = fewer.remove(left_out);
            let less = format!("{name}-{left_out}");
            if is_alternative(name, &gone) {
                continue;
            }
            let kubeconfig = account(&server, &less, &role(&less, &fewer));
            let run = ktel(&kubeconfig, &words);
            assert_eq!(run.code, 1, "{name} works without {gone}: {}", run.stdout);
            assert!(run.stderr.contains("may not"), "{name} without {gone}: {}", run.stderr);
            let report = run.report();
            assert!(report.get(name).is_none(), "{name} without {gone}: {report}");
            assert!(report.get("cluster-version-only").is_some(), "the others work: {report}");
        }
    }
}
