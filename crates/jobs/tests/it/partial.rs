//! A job that may not read everything gives what it may read, and names what is missing.

use ktel_jobs::{Catalog, Outcome, Reason, Workflow};
use serde_json::{Value, json};

use crate::support::{cluster, now};

async fn run(job: &str, answer: fn(&str) -> (u16, Value)) -> Outcome {
    let catalog = Catalog::built_in();
    let job = catalog.find(job).expect("a built-in job");
    let workflow = Workflow::builder().job(job).build().expect("a valid workflow");
    workflow.run(&cluster(answer).0, now()).await
}

fn failed(outcome: &Outcome) -> Vec<(&str, Option<&str>, Reason)> {
    let failures = outcome.failures.iter();
    failures.map(|one| (&*one.job, one.field.as_deref(), one.error.reason())).collect()
}

fn forbidden() -> (u16, Value) {
    (403, json!({"kind": "Status", "code": 403}))
}

/// An API server whose user may read neither nodes nor the pods of all namespaces.
fn of_one_namespace(uri: &str) -> (u16, Value) {
    match uri {
        "/version" => (200, json!({"gitVersion": "v1.36.4", "platform": "linux/amd64"})),
        "/apis" => (200, json!({"groups": []})),
        "/api/v1/services?limit=1" | "/api/v1/namespaces?limit=1" => {
            (200, json!({"metadata": {}, "items": [{}]}))
        }
        _ => forbidden(),
    }
}

#[tokio::test]
async fn without_nodes_a_platform_lacks_its_provider_only() {
    let outcome = run("identify-platform", of_one_namespace).await;
    let expected = json!({"identify-platform": {
        "arch": "amd64", "os": "linux", "kubernetes_version": "v1.36.4",
    }});
    assert_eq!(outcome.report.to_json(), expected);
    assert_eq!(failed(&outcome), [("identify-platform", Some("provider"), Reason::Forbidden)]);
    let envelope = serde_json::to_value(outcome.envelope(&outcome.report)).expect("JSON");
    let named = json!([{"job": "identify-platform", "field": "provider", "reason": "forbidden"}]);
    assert_eq!(envelope["failures"], named);
}

#[tokio::test]
async fn what_may_be_counted_is_counted() {
    let outcome = run("cluster-state", of_one_namespace).await;
    let expected = json!({"cluster-state": {"services": 1, "namespaces": 1}});
    assert_eq!(outcome.report.to_json(), expected);
    let expected = ["pods", "nodes"].map(|field| ("cluster-state", Some(field), Reason::Forbidden));
    assert_eq!(failed(&outcome), expected);
}

#[tokio::test]
async fn a_job_that_may_read_nothing_has_failed() {
    let outcome = run("cluster-state", |_| forbidden()).await;
    assert_eq!(outcome.report.to_json(), json!({}));
    assert_eq!(failed(&outcome), [("cluster-state", None, Reason::Forbidden)]);
}

#[tokio::test]
async fn without_pods_a_mesh_has_no_count_instead_of_none() {
    let outcome = run("mesh-detect", |uri| match uri {
        "/apis" => (200, json!({"groups": []})),
        uri if uri.starts_with("/api/v1/services?") => {
            (200, json!({"metadata": {}, "items": [{"metadata": {"name": "istiod"}}]}))
        }
        uri if uri.starts_with("/api/v1/namespaces?") => (200, json!({"items": []})),
        _ => forbidden(),
    })
    .await;
    let expected = json!({"mesh-detect": {"deployed": ["istio"], "services_total": 1}});
    assert_eq!(outcome.report.to_json(), expected);
    assert_eq!(failed(&outcome), [("mesh-detect", Some("services_by_mesh"), Reason::Forbidden)]);
}

#[tokio::test]
async fn a_required_field_never_lacks_without_a_failure() {
    let outcome = run("identify-platform", |uri| match uri {
        "/version" => (200, json!({"gitVersion": "v1.36.4", "platform": "amd64"})),
        uri => of_one_namespace(uri),
    })
    .await;
    let expected = json!({"identify-platform": {"kubernetes_version": "v1.36.4"}});
    assert_eq!(outcome.report.to_json(), expected);
    let expected = [
        ("identify-platform", Some("provider"), Reason::Forbidden),
        ("identify-platform", Some("arch"), Reason::BadAnswer),
        ("identify-platform", Some("os"), Reason::BadAnswer),
    ];
    assert_eq!(failed(&outcome), expected);
}

#[tokio::test]
async fn a_version_that_cannot_be_read_is_unknown() {
    let outcome = run("identify-platform", |uri| match uri {
        "/version" => (200, json!({"gitVersion": "acme", "platform": "linux/amd64"})),
        uri => of_one_namespace(uri),
    })
    .await;
    let expected = json!({"identify-platform": {"arch": "amd64", "os": "linux", "kubernetes_version": "unknown"}});
    assert_eq!(outcome.report.to_json(), expected);
    assert_eq!(failed(&outcome), [("identify-platform", Some("provider"), Reason::Forbidden)]);
}

#[tokio::test]
async fn a_version_of_a_vendor_is_told_by_the_numbers_beside_it() {
    let outcome = run("identify-platform", |uri| match uri {
        "/version" => {
            let version = json!({
                "gitVersion": "v1-custom", "major": "1", "minor": "31+", "platform": "linux/amd64",
            });
            (200, version)
        }
        uri => of_one_namespace(uri),
    })
    .await;
    assert_eq!(outcome.report.to_json()["identify-platform"]["kubernetes_version"], "v1.31");
}
