//! OTLP over HTTP: both encodings, what is rejected, and the answers.

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::installations::{Installation, running, stats};
use crate::routes::{READER, Server, TOKEN};

fn record(body: &Value, attributes: &[(&str, Value)]) -> Value {
    let attributes: Vec<_> =
        attributes.iter().map(|(name, value)| json!({"key": name, "value": value})).collect();
    json!({"timeUnixNano": "1795132800000000000", "body": body, "attributes": attributes})
}

fn request(records: &[Value]) -> String {
    let name = json!({"key": "service.name", "value": {"stringValue": "shop"}});
    json!({"resourceLogs": [{
        "resource": {"attributes": [name]}, "scopeLogs": [{"logRecords": records}],
    }]})
    .to_string()
}

async fn send(
    server: &Server,
    content_type: &str,
    token: &str,
    body: impl Into<Body>,
) -> (u16, String, Vec<u8>) {
    let request = Request::post("/v1/logs")
        .header("authorization", format!("Bearer {token}"))
        .header("idempotency-key", "0123456789abcdef")
        .header("content-type", content_type);
    let answer = server.answer(request.body(body.into()).unwrap()).await;
    let status = answer.status().as_u16();
    let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, content_type, body.to_vec())
}

#[tokio::test]
async fn a_record_is_stored_once_and_what_cannot_be_stored_is_counted() {
    let server = Server::start().await;
    let own = Installation::new();
    let signed = own.sign(&stats("0123456789abcdef", &own.id(), 4));
    let signed = String::from_utf8(signed).unwrap();
    let text = |text: &str| json!({"stringValue": text});
    let pods = json!({"kvlistValue": {"values": [
        {"key": "cluster-state", "value": {"kvlistValue": {"values": [
            {"key": "pods", "value": {"intValue": "2"}},
        ]}}},
    ]}});
    let body = request(&[
        record(&text("ktel.report"), &[("cluster-state.pods", json!({"intValue": "1"}))]),
        record(&pods, &[]),
        record(&text(r#"{"cluster-state": {"pods": 3}}"#), &[]),
        record(&text("<14>signal=shop;cluster-state.pods=4"), &[]),
        record(&text(&signed), &[]),
        record(&text("hello"), &[]),
        record(&json!({"intValue": 1}), &[]),
    ]);
    for _ in 0..2 {
        let (status, content_type, answer) =
            send(&server, "application/json", TOKEN, body.clone()).await;
        assert_eq!((status, content_type.as_str()), (200, "application/json"));
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["partialSuccess"]["rejectedLogRecords"], "2", "{answer}");
        assert!(answer["partialSuccess"]["errorMessage"].is_string(), "{answer}");
    }
    // The key of a request holds for what its sender vouches for; a line has none.
    assert_eq!(server.pods().await, [4, 3, 2, 1]);
    assert_eq!(running(&server).await, [4]);
    let records = server.store().records().await.unwrap();
    assert!(records.iter().all(|row| row["product"] == "shop" || row["product"] == "kamaji"));
    let vouched: Vec<_> = records.iter().rev().map(|row| &row["authenticated"]).collect();
    assert_eq!(vouched, [1, 1, 1, 0, 1]);
}

#[tokio::test]
async fn an_answer_is_in_the_encoding_of_the_request() {
    let server = Server::start().await;
    let good = request(&[record(&json!({"stringValue": r#"{"cluster-state":{"pods":1}}"#}), &[])]);
    let (status, _, answer) = send(&server, "application/json", TOKEN, good).await;
    assert_eq!((status, answer.as_slice()), (200, &b"{}"[..]));
    let protobuf = "application/x-protobuf";
    assert_eq!(send(&server, protobuf, TOKEN, "").await, (200, protobuf.to_owned(), Vec::new()));
    // One record without anything.
    let nothing = [0x0a, 0x04, 0x12, 0x02, 0x12, 0x00];
    let (status, _, answer) = send(&server, protobuf, TOKEN, nothing.to_vec()).await;
    assert_eq!((status, &answer[..6]), (200, &[0x0a, answer[1], 0x08, 1, 0x12, answer[5]][..]));

    let unknown = "application/x-protobuf; charset=x";
    for (content_type, token, body, status, code) in [
        (protobuf, TOKEN, &b"\xff"[..], 400, 3),
        (protobuf, "wrong", b"", 401, 16),
        (unknown, READER, b"", 403, 7),
        ("application/json", TOKEN, b"{", 400, 3),
        ("application/json", "wrong", b"{}", 401, 16),
    ] {
        let (got, answered_as, answer) = send(&server, content_type, token, body.to_vec()).await;
        assert_eq!(got, status, "{content_type} {body:?}");
        if content_type == "application/json" {
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!((answered_as.as_str(), &answer["code"]), (content_type, &json!(code)));
        } else {
            assert_eq!((answered_as.as_str(), &answer[..2]), (protobuf, &[0x08, code][..]));
        }
    }
    assert_eq!(send(&server, "text/plain", TOKEN, "x").await.0, 415);
    let many = request(&vec![record(&Value::Null, &[]); 1001]);
    assert_eq!(send(&server, "application/json", TOKEN, many).await.0, 413);
}
