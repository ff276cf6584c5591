//! How many bytes the search for meshes takes, and that protobuf gives what JSON gives.

use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use ktel_testkit::api_server::{ADMIN_TOKEN, ApiServer};
use ktel_testkit::proxy::Proxy;
use kube::client::{Body, ClientBuilder};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::util::MapRequestLayer;

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const PODS: usize = 5_000;
const SERVICES: usize = 50;
/// What Kong's sender takes for a cluster of that size, without TLS.
const BYTES_MAX: u64 = 565_000;

/// Puts a cluster into the server: every seventh pod has a sidecar. Random parts are as long as real ones.
fn fill(server: &ApiServer) {
    server.seed("pods", (0..PODS).map(pod)).expect("pods");
    server.seed("services/specs", (0..SERVICES).map(service)).expect("services");
    server.seed("endpointslices", (0..SERVICES).map(slice)).expect("slices");
}

/// Gives `bytes` pseudorandom bytes as hexadecimal digits.
fn random(what: &str, index: usize, bytes: usize) -> String {
    let digest = Sha256::digest(format!("{what} {index}"));
    digest.iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

fn uid(what: &str, index: usize) -> String {
    let digits = random(what, index, 16);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

fn pod_name(index: usize) -> String {
    format!("shop-{index}-{}", random("hash", index, 4))
}

fn pod(index: usize) -> Value {
    let has_sidecar = index.is_multiple_of(7);
    let mut containers = vec![json!({
        "name": "app",
        "image": format!("registry.example.com/shop/app:{}", index % 40),
        "ports": [{"containerPort": 8080, "name": "http"}],
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"},
        },
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
    })];
    let mut annotations = json!({});
    if has_sidecar {
        containers.push(json!({
            "name": "istio-proxy",
            "image": "registry.example.com/istio/proxyv2:1.30",
            "args": ["proxy", "sidecar"],
        }));
        annotations = json!({"sidecar.istio.io/status": "{\"version\":\"1\"}"});
    }
    let written = json!({
        "f:metadata": {"f:labels": {
            ".": {}, "f:app.kubernetes.io/name": {}, "f:app.kubernetes.io/instance": {},
            "f:pod-template-hash": {},
        }},
        "f:spec": {
            "f:containers": {"k:{\"name\":\"app\"}": {
                ".": {}, "f:env": {}, "f:image": {}, "f:livenessProbe": {}, "f:name": {},
                "f:ports": {}, "f:resources": {},
            }},
            "f:nodeName": {},
        },
    });
    let created = format!("2026-05-12T14:{:02}:{:02}Z", index / 60 % 60, index % 60);
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": pod_name(index), "namespace": "default", "uid": uid("pod", index),
            "creationTimestamp": created,
            "labels": {
                "app.kubernetes.io/name": "shop",
                "app.kubernetes.io/instance": format!("shop-{}", index % 50),
                "pod-template-hash": random("hash", index, 4),
            },
            "annotations": annotations,
            "managedFields": [{
                "manager": "kubectl-create", "operation": "Update", "apiVersion": "v1",
                "time": created, "fieldsType": "FieldsV1", "fieldsV1": written,
            }],
        },
        "spec": {"containers": containers, "nodeName": format!("node-{}", index % 100)},
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    })
}

fn service(index: usize) -> Value {
    let name = if index == 0 { "istiod".to_owned() } else { format!("shop-{index}") };
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "default", "uid": uid("service", index)},
        "spec": {
            "selector": {"app.kubernetes.io/instance": name},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
            "clusterIP": format!("10.0.{}.{}", index / 250, index % 250 + 1),
        },
    })
}

/// A service stands for a hundred pods. Every seventh of them has a sidecar.
fn slice(index: usize) -> Value {
    let endpoint = |pod: usize| {
        json!({
            "addresses": [format!("10.1.{}.{}", pod / 250, pod % 250 + 1)],
            "conditions": {"ready": true},
            "targetRef": {
                "kind": "Pod", "namespace": "default", "name": pod_name(pod), "uid": uid("pod", pod),
            },
        })
    };
    let pods = (0..PODS).filter(|pod| pod % SERVICES == index);
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "name": format!("shop-{index}-abcde"), "namespace": "default",
            "uid": uid("slice", index),
            "labels": {"kubernetes.io/service-name": format!("shop-{index}")},
        },
        "endpoints": pods.map(endpoint).collect::<Vec<_>>(),
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    })
}

/// Makes a client that goes through a proxy. `accept` may change what is asked for.
async fn client(server: &ApiServer, proxy: &Proxy, accept: fn(&str) -> String) -> Client {
    let path = server.kubeconfig_through(&format!("https://{}", proxy.address()), ADMIN_TOKEN);
    let kubeconfig = Kubeconfig::read_from(path).expect("a kubeconfig");
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let config = config.expect("a valid kubeconfig");
    let layer = MapRequestLayer::new(move |mut request: Request<Body>| {
        if let Some(asked) = request.headers().get(header::ACCEPT) {
            let changed = accept(asked.to_str().expect("ASCII"));
            let changed = HeaderValue::from_str(&changed).expect("a header");
            request.headers_mut().insert(header::ACCEPT, changed);
        }
        request
    });
    ClientBuilder::try_from(config).expect("a client").with_layer(&layer).build()
}

/// Reads whole pods, services and endpoint slices in protobuf, 1000 at a time, as Kong's sender does.
async fn kong(server: &ApiServer) -> u64 {
    let proxy = Proxy::to_port(server.port());
    let client = client(server, &proxy, str::to_owned).await;
    let kinds = ["/api/v1/services", "/api/v1/pods", "/apis/discovery.k8s.io/v1/endpointslices"];
    for path in kinds {
        let mut token = String::new();
        loop {
            let uri = format!("{path}?limit=1000&continue={token}");
            let request = Request::get(uri).header(header::ACCEPT, PROTOBUF);
            let request = request.body(Body::empty()).expect("a request");
            let answer = client.send(request).await.expect("an answer");
            let answer = answer.into_body().collect().await.expect("all of it").to_bytes();
            assert!(answer.starts_with(b"k8s\0"), "{path}");
            // A token is base64 of a JSON object, and stands at the start of the list.
            let start = String::from_utf8_lossy(answer.get(..1000).unwrap_or(&answer)).into_owned();
            let Some((_, found)) = start.split_once("eyJ") else { break };
            let is_base64 =
                |letter: &char| letter.is_ascii_alphanumeric() || "-_".contains(*letter);
            token = format!("eyJ{}", found.chars().take_while(is_base64).collect::<String>());
        }
    }
    proxy.traffic().received
}

/// Runs `mesh-detect` through a proxy that counts. `accept` may change what is asked for.
async fn mesh(server: &ApiServer, accept: fn(&str) -> String) -> (Value, u64) {
    let proxy = Proxy::to_port(server.port());
    let client = client(server, &proxy, accept).await;
    let catalog = ktel::Catalog::built_in();
    let job = catalog.find("mesh-detect").expect("a built-in job");
    let workflow = ktel::Workflow::builder().job(job).build().expect("a workflow");
    let cluster = ktel::Cluster::new(client, ktel::Product::default());
    let outcome = workflow.run(&cluster, jiff::Timestamp::UNIX_EPOCH).await;
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    (outcome.report.to_json()["mesh-detect"].clone(), proxy.traffic().received)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_for_meshes_takes_fewer_bytes_than_that_of_kong() {
    let server = ApiServer::start();
    fill(&server);
    let (found, bytes) = mesh(&server, str::to_owned).await;
    assert_eq!(found["services_by_mesh"], json!({"istio": SERVICES}));
    let json_alone = |asked: &str| asked.rsplit(", ").next().unwrap_or_default().to_owned();
    let (in_json, json_bytes) = mesh(&server, json_alone).await;
    assert_eq!(found, in_json, "both encodings say the same");
    let kong_bytes = kong(&server).await;
    assert!(bytes < BYTES_MAX * 9 / 10, "{bytes} bytes");
    assert!(bytes < json_bytes, "{bytes} bytes, {json_bytes} as JSON");
    assert!(bytes < kong_bytes * 9 / 10, "{bytes} bytes, {kong_bytes} of Kong");
}
