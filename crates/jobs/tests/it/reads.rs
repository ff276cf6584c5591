//! How the cluster is read: with few requests, and with a meaning for each answer.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use ktel_jobs::{Collected, Context, Error, Job, Reason, Workflow};
use ktel_model::Schema;
use ktel_model::standard::schema::Source;
use serde_json::{Map, Value, json};

use crate::support::{cluster, now, schema};

/// A job that counts one kind and asks for the version.
struct Counts {
    schema: Schema,
    source: Source,
}

fn counts(name: &str, group: &str, resource: &str, labels: Option<&str>) -> Arc<dyn Job> {
    let source = Source {
        group: group.into(),
        resource: resource.into(),
        namespace: None,
        labels: labels.map(str::to_owned),
        path: None,
    };
    Arc::new(Counts { schema: schema(name), source })
}

impl Job for Counts {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn collect<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Collected, Error>> {
        async move {
            cx.version().await?;
            let count = cx.count(&self.source).await?;
            let pods = count.map(|count| ("pods".to_owned(), json!(count)));
            Ok(pods.into_iter().collect::<Map<_, _>>().into())
        }
        .boxed()
    }
}

fn answers(uri: &str) -> (u16, Value) {
    match uri {
        "/version" => (200, json!({"gitVersion": "v1.36.4", "platform": "linux/amd64"})),
        "/apis" => (
            200,
            json!({"groups": [{
                "name": "gateway.networking.k8s.io",
                "versions": [{"version": "v1"}, {"version": "v1alpha2"}],
                "preferredVersion": {"version": "v1"},
            }]}),
        ),
        "/apis/gateway.networking.k8s.io/v1" => {
            (200, json!({"resources": [{"name": "gateways", "namespaced": true}]}))
        }
        "/apis/gateway.networking.k8s.io/v1alpha2" => {
            (200, json!({"resources": [{"name": "tcproutes", "namespaced": true}]}))
        }
        "/apis/gateway.networking.k8s.io/v1alpha2/tcproutes?limit=1" => {
            (200, json!({"metadata": {}, "items": [{}]}))
        }
        "/api/v1/pods?limit=1" => (
            200,
            json!({"metadata": {"continue": "x", "remainingItemCount": 149_999}, "items": [{}]}),
        ),
        _ => (404, json!({"kind": "Status", "code": 404})),
    }
}

async fn run(
    jobs: impl IntoIterator<Item = Arc<dyn Job>>,
    answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static,
) -> (ktel_jobs::Outcome, Vec<String>) {
    let (cluster, log) = cluster(answer);
    let workflow = Workflow::builder().jobs(jobs).build().expect("a valid workflow");
    let outcome = workflow.run(&cluster, now()).await;
    let seen = log.lock().expect("no panics here").clone();
    (outcome, seen)
}

#[tokio::test]
async fn two_jobs_that_need_the_same_read_cause_one_request() {
    let jobs = [counts("a", "", "pods", None), counts("b", "", "pods", None)];
    let (outcome, mut seen) = run(jobs, answers).await;
    assert_eq!(outcome.report.to_json(), json!({"a": {"pods": 150_000}, "b": {"pods": 150_000}}));
    seen.sort();
    assert_eq!(seen, ["/api/v1/pods?limit=1", "/version"]);
}

#[tokio::test]
async fn a_kind_is_read_in_the_preferred_version_that_has_it() {
    let job = counts("a", "gateway.networking.k8s.io", "tcproutes", None);
    let (outcome, seen) = run([job], answers).await;
    assert_eq!(outcome.report.to_json(), json!({"a": {"pods": 1}}));
    assert_eq!(
        seen,
        [
            "/version",
            "/apis",
            "/apis/gateway.networking.k8s.io/v1",
            "/apis/gateway.networking.k8s.io/v1alpha2",
            "/apis/gateway.networking.k8s.io/v1alpha2/tcproutes?limit=1",
        ]
    );
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_absent_and_no_failure() {
    for (group, resource) in
        [("", "nothings"), ("gateway.networking.k8s.io", "udproutes"), ("example.com", "things")]
    {
        let (outcome, _) = run([counts("a", group, resource, None)], answers).await;
        assert_eq!(outcome.report.to_json(), json!({"a": {}}), "{resource}.{group}");
        assert!(outcome.failures.is_empty());
    }
}

#[tokio::test]
async fn an_answer_without_success_is_a_failure_with_its_reason_and_not_zero() {
    let table = [
        (401, Reason::Unauthorized),
        (403, Reason::Forbidden),
        (429, Reason::BadAnswer),
        (500, Reason::BadAnswer),
    ];
    for (status, expected) in table {
        let answer = move |uri: &str| match uri {
            "/version" => answers(uri),
            _ => (status, json!({"kind": "Status", "code": status, "message": "no"})),
        };
        let (outcome, _) = run([counts("a", "", "pods", None)], answer).await;
        assert_eq!(outcome.failures[0].error.reason(), expected, "HTTP {status}");
        assert_eq!(outcome.report.to_json(), json!({}), "HTTP {status}");
    }
}

#[tokio::test]
async fn without_a_count_from_the_server_pages_are_counted_and_a_410_restarts_once() {
    for gone_times in [0, 1, 2] {
        let left = std::sync::atomic::AtomicU32::new(gone_times);
        let answer = move |uri: &str| match uri {
            "/version" => answers(uri),
            "/api/v1/pods?limit=1&labelSelector=a%3Db" => {
                (200, json!({"metadata": {"continue": "x"}, "items": [{}]}))
            }
            "/api/v1/pods?limit=500&labelSelector=a%3Db" => {
                (200, json!({"metadata": {"continue": "y"}, "items": [{}, {}]}))
            }
            "/api/v1/pods?limit=500&labelSelector=a%3Db&continue=y" => {
                let take = |left: u32| left.checked_sub(1);
                let order = std::sync::atomic::Ordering::SeqCst;
                if left.fetch_update(order, order, take).is_ok() {
                    (410, json!({"kind": "Status", "code": 410}))
                } else {
                    (200, json!({"metadata": {}, "items": [{}]}))
                }
            }
            other => panic!("unexpected request: {other}"),
        };
        let (outcome, _) = run([counts("a", "", "pods", Some("a=b"))], answer).await;
        if gone_times < 2 {
            assert_eq!(outcome.report.to_json(), json!({"a": {"pods": 3}}), "{gone_times}");
        } else {
            assert_eq!(outcome.failures[0].error.reason(), Reason::BadAnswer);
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_not_json_names_what_was_asked_for() {
    let answer = |uri: &str| match uri {
        "/version" => (200, json!("surprise")),
        _ => answers(uri),
    };
    let (outcome, _) = run([counts("a", "", "pods", None)], answer).await;
    let error = &outcome.failures[0].error;
    assert_eq!(error.reason(), Reason::BadAnswer);
    assert!(error.to_string().contains("`/version`"), "{error}");
}
