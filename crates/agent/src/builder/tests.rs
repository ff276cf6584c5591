//! What a controller sets in code is checked like what an operator writes.

use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response};
use ktel_delivery::courier::Clock;
use kube::Client;
use kube::client::Body;
use serde_json::json;

use super::Builder;
use crate::Agent;

const CLOCK: Clock = Clock { now: || Duration::from_secs(1_800_000_000), jitter: || 0.5 };

/// A client of a server that must get no request.
fn client() -> Client {
    let service = tower::service_fn(|request: Request<Body>| async move {
        panic!("`{}` was asked for", request.uri());
        #[expect(unreachable_code, reason = "it says what the service would give")]
        Ok::<Response<Body>, Infallible>(Response::new(Body::empty()))
    });
    Client::new(service, "default")
}

fn builder() -> Builder {
    Agent::builder("acme".parse().unwrap())
}

#[track_caller]
fn check(builder: Builder, expected: &str) {
    let error = builder.build(client(), CLOCK).err().map(|error| error.to_string());
    assert!(error.as_ref().is_some_and(|error| error.contains(expected)), "{error:?}");
}

fn nothing() -> Builder {
    builder().stats("kamaji-stats", || async { Ok::<_, Infallible>(json!({})) })
}

#[tokio::test]
async fn what_is_wrong_is_an_error_before_anything_runs() {
    check(builder(), "configures nothing to report");
    check(builder().configuration("ktel: 1\nproduct: other\nlifecycle: []\n"), "is not `acme`");
    check(builder().configuration("ktel: 1\nproduct: acme\nstats: 7\n"), "line 3");
    check(nothing().server("nowhere"), "no scheme");
    check(nothing().period(Duration::from_secs(1)), "shorter than");
    check(nothing().schema("kts: 7"), "schema 1");
    check(nothing().fact("x", "y"), "which is none");
    check(builder().events("lamp", [("made", "kamaji-create")]), "`made` of `lamp`");
    check(builder().events("lamp", [("created", "kamaji-stats")]), "another kind");
    check(
        builder().stats("kamaji-create", || async { Ok::<_, Infallible>(json!({})) }),
        "another kind",
    );
    nothing().build(client(), CLOCK).map(drop).unwrap();
}

#[tokio::test]
async fn an_agent_may_move_between_threads() {
    fn check(_: &(impl Send + 'static)) {}
    let agent = nothing().build(client(), CLOCK).unwrap();
    check(&agent.lifecycle());
    check(&agent.run(std::future::pending()));
}

#[tokio::test]
async fn an_agent_that_is_off_only_waits_for_its_end() {
    let place = tempfile::tempdir().unwrap();
    let state = place.path().join("state");
    let agent = nothing().state(&state).events("lamp", [("created", "kamaji-create")]);
    let agent = agent.disable_telemetry(true).build(client(), CLOCK).unwrap();
    assert!(agent.objection().unwrap().contains("--disable-telemetry"));
    agent.lifecycle().created("lamp", &json!({"tcp_version": "v1.30.0"})).unwrap();
    // A request would panic; a file would be seen.
    let end = tokio::time::sleep(Duration::from_millis(200));
    Box::pin(agent.run(end)).await.unwrap();
    assert!(!state.exists());
}
