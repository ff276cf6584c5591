//! What an agent needs to follow a hundred thousand objects, in a process of its own.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "the number is what somebody who runs it wants to know")]

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use http::{Method, Request, Response};
use http_body_util::BodyExt;
use ktel_agent::Agent;
use ktel_delivery::courier::Clock;
use kube::Client;
use kube::client::Body;

const OBJECTS: usize = 100_000;
const PAGE: usize = 500;
/// A page in two forms, the objects, and the file of them while it is written: 20 MiB, and as much
/// again for allocators that differ.
const GROWTH_MAX_KIB: u64 = 40 * 1024;

const CONFIGURATION: &str = "ktel: 1
product: acme
schemas: []
lifecycle:
- resource: configmaps
  fields: {tcp_version: .metadata.labels.version}
  created: kamaji-create
";

fn object(index: usize) -> String {
    format!(
        r#"{{"metadata":{{"name":"object-{index}","namespace":"default","uid":"00000000-0000-4000-8000-{index:012}","resourceVersion":"{index}","labels":{{"version":"v1.{}.0","app":"something-or-other"}},"managedFields":[{{"manager":"kubectl","operation":"Update","fieldsV1":{{"f:data":{{}}}}}}]}}}}"#,
        index % 40
    )
}

fn page(from: usize) -> String {
    let to = (from + PAGE).min(OBJECTS);
    let mut items = String::new();
    for index in from..to {
        let comma = if index == from { "" } else { "," };
        write!(items, "{comma}{}", object(index)).expect("a text grows");
    }
    let token = if to < OBJECTS { to.to_string() } else { String::new() };
    format!(r#"{{"metadata":{{"resourceVersion":"7","continue":"{token}"}},"items":[{items}]}}"#)
}

/// An API server that makes its objects up while they are read.
fn answer(method: &Method, path: &str, query: &str, body: String) -> (u16, String) {
    let of = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name));
    match (method, path) {
        (&Method::GET, "/api/v1/configmaps") if of("watch=").is_some() => {
            let more = format!(r#"{{"type":"ADDED","object":{}}}"#, object(OBJECTS));
            (200, more + "\n")
        }
        (&Method::GET, "/api/v1/configmaps") => {
            (200, page(of("continue=").and_then(|from| from.parse().ok()).unwrap_or_default()))
        }
        (&Method::GET, _) => {
            (404, r#"{"kind":"Status","code":404,"message":"","reason":"NotFound"}"#.into())
        }
        _ => (200, body),
    }
}

fn client() -> Client {
    let service = tower::service_fn(|request: Request<Body>| async move {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let query = parts.uri.query().unwrap_or_default();
        let text = String::from_utf8_lossy(&body).into_owned();
        let (status, answer) = answer(&parts.method, parts.uri.path(), query, text);
        let body = Body::from(answer.into_bytes());
        Ok::<_, Infallible>(Response::builder().status(status).body(body).expect("a response"))
    });
    Client::new(service, "default")
}

/// The most memory that this process ever had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test]
async fn a_hundred_thousand_watched_objects_fit_into_a_small_pod() {
    let place = tempfile::tempdir().expect("a place");
    let reports = place.path().join("reports");
    let clock = Clock { now: || Duration::from_secs(1_800_000_000), jitter: || 0.5 };
    let agent = Agent::builder("acme".parse().expect("a name"))
        .configuration(CONFIGURATION)
        .server(format!("file:{}", reports.display()))
        .state(place.path().join("state"))
        .fact("kamaji_version", "=v1.0.0")
        .fact("kubernetes_version", "=v1.36.0")
        .build(client(), clock)
        .expect("it can be built");
    let before = peak_kib();
    // Only behind the whole list an object that comes is news.
    let reported = async {
        while !reports.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    Box::pin(agent.run(reported)).await.expect("it ends well");
    let growth = peak_kib() - before;
    let state = std::fs::metadata(place.path().join("state/seen.jsonl")).expect("it is there");
    println!(
        "{OBJECTS} objects: {growth} KiB more at the peak, {} KiB on disk",
        state.len() / 1024
    );
    assert!(state.len() > 4 << 20, "it remembers them all");
    assert!(growth < GROWTH_MAX_KIB, "{growth} KiB");
}
