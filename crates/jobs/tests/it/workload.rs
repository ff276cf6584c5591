//! Which workload is found from a pod.

use ktel_jobs::{Catalog, Cluster, Outcome, Product, Workflow};
use serde_json::{Value, json};

use crate::support::{client, now};

async fn run(answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> Outcome {
    let product =
        Product { own_pod: Some(("acme".into(), "acme-hook-x".into())), ..Product::default() };
    let catalog = Catalog::built_in();
    let job = catalog.find("identify-deployment").expect("a built-in job");
    let workflow = Workflow::builder().job(job).build().expect("a valid workflow");
    workflow.run(&Cluster::new(client(answer).0, product), now()).await
}

/// The pod of a hook, whose Job helm has made, and a release with one Deployment.
fn hook(labels: &Value, selector: &str) -> impl Fn(&str) -> (u16, Value) + use<> {
    let owner = json!({"kind": "Job", "name": "acme-hook", "controller": true});
    let pod = json!({"metadata": {"labels": labels, "ownerReferences": [owner]}});
    let deployments = format!("/apis/apps/v1/namespaces/acme/deployments?limit=1{selector}");
    move |uri| match uri {
        "/api/v1/namespaces/acme/pods/acme-hook-x" => (200, pod.clone()),
        "/apis" => (
            200,
            json!({"groups": [{
                "name": "apps",
                "versions": [{"version": "v1"}],
                "preferredVersion": {"version": "v1"},
            }]}),
        ),
        "/apis/apps/v1" => {
            let kinds = ["deployments", "daemonsets", "statefulsets"];
            let resources = kinds.map(|name| json!({"name": name, "namespaced": true}));
            (200, json!({"resources": resources}))
        }
        uri if uri == deployments => {
            let labels = json!({
                "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/version": "2.8.0",
            });
            (200, json!({"items": [{"metadata": {"name": "acme", "labels": labels}}]}))
        }
        uri if uri.contains("?limit=1&labelSelector=") => (200, json!({"items": []})),
        other => panic!("unexpected request: {other}"),
    }
}

const OF_RELEASE: &str = "&labelSelector=app.kubernetes.io%2Finstance%3Dacme";

#[tokio::test]
async fn a_hook_of_a_chart_finds_the_workload_of_its_release() {
    let both = format!("{OF_RELEASE}%2Capp.kubernetes.io%2Fname%3Dgateway");
    for (labels, selector) in [
        (json!({"app.kubernetes.io/instance": "acme"}), OF_RELEASE),
        (
            json!({"app.kubernetes.io/instance": "acme", "app.kubernetes.io/name": "gateway"}),
            &*both,
        ),
        // A hook with a name of its own.
        (
            json!({"app.kubernetes.io/instance": "acme", "app.kubernetes.io/name": "hook"}),
            OF_RELEASE,
        ),
    ] {
        let outcome = run(hook(&labels, selector)).await;
        let section = &outcome.report.to_json()["identify-deployment"];
        assert_eq!(section, &json!({"lifecycle": "helm", "version": "2.8.0"}), "{labels}");
    }
}

#[tokio::test]
async fn what_is_set_is_not_asked_for_again() {
    let outcome = run(hook(&json!({}), "none")).await;
    let hint = outcome.failures[0].error.hint("identify-deployment").expect("a hint");
    assert!(hint.contains("`acme-hook-x` in namespace `acme`"), "{hint}");
    assert!(!hint.contains("POD_NAME"), "{hint}");
}
