//! What installations sign, what nobody signs, and what is forgotten.

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use ktel_model::signature;
use ktel_server::app::kamaji::{self, Responses};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::routes::Server;
use crate::support::table;

pub(crate) struct Installation(Ed25519KeyPair);

impl Installation {
    pub(crate) fn new() -> Self {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap())
    }

    fn key(&self) -> [u8; 32] {
        self.0.public_key().as_ref().try_into().unwrap()
    }

    pub(crate) fn id(&self) -> String {
        signature::installation_id(&self.key())
    }

    pub(crate) fn sign(&self, item: &Value) -> Vec<u8> {
        self.sign_bytes(item.to_string().as_bytes())
    }

    pub(crate) fn sign_bytes(&self, item: &[u8]) -> Vec<u8> {
        let signed = self.0.sign(item).as_ref().try_into().unwrap();
        signature::attach(item, &self.key(), &signed).unwrap()
    }
}

/// A report of how many control planes run.
pub(crate) fn stats(report: &str, installation: &str, running: u64) -> Value {
    json!({
        "schema": "ktel/report", "schema_version": "1.0.0", "id": report, "day": "2026-11-21",
        "product": {"name": "kamaji", "ktel": "0.1.0"}, "form": "exact",
        "schemas": {"kamaji-stats": {"schema": "ktel/kamaji-stats", "version": "1.0.0"}},
        "failures": [], "omitted": {}, "user": [],
        "data": {"kamaji-stats": {
            "uuid": installation, "kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3",
            "running": running,
        }},
    })
}

pub(crate) async fn running(server: &Server) -> Vec<Value> {
    let rows = server.store().rows(&table("ktel/kamaji-stats")).await.unwrap();
    rows.into_iter().map(|row| row["running"].clone()).collect()
}

#[tokio::test]
async fn only_its_own_key_speaks_for_an_installation() {
    let server = Server::start().await;
    let (own, other) = (Installation::new(), Installation::new());
    let report = |number: u8| stats(&format!("{number:0>16}"), &own.id(), number.into());
    let good = own.sign(&report(1));
    let mut changed = own.sign(&report(2));
    let at = changed.iter().position(|byte| *byte == b'2').unwrap();
    changed[at] = b'3';
    for (status, body) in [
        (200, good),
        (422, changed),
        (422, report(4).to_string().into_bytes()),
        (422, other.sign(&report(5))),
    ] {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let (got, answer) = server.post("/v1/reports", body).await;
        assert_eq!(got, status, "{shown}: {answer}");
        if status == 422 {
            assert_eq!(answer["error"]["code"], "signature", "{answer}");
        }
    }
    assert_eq!(running(&server).await, [1]);
}

#[tokio::test]
async fn an_installation_that_signs_is_forgotten_and_no_other() {
    let server = Server::start().await;
    let (own, other) = (Installation::new(), Installation::new());
    for (number, one) in [(1, &own), (2, &own), (3, &other)] {
        let body = one.sign(&stats(&format!("{number:0>16}"), &one.id(), number));
        assert_eq!(server.post("/v1/reports", body).await.0, 200);
    }
    let ask = |day: &str| json!({"schema": "ktel/forget", "day": day});
    for (status, body) in [
        (403, ask("2026-11-21").to_string().into_bytes()),
        (400, own.sign(&ask("2026-10-21"))),
        (422, own.sign(&json!({"schema": "ktel/report", "day": "2026-11-21"}))),
    ] {
        assert_eq!(server.post("/v1/forget", body).await.0, status);
    }
    assert_eq!(running(&server).await, [3, 2, 1]);
    let (status, answer) = server.post("/v1/forget", own.sign(&ask("2026-11-21"))).await;
    assert_eq!((status, &answer["rows"]["ktel_kamaji_stats_v1"]), (200, &json!(2)), "{answer}");
    assert_eq!(running(&server).await, [3]);
}

#[track_caller]
pub(crate) fn seed() -> [(&'static str, Value); 4] {
    [
        (
            "/stats",
            json!({"uuid": "56279633-3131-436b-b8f2-9008a49a2f12", "running": 1, "sleeping": 0, "not_ready": 0, "upgrading": 0, "kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3"}),
        ),
        (
            "/create",
            json!({"tcp_version": "v1.26.0", "kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3"}),
        ),
        (
            "/update",
            json!({"kamaji_version": "v0.6.1", "new_tcp_version": "v1.27.0", "old_tcp_version": "v1.26.0", "kubernetes_version": "v1.27.3"}),
        ),
        (
            "/delete",
            json!({"status": "Ready", "tcp_version": "v1.27.0", "kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3"}),
        ),
    ]
}

pub(crate) async fn ask(
    server: &Server,
    answers: Responses,
    method: &str,
    path: &str,
    body: &str,
) -> u16 {
    let request = Request::builder().method(method).uri(path).body(Body::from(body.to_owned()));
    let answer = kamaji::router(server.app(), answers).oneshot(request.unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    answer.into_body().collect().await.unwrap();
    status
}

#[tokio::test]
async fn the_payloads_of_kamaji_are_stored_as_they_are_documented_and_as_they_are_sent() {
    let server = Server::start().await;
    for (path, body) in seed() {
        assert_eq!(ask(&server, Responses::Strict, "POST", path, &body.to_string()).await, 200);
    }
    let nested = json!({
        "uuid": "56279633-3131-436b-b8f2-9008a49a2f12", "kamaji_version": "v1.0.0",
        "kubernetes_version": "v1.33.0",
        "tenant_control_plane": {"running": 4, "upgrading": 0, "not_ready": 1, "sleeping": 0},
        "datastores": {"etcd": {"count": 1, "used_by_count": 3}, "nats": {"count": 0, "used_by_count": 0}},
    });
    assert_eq!(ask(&server, Responses::Strict, "POST", "/stats", &nested.to_string()).await, 200);
    let store = server.store();
    let rows = store.rows(&table("ktel/kamaji-stats")).await.unwrap();
    let own: Vec<_> =
        rows.iter().map(|row| (&row["running"], &row["tenant_control_plane__running"])).collect();
    assert_eq!(own, [(&Value::Null, &json!(4)), (&json!(1), &Value::Null)]);
    // Not every build has a version; then that is what is not stored.
    let mut edge = nested;
    edge["kamaji_version"] = json!("edge-25.1.1");
    assert_eq!(ask(&server, Responses::Strict, "POST", "/stats", &edge.to_string()).await, 200);
    let rows = store.rows(&table("ktel/kamaji-stats")).await.unwrap();
    assert_eq!(
        (&rows[0]["kamaji_version"], &rows[0]["kubernetes_version"]),
        (&Value::Null, &json!("v1.33.0"))
    );
    let updates = store.rows(&table("ktel/kamaji-update")).await.unwrap();
    assert_eq!(updates[0]["old_tcp_version"], "v1.26.0");
    let deletes = store.rows(&table("ktel/kamaji-delete")).await.unwrap();
    assert_eq!(deletes[0]["status"], "Ready");
    let records = store.records().await.unwrap();
    assert_eq!(records.len(), 6);
    assert!(records.iter().all(|row| row["authenticated"] == 0 && row["source"] == "kamaji"));
}

#[tokio::test]
async fn a_document_with_the_same_key_is_stored_once() {
    let server = Server::start().await;
    for (key, rows) in [
        (Some("56279633-3131-436b-b8f2-9008a49a2f12"), 1),
        (Some("56279633-3131-436b-b8f2-9008a49a2f12"), 1),
        (Some("56279633-3131-436b-b8f2-9008a49a2f12"), 1),
        (Some("56279633-3131-436b-b8f2-9008a49a2f13"), 2),
        // These are no keys.
        (Some("1"), 3),
        (None, 4),
    ] {
        let request = Request::post("/create");
        let request = key.into_iter().fold(request, |it, key| it.header("idempotency-key", key));
        let request = request.body(Body::from(seed()[1].1.to_string())).unwrap();
        let router = kamaji::router(server.app(), Responses::Strict);
        assert_eq!(router.oneshot(request).await.unwrap().status(), 200);
        assert_eq!(server.store().rows(&table("ktel/kamaji-create")).await.unwrap().len(), rows);
    }
}

#[tokio::test]
async fn an_id_that_is_too_long_and_a_version_that_is_empty_are_rejected() {
    let server = Server::start().await;
    let with = |index: usize, field: &str, value: &str| {
        let (path, mut body) = seed()[index].clone();
        body[field] = json!(value);
        (path, body.to_string())
    };
    let long = format!("{}0", "56279633-3131-436b-b8f2-9008a49a2f12");
    for ((path, body), strict, habit) in [
        (with(0, "uuid", &long), 400, 200),
        (with(0, "uuid", "56279633\u{0}"), 400, 200),
        (with(0, "kamaji_version", ""), 400, 400),
        (with(2, "old_tcp_version", ""), 400, 400),
        (with(2, "old_tcp_version", "v1.26.0"), 200, 200),
    ] {
        assert_eq!(ask(&server, Responses::Strict, "POST", path, &body).await, strict, "{body}");
        let got = ask(&server, Responses::Compatible, "POST", path, &body).await;
        assert_eq!(got, habit, "{body}");
    }
}

#[tokio::test]
async fn responses_are_strict_unless_compatibility_with_kamaji_is_enabled() {
    let server = Server::start().await;
    let good = seed()[0].1.to_string();
    for (method, path, body, strict, habit) in [
        ("POST", "/create", "{", 400, 500),
        ("POST", "/create", "{}", 400, 400),
        ("POST", "/update", r#"{"kamaji_version": "v0.6.1"}"#, 400, 400),
        ("GET", "/create", "", 405, 200),
        ("POST", "/nope", "{}", 404, 200),
        ("GET", "/", "", 404, 200),
        ("POST", "/statsfoo/bar", good.as_str(), 404, 200),
    ] {
        assert_eq!(ask(&server, Responses::Strict, method, path, body).await, strict, "{path}");
        assert_eq!(ask(&server, Responses::Compatible, method, path, body).await, habit, "{path}");
    }
    assert_eq!(running(&server).await.len(), 1, "only the last one, by habit, is stored");
}
