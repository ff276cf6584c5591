//! What `identify-platform` and `mesh-detect` decide from more than one page.

use std::sync::atomic::{AtomicUsize, Ordering};

use ktel_jobs::{Catalog, Cluster, Product, Workflow};
use serde_json::{Value, json};

use crate::support::{client, cluster, now};

async fn run(job: &str, cluster: &Cluster) -> Value {
    let catalog = Catalog::built_in();
    let found = catalog.find(job).expect("a built-in job");
    let workflow = Workflow::builder().job(found).build().expect("a valid workflow");
    let outcome = workflow.run(cluster, now()).await;
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    outcome.report.to_json()[job].clone()
}

fn version() -> (u16, Value) {
    (200, json!({"gitVersion": "v1.36.4", "platform": "linux/amd64"}))
}

fn nodes(ids: &[&str], metadata: &Value) -> (u16, Value) {
    let items: Vec<Value> = ids.iter().map(|id| json!({"spec": {"providerID": id}})).collect();
    (200, json!({"metadata": metadata, "items": items}))
}

const FIRST: &str = "/api/v1/nodes?limit=500";
const SECOND: &str = "/api/v1/nodes?limit=500&continue=x";

#[tokio::test]
async fn nodes_of_later_pages_have_a_vote() {
    let (cluster, _) = cluster(|uri| match uri {
        "/version" => version(),
        "/apis" => (200, json!({"groups": []})),
        FIRST => nodes(&["aws:///z/i"; 30], &json!({"continue": "x", "remainingItemCount": 100})),
        SECOND => nodes(&["gce://p/z/n"; 100], &json!({})),
        other => panic!("unexpected request: {other}"),
    });
    assert_eq!(run("identify-platform", &cluster).await["provider"], "GKE");
}

#[tokio::test]
async fn pages_that_cannot_change_the_provider_are_not_read() {
    let (cluster, log) = cluster(|uri| match uri {
        "/version" => version(),
        "/apis" => (200, json!({"groups": []})),
        FIRST => nodes(&["aws:///z/i"; 30], &json!({"continue": "x", "remainingItemCount": 29})),
        other => panic!("unexpected request: {other}"),
    });
    assert_eq!(run("identify-platform", &cluster).await["provider"], "AWS");
    assert_eq!(log.lock().expect("no panics here").len(), 3);
}

#[tokio::test]
async fn votes_of_an_expired_list_do_not_count() {
    let asked = AtomicUsize::new(0);
    let (cluster, _) = cluster(move |uri| match (uri, asked.fetch_add(1, Ordering::SeqCst)) {
        ("/version", _) => version(),
        ("/apis", _) => (200, json!({"groups": []})),
        (FIRST, 1) => nodes(&["aws:///z/i"; 3], &json!({"continue": "x"})),
        (SECOND, 2) => (410, json!({"kind": "Status", "code": 410})),
        (FIRST, 3) => nodes(&["gce://p/z/n"; 2], &json!({})),
        other => panic!("unexpected request: {other:?}"),
    });
    assert_eq!(run("identify-platform", &cluster).await["provider"], "GKE");
}

#[tokio::test]
async fn openshift_is_told_beside_the_provider_of_its_cloud() {
    let (cluster, _) = cluster(|uri| match uri {
        "/version" => version(),
        "/apis" => (
            200,
            json!({"groups": [{
                "name": "config.openshift.io",
                "versions": [{"version": "v1"}],
                "preferredVersion": {"version": "v1"},
            }]}),
        ),
        "/apis/config.openshift.io/v1" => {
            (200, json!({"resources": [{"name": "clusterversions", "namespaced": false}]}))
        }
        "/apis/config.openshift.io/v1/clusterversions/version" => {
            (200, json!({"status": {"desired": {"version": "4.14.8"}}}))
        }
        FIRST => nodes(&["aws:///z/i"], &json!({})),
        other => panic!("unexpected request: {other}"),
    });
    let expected = json!({
        "arch": "amd64", "os": "linux", "kubernetes_version": "v1.36.4",
        "provider": "AWS", "openshift": true, "openshift_version": "4.14.8",
    });
    assert_eq!(run("identify-platform", &cluster).await, expected);
}

/// A pod behind the service `shop`, with a sidecar of Kuma and no control plane near it.
fn sidecars_only(uri: &str) -> (u16, Value) {
    let pod = json!({
        "metadata": {"name": "shop-1", "namespace": "default"},
        "spec": {"containers": [{"name": "app"}, {"name": "kuma-sidecar"}]},
    });
    let slice = json!({
        "metadata": {"namespace": "default", "labels": {"kubernetes.io/service-name": "shop"}},
        "endpoints": [{"targetRef": {"kind": "Pod", "name": "shop-1"}}],
    });
    let list = |items: Value| (200, json!({"metadata": {}, "items": items}));
    match uri {
        "/apis" => (
            200,
            json!({"groups": [{
                "name": "discovery.k8s.io",
                "versions": [{"version": "v1"}],
                "preferredVersion": {"version": "v1"},
            }]}),
        ),
        "/apis/discovery.k8s.io/v1" => {
            (200, json!({"resources": [{"name": "endpointslices", "namespaced": true}]}))
        }
        "/api/v1/namespaces/default/pods/shop-1" => (200, pod),
        uri if uri.starts_with("/api/v1/services?") => {
            let annotations = json!({"mesh.traefik.io/traffic-type": "HTTP"});
            list(json!([
                {"metadata": {"name": "shop", "namespace": "default"}},
                {"metadata": {"name": "front", "namespace": "default", "annotations": annotations}},
            ]))
        }
        uri if uri.starts_with("/api/v1/namespaces?") => list(json!([])),
        uri if uri.starts_with("/api/v1/pods?") => list(json!([pod])),
        uri if uri.starts_with("/apis/discovery.k8s.io/v1/endpointslices?") => list(json!([slice])),
        other => panic!("unexpected request: {other}"),
    }
}

#[tokio::test]
async fn a_sidecar_counts_without_a_control_plane() {
    let without_front = |uri: &str| match uri {
        uri if uri.starts_with("/api/v1/services?") => {
            (200, json!({"items": [{"metadata": {"name": "shop", "namespace": "default"}}]}))
        }
        uri => sidecars_only(uri),
    };
    let section = run("mesh-detect", &cluster(without_front).0).await;
    assert_eq!(section["services_by_mesh"], json!({"kuma": 1}));
    assert_eq!(section["deployed"], json!([]));
    assert_eq!(section.get("running_under"), None, "the own pod is not known");
}

#[tokio::test]
async fn the_product_is_part_of_the_meshes_of_its_pod_and_of_its_service() {
    let product = Product {
        own_pod: Some(("default".into(), "shop-1".into())),
        publish_service: Some(("default".into(), "front".into())),
        ..Product::default()
    };
    let section = run("mesh-detect", &Cluster::new(client(sidecars_only).0, product)).await;
    assert_eq!(section["running_under"], json!(["kuma", "traefik"]));
    assert_eq!(section["services_by_mesh"], json!({"kuma": 1, "traefik": 1}));
    let outside =
        Product { publish_service: Some(("default".into(), "front".into())), ..Product::default() };
    let section = run("mesh-detect", &Cluster::new(client(sidecars_only).0, outside)).await;
    assert_eq!(section["running_under"], json!(["traefik"]), "the service alone says so");
}

#[tokio::test]
async fn all_pods_are_read_once_a_page_has_a_sidecar_and_one_page_otherwise() {
    for has_sidecar in [true, false] {
        let (client, log) = client(move |uri| match uri {
            uri if uri.starts_with("/api/v1/services?") => {
                (200, json!({"items": [{"metadata": {"name": "shop", "namespace": "default"}}]}))
            }
            "/api/v1/pods?limit=500" if has_sidecar => {
                let (_, pods) = sidecars_only(uri);
                (200, json!({"metadata": {"continue": "x"}, "items": pods["items"]}))
            }
            "/api/v1/pods?limit=500" => {
                (200, json!({"metadata": {"continue": "x"}, "items": [{"spec": {}}]}))
            }
            uri => sidecars_only(uri),
        });
        let section = run("mesh-detect", &Cluster::new(client, Product::default())).await;
        let counts = if has_sidecar { json!({"kuma": 1}) } else { json!({}) };
        assert_eq!(section["services_by_mesh"], counts);
        let log = log.lock().expect("no panics here");
        let pages = log.iter().filter(|uri| uri.starts_with("/api/v1/pods?")).count();
        assert_eq!(pages, if has_sidecar { 2 } else { 1 }, "{log:?}");
    }
}

#[tokio::test]
async fn a_sign_of_the_own_pod_starts_the_scan_of_all_pods() {
    for own_pod in [None, Some(("default".to_owned(), "shop-1".to_owned()))] {
        let is_known = own_pod.is_some();
        // The first page has no pod of a mesh. The only one, which is the own pod, is on the second.
        let (client, _) = client(|uri| match uri {
            uri if uri.starts_with("/api/v1/services?") => {
                (200, json!({"items": [{"metadata": {"name": "shop", "namespace": "default"}}]}))
            }
            "/api/v1/pods?limit=500" => {
                (200, json!({"metadata": {"continue": "x"}, "items": [{"spec": {}}]}))
            }
            uri => sidecars_only(uri),
        });
        let product = Product { own_pod, ..Product::default() };
        let section = run("mesh-detect", &Cluster::new(client, product)).await;
        let counts = if is_known { json!({"kuma": 1}) } else { json!({}) };
        assert_eq!(section["services_by_mesh"], counts, "the own pod is known: {is_known}");
    }
}

#[tokio::test]
async fn versions_of_the_gateway_api_are_those_that_are_served() {
    const GROUP: &str = "gateway.networking.k8s.io";
    let (cluster, _) = cluster(|uri| match uri {
        "/apis" => {
            let versions = ["v1", "v1beta1", "v1alpha3", "v1alpha2"];
            let versions = versions.map(|version| json!({"version": version}));
            let preferred = json!({"version": "v1"});
            let group = json!({"name": GROUP, "versions": versions, "preferredVersion": preferred});
            (200, json!({"groups": [group]}))
        }
        uri if uri.contains("?limit=1") => (200, json!({"metadata": {}, "items": [{}]})),
        uri => {
            let resources: &[&str] = match uri.rsplit('/').next() {
                Some("v1") => &["gateways", "tcproutes", "tlsroutes"],
                Some("v1beta1") => &["gateways"],
                Some("v1alpha3") => &["tlsroutes"],
                Some("v1alpha2") => &["tcproutes", "tlsroutes"],
                _ => panic!("unexpected request: {uri}"),
            };
            let kind = |name: &&str| json!({"name": name, "namespaced": true});
            (200, json!({"resources": resources.iter().map(kind).collect::<Vec<_>>()}))
        }
    });
    let section = run("gateway-usage", &cluster).await;
    // The preferred version of each of them is v1.
    assert_eq!(section["versions"], json!(["v1", "v1alpha2", "v1alpha3", "v1beta1"]));
    assert_eq!((&section["gateways"], &section["tlsroutes"]), (&json!(1), &json!(1)));
}
