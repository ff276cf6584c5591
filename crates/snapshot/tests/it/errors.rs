//! What the API rejects, and how.

use crate::pod;
use http::{Method, Request};
use http_body_util::BodyExt;
use ktel_snapshot::Snapshot;
use serde_json::Value;
use tower::ServiceExt;

async fn ask(snapshot: &Snapshot, method: Method, target: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(target).body(()).unwrap();
    let response = snapshot.service().oneshot(request).await.unwrap();
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (code, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn cluster() -> Snapshot {
    Snapshot::from_objects([pod("x", "a", "web"), pod("x", "b", "web")]).unwrap()
}

#[tokio::test]
async fn errors_are_statuses_as_the_api_server_gives_them() {
    let snapshot = cluster();
    for (target, code, reason) in [
        ("/api/v1/namespaces/x/pods/none", 404, "NotFound"),
        ("/api/v1/gadgets", 404, "NotFound"),
        ("/api/v2/pods", 404, "NotFound"),
        ("/apis/example.com", 404, "NotFound"),
        ("/apis/example.com/v1/gadgets", 404, "NotFound"),
        ("/nothing", 404, "NotFound"),
        ("/api/v1/pods/a", 404, "NotFound"),
        ("/api/v1/namespaces/x/nodes", 404, "NotFound"),
        ("/api/v1/namespaces/x/pods/a/log", 404, "NotFound"),
        ("/api/v1/pods?continue=bad", 400, "BadRequest"),
        ("/api/v1/pods?limit=many", 400, "BadRequest"),
        ("/api/v1/pods?labelSelector=a%20b", 400, "BadRequest"),
        ("/api/v1/pods?fieldSelector=spec.replicas%3D1", 400, "BadRequest"),
        ("/api/v1/pods?watch=1&sendInitialEvents=true", 400, "BadRequest"),
    ] {
        let (got, status) = ask(&snapshot, Method::GET, target).await;
        assert_eq!((got, status["reason"].as_str()), (code, Some(reason)), "{target}: {status}");
        assert_eq!((&status["kind"], &status["code"]), (&"Status".into(), &code.into()));
    }
    let (_, status) = ask(&snapshot, Method::GET, "/api/v1/namespaces/x/pods/none").await;
    assert_eq!(status["message"], "pods \"none\" not found");
    assert_eq!(status["details"], serde_json::json!({"name": "none", "kind": "pods"}));
}

#[tokio::test]
async fn nothing_can_be_written() {
    let snapshot = cluster();
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD] {
        let (code, status) = ask(&snapshot, method, "/api/v1/namespaces/x/pods/a").await;
        assert_eq!((code, status["reason"].as_str()), (405, Some("MethodNotAllowed")));
    }
    assert_eq!(snapshot.len(), 2);
}

#[tokio::test]
async fn a_token_from_before_a_compaction_has_expired_and_offers_another() {
    let snapshot = cluster();
    let (_, page) = ask(&snapshot, Method::GET, "/api/v1/pods?limit=1").await;
    let token = page["metadata"]["continue"].as_str().unwrap();
    snapshot.compact();
    let next = |token: &str| format!("/api/v1/pods?limit=1&continue={token}");
    let (code, status) = ask(&snapshot, Method::GET, &next(token)).await;
    assert_eq!((code, status["reason"].as_str()), (410, Some("Expired")));
    let other = status["metadata"]["continue"].as_str().unwrap();
    let (code, page) = ask(&snapshot, Method::GET, &next(other)).await;
    assert_eq!((code, page["items"][0]["metadata"]["name"].as_str()), (200, Some("b")));
}

#[tokio::test]
async fn items_of_built_in_lists_leave_their_kind_to_the_list() {
    let (_, list) = ask(&cluster(), Method::GET, "/api/v1/pods").await;
    assert_eq!((&list["kind"], &list["apiVersion"]), (&"PodList".into(), &"v1".into()));
    assert!(list["items"][0].get("kind").is_none());
    let (_, object) = ask(&cluster(), Method::GET, "/api/v1/namespaces/x/pods/a").await;
    assert_eq!((&object["kind"], &object["apiVersion"]), (&"Pod".into(), &"v1".into()));
}
