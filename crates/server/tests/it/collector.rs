//! Splunk's collector: channels, indexed fields, ways of showing a token, and signed events.

use std::io::Write;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::installations::{Installation, running, stats};
use crate::routes::{ADMIN, Server, TOKEN};

const CHANNEL: &str = "0aeb1d4f-0000-4000-8000-000000000001";
const EVENT: &str = r#"{"event":{"cluster-state":{"pods":5}}}"#;

async fn ask(server: &Server, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    let mut request = Request::post(path);
    if !headers.iter().any(|(name, _)| *name == "authorization") {
        request = request.header("authorization", format!("Splunk {TOKEN}"));
    }
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    server.ask(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_post_on_a_channel_is_acknowledged_and_true_at_once() {
    let server = Server::start().await;
    let channel = [("x-splunk-request-channel", CHANNEL)];
    for (number, path) in
        ["/services/collector", "/services/collector/event/1.0"].into_iter().enumerate()
    {
        let (status, answer) = ask(&server, path, &channel, EVENT).await;
        assert_eq!((status, &answer["code"], &answer["ackId"]), (200, &json!(0), &json!(number)));
    }
    let in_query = format!("/services/collector/raw?channel={CHANNEL}");
    let (_, answer) = ask(&server, &in_query, &[], r#"{"cluster-state":{"pods":6}}"#).await;
    assert_eq!(answer["ackId"], 2, "{answer}");
    let acks = r#"{"acks":[0,1,2,3]}"#;
    let expected = json!({"acks": {"0": true, "1": true, "2": true, "3": false}});
    let in_query = format!("/services/collector/ack?channel={CHANNEL}");
    assert_eq!(ask(&server, &in_query, &[], acks).await, (200, expected.clone()));
    assert_eq!(ask(&server, "/services/collector/ack", &channel, acks).await, (200, expected));
    let other = [("x-splunk-request-channel", "0aeb1d4f-0000-4000-8000-000000000002")];
    let (_, answer) = ask(&server, "/services/collector/ack", &other, acks).await;
    assert_eq!(answer["acks"]["0"], false, "{answer}");
    assert_eq!(server.pods().await, [6, 5, 5]);
    let (_, answer) = ask(&server, "/services/collector", &[], EVENT).await;
    assert_eq!(answer, json!({"text": "Success", "code": 0}), "who names no channel gets no id");
    let (_, answer) = ask(&server, "/services/collector", &channel, "{\"event\":1}").await;
    assert_eq!((&answer["code"], &answer["ackId"]), (&json!(6), &Value::Null), "{answer}");
}

#[tokio::test]
async fn every_trouble_with_channels_fields_and_tokens_has_splunks_code() {
    let server = Server::start().await;
    let ack = "/services/collector/ack";
    let event = "/services/collector/event";
    let channel = ("x-splunk-request-channel", CHANNEL);
    let admin = format!("Splunk {ADMIN}");
    let nested = r#"{"event":{"cluster-state":{"pods":5}},"fields":{"a":{"b":1}}}"#;
    let flat = r#"{"event":{"cluster-state":{"pods":5}},"fields":{"a":["b"],"c":1}}"#;
    for (path, header, body, status, code) in [
        (ack, None, r#"{"acks":[0]}"#, 400, 10),
        (ack, Some(("x-splunk-request-channel", "one")), r#"{"acks":[0]}"#, 400, 11),
        (ack, Some(channel), "[0]", 400, 6),
        (ack, Some(channel), r#"{"acks":["0"]}"#, 400, 6),
        (ack, Some(("authorization", "")), r#"{"acks":[0]}"#, 401, 2),
        (event, Some(("x-splunk-request-channel", "one")), EVENT, 400, 11),
        (event, None, nested, 400, 15),
        (event, None, flat, 200, 0),
        (event, None, r#"{"event":null}"#, 400, 12),
        (event, None, r#"{"event":"","time":"1795255200.5"}"#, 400, 13),
        (event, Some(("authorization", admin.as_str())), EVENT, 403, 4),
        ("/services/collector?token=x", Some(("authorization", "")), EVENT, 400, 16),
    ] {
        let headers: Vec<_> = header.into_iter().collect();
        let (got, answer) = ask(&server, path, &headers, body).await;
        assert_eq!((got, &answer["code"]), (status, &json!(code)), "{path} {header:?} {body}");
    }
    // `x:TOKEN`, as `curl -u` writes it.
    let basic = "Basic eDowMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDE=";
    let (status, _) = ask(&server, event, &[("authorization", basic)], EVENT).await;
    assert_eq!((status, server.pods().await.len()), (200, 2));
}

#[tokio::test]
async fn a_signed_event_keeps_the_bytes_that_were_signed() {
    let server = Server::start().await;
    let own = Installation::new();
    let item = |number: u64| {
        let item = stats(&format!("{number:0>16}"), &own.id(), number).to_string();
        // Nobody who writes it anew would leave these spaces.
        let item = own.sign_bytes(item.replace(",\"", " , \"").as_bytes());
        String::from_utf8(item).unwrap()
    };
    let as_object = format!(r#"{{"time":1,"event": {} ,"source":"kamaji"}}"#, item(1));
    let as_text = json!({"event": item(2)}).to_string();
    for (path, body, code) in [
        ("/services/collector", as_object.clone(), 0),
        ("/services/collector", as_text, 0),
        ("/services/collector/raw", item(3), 0),
        ("/services/collector", as_object.replace("\"running\":1", "\"running\":9"), 6),
        (
            "/services/collector",
            json!({"event": stats(&"4".repeat(16), &own.id(), 4)}).to_string(),
            6,
        ),
    ] {
        let (_, answer) = ask(&server, path, &[], &body).await;
        assert_eq!(answer["code"], code, "{body}: {answer}");
    }
    assert_eq!(running(&server).await, [3, 2, 1]);
    let records = server.store().records().await.unwrap();
    assert!(records.iter().all(|row| row["source"] == "collector" && row["authenticated"] == 1));
}

#[tokio::test]
async fn a_body_may_come_as_gzip_and_a_repetition_is_one_even_after_midnight() {
    let server = Server::start().await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let yesterday = r#"{"time":1795132800,"event":{"cluster-state":{"pods":5}}}"#;
    encoder.write_all(yesterday.as_bytes()).unwrap();
    let body = encoder.finish().unwrap();
    for _ in 0..2 {
        let request = Request::post("/services/collector")
            .header("authorization", format!("Splunk {TOKEN}"))
            .header("idempotency-key", "0123456789abcdef")
            .header("content-encoding", "gzip");
        let (status, answer) = server.ask(request.body(body.clone().into()).unwrap()).await;
        assert_eq!(status, 200, "{answer}");
    }
    assert_eq!(server.pods().await, [5]);
    let records = server.store().records().await.unwrap();
    assert_eq!(records[0]["_day"], 20_777, "the day of the event: {records:?}");
}
