//! `dialect=kong&keys=kong` beside Kong's own sender: one table of facts of clusters, read by our jobs from an
//! API server, and by a model of what Kong's library for telemetry sends of the same facts.
//!
//! Where the two differ, the table says so; everything else is equal byte by byte.

use std::collections::BTreeMap;
use std::convert::Infallible;

use http::{Request, Response};
use jiff::Timestamp;
use ktel::destination::{Content, ReportServer};
use ktel::{Catalog, Cluster, Product, Workflow};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

mod kong_keys {
    pub(crate) mod model;
}

use kong_keys::model::{Facts, theirs};

const URL: &str = "splunk+tcp://192.0.2.1:61833?dialect=kong&keys=kong&signal=kic-ping";

/// Answers as an API server of a cluster with these facts does.
fn answer(facts: &Facts, uri: &str) -> (u16, Value) {
    let list = |items: &Value| (200, json!({"metadata": {}, "items": items}));
    match uri {
        "/version" => (
            200,
            json!({"gitVersion": facts.git_version, "major": "1", "minor": "31+", "platform": "linux/arm64"}),
        ),
        "/apis" => {
            let version = json!({"version": "v1"});
            let group = json!({"name": "discovery.k8s.io", "versions": [version], "preferredVersion": version});
            (200, json!({"groups": [group]}))
        }
        "/apis/discovery.k8s.io/v1" => {
            (200, json!({"resources": [{"name": "endpointslices", "namespaced": true}]}))
        }
        "/api/v1/namespaces/shop/pods/gateway" => (200, facts.own_pod.clone()),
        uri if uri.starts_with("/api/v1/nodes?") => list(&facts.nodes),
        uri if uri.starts_with("/api/v1/services?") => list(&facts.services),
        uri if uri.starts_with("/api/v1/pods?") => list(&json!([facts.own_pod])),
        uri if uri.starts_with("/api/v1/namespaces?") => list(&json!([])),
        uri if uri.starts_with("/apis/discovery.k8s.io/v1/endpointslices?") => list(&json!([])),
        other => panic!("unexpected request: {other}"),
    }
}

/// Gives the line that our jobs and the dialect make of these facts.
async fn ours(facts: &Facts) -> String {
    let answered = facts.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (status, body) = answer(&answered, &request.uri().to_string());
        let body = Body::from(body.to_string().into_bytes());
        let response = Response::builder().status(status).body(body).expect("a valid answer");
        async { Ok::<_, Infallible>(response) }
    });
    let own_pod = Some(("shop".to_owned(), "gateway".to_owned()));
    let product = Product { own_pod, ..Product::default() };
    let cluster = Cluster::new(Client::new(service, "default"), product);
    let catalog = Catalog::built_in();
    let jobs = ["identify-platform", "mesh-detect"].map(|job| catalog.find(job).expect("built in"));
    let workflow = Workflow::builder().jobs(jobs).build().expect("a valid workflow");
    let time: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a constant");
    let outcome = workflow.run(&cluster, time).await;
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    let report = &outcome.report;
    let content = Content { report, envelope: &outcome.envelope(report), time };
    let server: ReportServer = URL.parse().expect("a report server");
    String::from_utf8(server.render(content).expect("a line").to_vec()).expect("text")
}

/// A key of a line, with their value and ours; nothing where the key is absent.
type Difference = (&'static str, &'static str, &'static str);

/// Writes a line as they do: the pairs of a workflow in order, and the workflows in order.
fn line(workflows: &[BTreeMap<&'static str, String>]) -> String {
    let pairs = |workflow: &BTreeMap<&str, String>| -> String {
        let mut pairs: Vec<String> =
            workflow.iter().map(|(key, value)| format!("{key}={value};")).collect();
        pairs.sort();
        pairs.concat()
    };
    let mut workflows: Vec<String> = workflows.iter().map(pairs).collect();
    workflows.sort();
    format!("<14>signal=kic-ping;{}\n", workflows.concat())
}

async fn check(name: &str, facts: &Facts, differences: &[Difference]) {
    let mut expected = theirs(facts);
    for (key, theirs, ours) in differences {
        let workflow = expected.iter_mut().find(|workflow| workflow.contains_key(key));
        let workflow = workflow.unwrap_or_else(|| panic!("{name}: they send no `{key}`"));
        assert_eq!(workflow.remove(key).as_deref(), Some(*theirs), "{name}: their `{key}`");
        if !ours.is_empty() {
            workflow.insert(key, (*ours).to_owned());
        }
    }
    assert_eq!(ours(facts).await, line(&expected), "{name}");
}

fn node(id: &str) -> Value {
    json!({"spec": {"providerID": id}})
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
async fn equal_facts_are_equal_bytes_but_for_what_the_standard_does_not_send() {
    let of =
        |git_version: &'static str, nodes: Value| Facts { git_version, nodes, ..Facts::default() };
    let aws = || json!([node("aws:///z/i"), node("aws:///z/j")]);
    let gce = || json!([node("gce://p/z/n")]);
    let with_key = |place: &str, key: &str| json!([{"metadata": {place: {key: ""}}}]);
    let table: Vec<(&str, Facts, &[Difference])> = vec![
        ("a cluster of kubeadm on AWS", of("v1.36.4", aws()), &[]),
        (
            "most nodes decide",
            of("v1.36.4", json!([node("aws:///z/i"), node("azure:///a"), node("azure:///b")])),
            &[],
        ),
        ("kind", of("v1.36.4", json!([node("kind://docker/a/b")])), &[]),
        (
            "a label of eksctl",
            of("v1.36.4", with_key("labels", "alpha.eksctl.io/cluster-name")),
            &[],
        ),
        ("a label of AKS", of("v1.36.4", with_key("labels", "kubernetes.azure.com/cluster")), &[]),
        (
            "an annotation of GKE",
            of("v1.36.4", with_key("annotations", "container.googleapis.com/instance_id")),
            &[],
        ),
        ("an annotation of k3s", of("v1.36.4", with_key("annotations", "k3s.io/hostname")), &[]),
        ("a cloud that they do not know", of("v1.36.4", json!([node("digitalocean://1")])), &[]),
        ("no nodes that say anything", of("v1.36.4", json!([{}])), &[]),
        // The standard has no type for the free text that vendors add to a version.
        ("GKE", of("v1.2.3-gke-a1fdc32f", json!([])), &[("k8sv", "v1.2.3-gke-a1fdc32f", "v1.2.3")]),
        (
            "EKS",
            of("v1.27.4-eks-cedffd4", json!([])),
            &[("k8sv", "v1.27.4-eks-cedffd4", "v1.27.4")],
        ),
        (
            "EKS Anywhere",
            of("v1.24.9-eks-1-24-7", json!([])),
            &[("k8sv", "v1.24.9-eks-1-24-7", "v1.24.9")],
        ),
        ("RKE2", of("v1.28.3+rke2r1", json!([])), &[("k8sv", "v1.28.3+rke2r1", "v1.28.3")]),
        (
            "k3s",
            of("v1.28.3+k3s1", json!([node("k3s://a")])),
            &[("k8sv", "v1.28.3+k3s1", "v1.28.3")],
        ),
        ("a pre-release", of("v1.30.0-rc.1", aws()), &[("k8sv", "v1.30.0-rc.1", "v1.30.0-rc")]),
        (
            "a version of their own",
            of("v1-custom", aws()),
            &[("k8sv", "v1-custom", "v1.31"), ("k8sv_semver", "v1.31+", "v1.31")],
        ),
        // Our job names the distribution, they name the cloud below it.
        (
            "k3s on AWS",
            of("v1.28.3+k3s1", aws()),
            &[("k8sv", "v1.28.3+k3s1", "v1.28.3"), ("k8s_provider", "AWS", "k3s")],
        ),
        (
            "k0s on GCE",
            of("v1.28.3+k0s", gce()),
            &[("k8sv", "v1.28.3+k0s", "v1.28.3"), ("k8s_provider", "GKE", "UNKNOWN")],
        ),
        (
            "Talos on AWS",
            of(
                "v1.36.4",
                json!([{"spec": {"providerID": "aws:///z/i"}, "status": {"nodeInfo": {"osImage": "Talos (v1.9.0)"}}}]),
            ),
            &[("k8s_provider", "AWS", "UNKNOWN")],
        ),
        (
            "minikube on GCE",
            of(
                "v1.36.4",
                json!([{"metadata": {"labels": {"minikube.k8s.io/name": ""}}, "spec": {"providerID": "gce://p/z/n"}}]),
            ),
            &[("k8s_provider", "GKE", "UNKNOWN")],
        ),
        // They look at the first node only, and for four words of k3s in its annotations, but not at its version.
        (
            "k3s without a word on its nodes",
            of("v1.28.3+k3s1", json!([{}])),
            &[("k8sv", "v1.28.3+k3s1", "v1.28.3"), ("k8s_provider", "UNKNOWN", "k3s")],
        ),
        (
            "a pod within a mesh",
            Facts {
                services: json!([{"metadata": {"name": "istiod", "namespace": "istio-system"}}]),
                own_pod: json!({
                    "metadata": {"name": "gateway", "namespace": "shop", "annotations": {"sidecar.istio.io/status": "{}"}},
                    "spec": {"containers": [{"name": "istio-proxy"}], "initContainers": [{"name": "istio-init"}]},
                }),
                ..of("v1.36.4", aws())
            },
            // By which sign a pod was recognised is in no field of ours.
            &[("kinm", "i2,i3,i4", "")],
        ),
        (
            "control planes",
            Facts {
                services: json!([
                    {"metadata": {"name": "consul-server", "namespace": "consul"}},
                    {"metadata": {"name": "kuma-control-plane", "namespace": "kuma-system"}},
                    {"metadata": {"name": "shop", "namespace": "shop"}},
                ]),
                ..of("v1.36.4", aws())
            },
            &[],
        ),
    ];
    for (name, facts, differences) in table {
        check(name, &facts, differences).await;
    }
}
