//! What a watcher does with what a server answers.

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::{WatchHandler, Watcher};
use crate::file::AgentFile;
use crate::lifecycle::Values;
use crate::state::Seen;

const FILE: &str = "{ktel: 1, product: acme, lifecycle: [{resource: pods, fields: {tcp_version: .spec.version}, created: kamaji-create}]}";

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl WatchHandler for &Notes {
    fn answered(&self) {}

    fn see(&self, (uid, version): (&str, &str), seen: Seen, now: Option<Values>) {
        let value = now.and_then(|values| values[0].clone()).unwrap_or(Value::Null);
        self.0.lock().unwrap().push(format!("{seen:?} {uid}@{version} {value}"));
    }

    fn end_list(&self, listed: &HashSet<u128>) {
        self.0.lock().unwrap().push(format!("{} listed", listed.len()));
    }
}

fn object(uid: &str, version: &str) -> Value {
    json!({"metadata": {"uid": uid, "resourceVersion": version}, "spec": {"version": "v1.0.0"}})
}

fn list(version: &str, items: &[Value]) -> (u16, String) {
    (200, json!({"metadata": {"resourceVersion": version}, "items": items}).to_string())
}

fn changes(changes: &[(&str, Value)]) -> (u16, String) {
    let line = |(kind, object): &(&str, Value)| json!({"type": kind, "object": object}).to_string();
    let lines: Vec<String> = changes.iter().map(line).collect();
    (200, lines.join("\n") + "\n")
}

/// Runs a watcher against these answers, and gives what it saw and what it asked for.
async fn run(answers: Vec<(u16, String)>) -> (Vec<String>, Vec<String>) {
    let file = AgentFile::parse(FILE, "agent.yaml", &|_| unreachable!()).unwrap();
    let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let service = tower::service_fn(move |request: Request<Body>| {
        let query = request.uri().query().unwrap_or_default();
        let parts = query.split('&').filter(|part| !part.is_empty());
        let kept = parts.filter(|part| part.starts_with("watch") || part.starts_with("resourceV"));
        log.lock().unwrap().push(kept.collect::<Vec<_>>().join(" "));
        let answer = answers.lock().unwrap().pop_front();
        async move {
            let Some((status, body)) = answer else { return std::future::pending().await };
            let body = Body::from(body.into_bytes());
            Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap())
        }
    });
    let client = Client::new(service, "default");
    let notes = Notes::default();
    let watched = &file.lifecycle[0];
    let watcher = Watcher { client: &client, watched, handler: &notes, jitter: || 0.0 };
    // Behind the last answer the server is silent; a watch ends after minutes of silence.
    drop(tokio::time::timeout(Duration::from_secs(100), watcher.run()).await);
    let asked = asked.lock().unwrap().clone();
    (notes.0.into_inner().unwrap(), asked)
}

#[tokio::test(start_paused = true)]
async fn a_watch_goes_on_where_the_one_before_ended() {
    let bookmark = json!({"metadata": {"resourceVersion": "9"}});
    let (seen, asked) = run(vec![
        list("5", &[object("a", "3")]),
        changes(&[("ADDED", object("b", "6")), ("DELETED", object("a", "7"))]),
        changes(&[("BOOKMARK", bookmark)]),
        (500, "the server is not well".into()),
        changes(&[("MODIFIED", object("b", "10"))]),
    ])
    .await;
    let expected = [
        "Listed a@3 \"v1.0.0\"",
        "1 listed",
        "Added b@6 \"v1.0.0\"",
        "Gone a@7 null",
        "Modified b@10 \"v1.0.0\"",
    ];
    assert_eq!(seen, expected);
    let from = |version| format!("watch=true resourceVersion={version}");
    assert_eq!(asked, ["".into(), from(5), from(7), from(9), from(9), from(10)]);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_the_server_has_forgotten_makes_a_list() {
    let status = json!({"kind": "Status", "code": 410});
    for gone in [changes(&[("ERROR", status.clone())]), (410, status.to_string())] {
        let (seen, asked) =
            run(vec![list("5", &[object("a", "3")]), gone, list("20", &[object("b", "15")])]).await;
        let expected = ["Listed a@3 \"v1.0.0\"", "1 listed", "Listed b@15 \"v1.0.0\"", "1 listed"];
        assert_eq!(seen, expected);
        assert_eq!(asked.last().unwrap(), "watch=true resourceVersion=20");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_fails_ends_nothing_and_is_tried_again() {
    let (seen, _) = run(vec![
        (403, "{}".into()),
        (404, "{}".into()),
        (200, "{\"items\": [".into()),
        list("5", &[]),
    ])
    .await;
    assert_eq!(seen, ["0 listed"], "nothing is gone because a server does not answer");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_makes_no_sense_costs_the_connection_and_not_the_place() {
    let (seen, asked) = run(vec![
        list("5", &[]),
        (200, changes(&[("ADDED", object("a", "6"))]).1 + "nonsense\n"),
        changes(&[("ADDED", object("b", "7"))]),
    ])
    .await;
    assert_eq!(seen, ["0 listed", "Added a@6 \"v1.0.0\"", "Added b@7 \"v1.0.0\""]);
    assert_eq!(asked.last().unwrap(), "watch=true resourceVersion=7");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_begins_anew_forgets_the_pages_before() {
    let page = |token: &str, items: &[Value]| {
        let metadata = json!({"resourceVersion": "5", "continue": token});
        (200, json!({"metadata": metadata, "items": items}).to_string())
    };
    let gone = (410, json!({"kind": "Status", "code": 410}).to_string());
    let (seen, _) = run(vec![
        page("more", &[object("a", "1"), object("b", "2")]),
        gone,
        page("", &[object("b", "2")]),
    ])
    .await;
    assert_eq!(seen.last().unwrap(), "1 listed", "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_too_long_costs_the_connection_and_no_more_memory() {
    let mut large = object("large", "7");
    large["spec"]["text"] = "x".repeat(crate::limits::WATCH_LINE_BYTES_MAX).into();
    let (seen, asked) = run(vec![
        list("5", &[]),
        changes(&[("ADDED", object("a", "6")), ("ADDED", large)]),
        changes(&[("ADDED", object("b", "7"))]),
    ])
    .await;
    assert_eq!(seen, ["0 listed", "Added a@6 \"v1.0.0\"", "Added b@7 \"v1.0.0\""]);
    assert_eq!(asked.last().unwrap(), "watch=true resourceVersion=7");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_closed_at_once_is_no_loop() {
    let closed = || (200, String::new());
    let answers = std::iter::once(list("5", &[])).chain((0..1000).map(|_| closed()));
    let (_, asked) = run(answers.collect()).await;
    assert!((90..=110).contains(&asked.len()), "{} requests in 100 s", asked.len());
}
