//! What is counted, and when.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use ktel_model::standard::schema::Source;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::{Counts, count, first, pause};
use crate::file::Group;
use ktel_jobs::Cluster;
use ktel_jobs::JsonPath as Path;
use ktel_jobs::Product;

fn group(path: &str, sum: Option<&str>, into: &[(&str, &str)], other: Option<&str>) -> Group {
    let (group, resource) = ("kamaji.clastix.io".into(), "tenantcontrolplanes".into());
    Group {
        source: Source { group, resource, namespace: None, labels: None, path: None },
        by: Path::compile(path).unwrap(),
        sum: sum.map(|path| Path::compile(path).unwrap()),
        into: into.iter().map(|(word, field)| ((*word).into(), (*field).into())).collect(),
        other: other.map(str::to_owned),
    }
}

#[track_caller]
fn check(groups: &[Group], objects: &[Value], expected: &Value) {
    let groups: Vec<&Group> = groups.iter().collect();
    let mut counts = Counts::of(&groups);
    for object in objects {
        groups.iter().for_each(|group| counts.add(group, object));
    }
    assert_eq!(&Value::Object(counts.into_fields()), expected);
}

#[test]
fn objects_are_counted_by_their_status_and_everything_else_together() {
    let into = [("Sleeping", "sleeping"), ("NotReady", "not_ready")];
    let groups = [group(".status.phase", None, &into, Some("running"))];
    let phase = |phase: &str| json!({"status": {"phase": phase}});
    let objects = [phase("Ready"), phase("Sleeping"), json!({}), phase("Sleeping")];
    check(&groups, &objects, &json!({"not_ready": 0, "running": 2, "sleeping": 2}));
    check(&groups, &[], &json!({"not_ready": 0, "running": 0, "sleeping": 0}));
}

#[test]
fn the_nested_form_of_kamaji_comes_out() {
    let drivers = [("etcd", "datastores.etcd.count")];
    let used = [("etcd", "datastores.etcd.used_by_count")];
    let groups = [
        group(".spec.driver", None, &drivers, None),
        group(".spec.driver", Some(".status.usedBy[*]"), &used, None),
    ];
    let store = |by: &[&str]| json!({"spec": {"driver": "etcd"}, "status": {"usedBy": by}});
    let objects = [store(&["a", "b"]), store(&["c"]), json!({"spec": {"driver": "Own"}})];
    check(&groups, &objects, &json!({"datastores": {"etcd": {"count": 2, "used_by_count": 3}}}));
}

#[test]
fn a_restart_neither_repeats_numbers_nor_skips_them() {
    let (hour, minute) = (Duration::from_secs(3600), Duration::from_secs(60));
    for (sent_at, now, expected) in [
        (0, 100_000, minute),
        (100_000 - 600, 100_000, hour - Duration::from_secs(600)),
        (100_000 - 7200, 100_000, minute),
        (200_000, 100_000, minute),
    ] {
        let pause = first(hour, minute, sent_at, Duration::from_secs(now));
        assert_eq!(pause, expected, "sent at {sent_at}, now {now}");
    }
}

#[test]
fn a_period_varies_by_a_tenth() {
    let period = Duration::from_secs(100);
    for (jitter, expected) in [(0.0, 90), (0.5, 100), (1.0, 110)] {
        assert_eq!(pause(period, jitter), Duration::from_secs(expected));
    }
}

/// A server that answers lists with these, in their order, and discovery.
fn server(lists: Vec<(u16, Value)>) -> Client {
    let lists = Arc::new(Mutex::new(VecDeque::from(lists)));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (path, lists) = (request.uri().path().to_owned(), Arc::clone(&lists));
        async move {
            let named = |name: &str| json!({"name": name, "singularName": "", "namespaced": true, "kind": "X", "verbs": ["list"]});
            let version =
                json!({"groupVersion": "kamaji.clastix.io/v1alpha1", "version": "v1alpha1"});
            let (status, answer) = match path.as_str() {
                "/apis" => (
                    200,
                    json!({"kind": "APIGroupList", "groups": [{"name": "kamaji.clastix.io", "versions": [version], "preferredVersion": version}]}),
                ),
                "/apis/kamaji.clastix.io/v1alpha1" => (
                    200,
                    json!({"kind": "APIResourceList", "groupVersion": "kamaji.clastix.io/v1alpha1", "resources": [named("tenantcontrolplanes")]}),
                ),
                _ => lists.lock().unwrap().pop_front().unwrap_or((404, json!({}))),
            };
            let body = Body::from(answer.to_string().into_bytes());
            Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap())
        }
    });
    Client::new(service, "default")
}

async fn counted(lists: Vec<(u16, Value)>) -> Value {
    let cluster = Cluster::new(server(lists), Product::default());
    let groups = [group(".status.phase", None, &[("Sleeping", "sleeping")], Some("running"))];
    Value::Object(count(&cluster, &groups, jiff::Timestamp::UNIX_EPOCH).await.unwrap())
}

fn page(token: &str, phases: &[&str]) -> (u16, Value) {
    let items: Vec<Value> = phases.iter().map(|one| json!({"status": {"phase": one}})).collect();
    (200, json!({"metadata": {"resourceVersion": "7", "continue": token}, "items": items}))
}

#[tokio::test]
async fn a_list_that_begins_anew_counts_no_object_twice() {
    let pages = vec![page("more", &["Sleeping", "Ready"]), page("", &["Sleeping"])];
    assert_eq!(counted(pages).await, json!({"running": 1, "sleeping": 2}));
    let gone = (410, json!({"kind": "Status", "code": 410}));
    let anew = vec![page("more", &["Sleeping", "Ready"]), gone, page("", &["Sleeping", "Ready"])];
    assert_eq!(counted(anew).await, json!({"running": 1, "sleeping": 1}));
}

#[tokio::test]
async fn a_kind_that_the_server_does_not_have_is_not_none_of_it() {
    assert_eq!(counted(vec![page("", &[])]).await, json!({"running": 0, "sleeping": 0}));
    assert_eq!(counted(vec![]).await, json!({}));
}
