//! Watches, and the API over a socket.

use std::time::Duration;

use crate::{client, pod};
use futures::StreamExt;
use futures::stream::BoxStream;
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::Pod;
use ktel_snapshot::{Snapshot, Synthetic};
use kube::ResourceExt;
use kube::api::{Api, WatchEvent, WatchParams};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

type Events = BoxStream<'static, kube::Result<WatchEvent<Pod>>>;

async fn watch(snapshot: &Snapshot, params: WatchParams, from: &str) -> Events {
    let api: Api<Pod> = Api::all(client(snapshot));
    api.watch(&params, from).await.unwrap().boxed()
}

async fn next(events: &mut Events) -> String {
    let event = tokio::time::timeout(Duration::from_secs(5), events.next()).await;
    match event.unwrap() {
        None => "end".into(),
        Some(Ok(WatchEvent::Added(pod))) => format!("added {}", pod.name_any()),
        Some(Ok(WatchEvent::Modified(pod))) => format!("modified {}", pod.name_any()),
        Some(Ok(WatchEvent::Deleted(pod))) => format!("deleted {}", pod.name_any()),
        Some(Ok(WatchEvent::Bookmark(mark))) => {
            format!("bookmark {}", mark.metadata.annotations.len())
        }
        Some(Ok(WatchEvent::Error(status))) => format!("error {}", status.code),
        Some(Err(error)) => format!("{error}"),
    }
}

#[tokio::test]
async fn a_watch_tells_what_exists_and_then_what_changes() {
    let snapshot = Snapshot::from_objects([pod("x", "a", "web")]).unwrap();
    let mut events = watch(&snapshot, WatchParams::default(), "0").await;
    assert_eq!(next(&mut events).await, "added a");
    snapshot.apply(pod("x", "b", "web")).unwrap();
    assert_eq!(next(&mut events).await, "added b");
    snapshot.apply(pod("x", "a", "db")).unwrap();
    assert_eq!(next(&mut events).await, "modified a");
    snapshot.delete("v1", "Pod", Some("x"), "a");
    assert_eq!(next(&mut events).await, "deleted a");
}

#[tokio::test]
async fn a_selected_watch_sees_objects_come_and_go() {
    let snapshot = Snapshot::from_objects([pod("x", "a", "web")]).unwrap();
    let mut events = watch(&snapshot, WatchParams::default().labels("app=web"), "0").await;
    assert_eq!(next(&mut events).await, "added a");
    snapshot.apply(pod("x", "b", "db")).unwrap();
    snapshot.apply(pod("x", "a", "db")).unwrap();
    assert_eq!(next(&mut events).await, "deleted a");
    snapshot.apply(pod("x", "b", "web")).unwrap();
    assert_eq!(next(&mut events).await, "added b");
}

#[tokio::test]
async fn streamed_initial_events_end_with_a_bookmark() {
    let snapshot = Snapshot::from_objects([pod("x", "a", "web")]).unwrap();
    let mut events = watch(&snapshot, WatchParams::default().initial_events(), "0").await;
    assert_eq!(next(&mut events).await, "added a");
    assert_eq!(next(&mut events).await, "bookmark 1");
    snapshot.apply(pod("x", "b", "web")).unwrap();
    assert_eq!(next(&mut events).await, "added b");
}

#[tokio::test]
async fn a_watch_resumes_from_kept_changes_and_otherwise_is_gone() {
    let snapshot = Snapshot::from_objects([pod("x", "a", "web")]).unwrap();
    snapshot.apply(pod("x", "b", "web")).unwrap(); // revision 2
    snapshot.apply(pod("x", "c", "web")).unwrap();
    let mut events = watch(&snapshot, WatchParams::default(), "2").await;
    assert_eq!(next(&mut events).await, "added c");
    snapshot.compact();
    assert_eq!(next(&mut events).await, "error 410");
    assert_eq!(next(&mut events).await, "end");
    let mut events = watch(&snapshot, WatchParams::default(), "2").await;
    assert_eq!(next(&mut events).await, "error 410");
}

#[tokio::test(start_paused = true)]
async fn a_watch_ends_when_its_time_is_up() {
    let snapshot = Snapshot::from_objects([pod("x", "a", "web")]).unwrap();
    let target = "/api/v1/pods?watch=1&timeoutSeconds=30&resourceVersion=1&allowWatchBookmarks=1";
    let request = http::Request::get(target).body(()).unwrap();
    let response = snapshot.service().oneshot(request).await.unwrap();
    let began = tokio::time::Instant::now();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(began.elapsed().as_secs(), 30);
    assert!(String::from_utf8_lossy(&bytes).starts_with("{\"type\":\"BOOKMARK\""));
}

#[tokio::test]
async fn the_same_bytes_come_over_a_socket() {
    let snapshot = Snapshot::synthetic(&Synthetic { pods: 500, ..Synthetic::default() });
    let service = snapshot.service();
    let request = http::Request::get("/api/v1/pods").body(()).unwrap();
    let expected =
        service.clone().oneshot(request).await.unwrap().into_body().collect().await.unwrap();
    let expected = expected.to_bytes();
    assert_eq!(service.counters().bytes(), expected.len() as u64);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /api/v1/pods HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    };
    tokio::select! {
        served = ktel_snapshot::serve(service, listener) => panic!("{served:?}"),
        answer = ask => assert!(answer.ends_with(&expected)),
    }
}
