//! The exporter, from `kubectl apply` to a receiver: the real API server, the real VictoriaMetrics, the real program.
//!
//! What arrives has to be what the store has: the multiset of series, timestamp and value bits.

use std::collections::BTreeSet;

use ktel_testkit::http::{Answer, Response};
use ktel_testkit::otlp_series::Samples;
use ktel_testkit::wait;
use serde_json::Value;

use scene::{SOON, Scene};

mod alerts;
mod delta;
mod faults;
mod fleet;
mod local;
mod preview;
mod rights;
mod scene;
mod selectors;
mod tenancy;
mod test;

/// The example of the requirement, word for word, with its typographic quotes.
const REQUIRED: &str =
    include_str!("../../crates/exporter/src/resource/examples/gateway-exporter.yaml");

#[test]
fn what_the_store_has_arrives_and_the_status_tells_the_truth() {
    let scene = Scene::start();
    scene.namespace("shop", "project-1");
    scene.secret("shop", "grafana-api-key", "first-token");
    let begun = scene.feed("project-1", 2);
    let exporter = scene.start_exporter();
    scene.apply("shop", &scene.here(REQUIRED));
    scene.feed("project-1", 20);
    // Another tenant's samples are in the same store.
    scene.feed("project-2", 5);
    scene.wait_until_delivered("shop", "gateway-exporter");

    let created = scene.created("shop", "gateway-exporter");
    assert!(created > begun, "it begins at its creation");
    let arrived = scene.arrived();
    let expected = scene.stored(r#"{project="project-1",resource_kind="Gateway"}"#, created);
    assert_eq!(arrived.difference(&expected), Vec::<String>::new());
    let tokens: BTreeSet<_> = scene
        .requests()
        .iter()
        .map(|request| request.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(tokens, [Some("Bearer first-token".to_owned())].into());

    let status = scene.status("shop", "gateway-exporter");
    let sink = &status["sinks"][0];
    assert_eq!(sink["points"]["acknowledged"], expected_points(&expected), "{status:#}");
    assert_eq!(sink["points"]["inFlight"], 0);
    assert_eq!(condition(&status, "Ready"), "True", "{status:#}");
    let table = scene.kubectl(&["get", "exp", "-n", "shop"]);
    assert!(table.contains("READY") && table.contains("True"), "{table}");
    let events =
        scene.kubectl(&["get", "events", "-n", "shop", "-o", "jsonpath={.items[*].reason}"]);
    assert!(!events.is_empty());
    exporter.stop();
}

#[test]
fn a_rotated_token_takes_effect_and_nothing_is_lost() {
    let scene = Scene::start();
    scene.namespace("shop", "project-1");
    scene.secret("shop", "grafana-api-key", "old-token");
    scene.receiver.answer(Response::new(401));
    let exporter = scene.start_exporter();
    scene.apply("shop", &scene.here(REQUIRED));
    scene.feed("project-1", 10);
    wait::until("the token is rejected", SOON, || !scene.requests().is_empty());
    wait::until("the status says so", SOON, || {
        condition(&scene.status("shop", "gateway-exporter"), "CredentialsValid") == "False"
    });
    scene.receiver.answer(Response::new(200));
    scene.secret("shop", "grafana-api-key", "new-token");
    scene.wait_until_delivered("shop", "gateway-exporter");
    let created = scene.created("shop", "gateway-exporter");
    let expected = scene.stored(r#"{project="project-1",resource_kind="Gateway"}"#, created);
    let accepted = scene.arrived_with("Bearer new-token");
    assert_eq!(accepted.difference(&expected), Vec::<String>::new());
    exporter.stop();
}

#[test]
fn a_killed_exporter_goes_on_where_it_was() {
    let scene = Scene::start();
    scene.namespace("shop", "project-1");
    scene.secret("shop", "grafana-api-key", "token");
    scene.apply("shop", &scene.here(REQUIRED));
    for _ in 0..5 {
        let exporter = scene.start_exporter();
        let before = scene.requests().len();
        scene.feed("project-1", 10);
        wait::until("something is sent", SOON * 2, || scene.requests().len() > before);
        exporter.kill();
    }
    let exporter = scene.start_exporter();
    scene.feed("project-1", 3);
    scene.wait_until_delivered("shop", "gateway-exporter");
    let created = scene.created("shop", "gateway-exporter");
    let expected = scene.stored(r#"{project="project-1",resource_kind="Gateway"}"#, created);
    assert_eq!(once(&scene.arrived()).difference(&expected), Vec::<String>::new());
    exporter.stop();
}

#[test]
fn what_cannot_be_used_is_named_and_stops_nothing_else() {
    let scene = Scene::start();
    scene.namespace("shop", "project-1");
    let exporter = scene.start_exporter();
    scene.apply(
        "shop",
        &format!(
            "apiVersion: telemetry.datumapis.com/v1alpha1
kind: Exporter
metadata: {{name: partly}}
spec:
  sources:
  - {{name: good, metrics: {{metricsql: 'network_bytes_total'}}}}
  - {{name: bad, metrics: {{metricsql: 'sum(rate(x[5m]'}}}}
  - {{name: stranger, metrics: {{metricsql: '{{project=\"project-2\"}}'}}}}
  sinks:
  - {{name: open, otlp_http: {{endpoint: '{}'}}}}
  - {{name: metadata-service, otlp_http: {{endpoint: 'http://169.254.169.254/'}}}}
",
            scene.receiver.url()
        ),
    );
    scene.feed("project-1", 10);
    wait::until("the good source is delivered", SOON * 2, || !scene.requests().is_empty());
    let status = || scene.status("shop", "partly");
    wait::until("the status names what is wrong", SOON, || {
        condition(&status(), "Accepted") == "False"
    });
    let status = status();
    let paths: Vec<&str> = status["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|finding| finding["path"].as_str())
        .collect();
    assert!(
        paths.iter().any(|path| path.starts_with("spec.sources[1]") || path.contains("bad")),
        "{status:#}"
    );
    assert!(
        paths.iter().any(|path| path.starts_with("spec.sources[2]") || path.contains("stranger")),
        "{status:#}"
    );
    exporter.stop();
}

#[test]
fn an_answer_that_says_later_is_heard_and_one_that_says_never_is_counted() {
    let scene = Scene::start();
    scene.namespace("shop", "project-1");
    scene.secret("shop", "grafana-api-key", "token");
    for answer in
        [Response::new(429).with_retry_after("1").into(), Response::new(503).into(), Answer::Drop]
    {
        scene.receiver.answer_next(answer);
    }
    let exporter = scene.start_exporter();
    scene.apply("shop", &scene.here(REQUIRED));
    scene.feed("project-1", 10);
    scene.wait_until_delivered("shop", "gateway-exporter");
    let created = scene.created("shop", "gateway-exporter");
    let expected = scene.stored(r#"{project="project-1",resource_kind="Gateway"}"#, created);
    assert_eq!(once(&scene.arrived()).difference(&expected), Vec::<String>::new());

    scene.receiver.answer_next(Response::new(500));
    let before = scene.requests().len();
    scene.feed("project-1", 2);
    wait::until("it was sent", SOON, || scene.requests().len() > before);
    wait::until("it is counted", SOON, || {
        let status = scene.status("shop", "gateway-exporter");
        let sink = &status["sinks"][0];
        sink["points"]["rejected"].as_i64() > Some(0)
            && sink["gaps"].as_array().is_some_and(|gaps| !gaps.is_empty())
    });
    assert_eq!(scene.metric("ktel_exporter_conservation_error"), 0.0);
    // 429, 503, a connection that broke off, and 500.
    assert!(scene.metric("ktel_exporter_sink_errors_total") >= 4.0);
    exporter.stop();
}

/// Gauges and counters: a point for each sample.
fn expected_points(samples: &Samples) -> usize {
    samples.0.values().sum()
}

/// The same samples without repeats.
fn once(samples: &Samples) -> Samples {
    Samples(samples.0.keys().map(|sample| (sample.clone(), 1)).collect())
}

fn condition(status: &Value, kind: &str) -> String {
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let mut found = conditions.filter(|condition| condition["type"] == kind);
    found.next().and_then(|condition| condition["status"].as_str()).unwrap_or_default().to_owned()
}
