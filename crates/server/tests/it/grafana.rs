//! The dashboard for Grafana: each of its queries answers with the columns that its panel reads.

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use ktel_server::app::kamaji::Responses;
use serde_json::{Value, json};

use crate::installations::ask;
use crate::routes::{READER, Server, report, senders};

const DASHBOARD: &str = include_str!("../../../../deploy/grafana/product.json");
/// What Grafana writes in the place of its variables.
const VARIABLES: [(&str, &str); 2] = [
    ("${product:sqlstring}", "'kamaji'"),
    ("${field:sqlstring}", "'ktel/identify-platform kubernetes_version'"),
];

/// Finds the queries of panels and variables, wherever they stand.
fn queries<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(map) if map.contains_key("url_options") => found.push(value),
        Value::Object(map) => map.values().for_each(|value| queries(value, found)),
        Value::Array(list) => list.iter().for_each(|value| queries(value, found)),
        _ => {}
    }
}

/// A server with something in every table that the dashboard reads.
async fn filled() -> Server {
    let server = Server::start().await;
    for number in 0..14 {
        let update = json!({
            "kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3",
            "old_tcp_version": format!("v1.26.{number}"), "new_tcp_version": "v1.27.0",
        });
        let update = update.to_string();
        assert_eq!(ask(&server, Responses::Strict, "POST", "/update", &update).await, 200);
    }
    for (number, token) in senders().iter().take(15).enumerate() {
        let mut report = report(&format!("{number:0>16}"), &json!(7));
        report["day"] = json!("2026-11-12");
        report["product"] = json!({"name": "kamaji", "ktel": "0.1.0"});
        report["schemas"] = json!({
            "identify-deployment": {"schema": "ktel/identify-deployment", "version": "1.0.0"},
            "identify-platform": {"schema": "ktel/identify-platform", "version": "1.0.0"},
        });
        report["data"] = json!({
            "identify-deployment": {"lifecycle": "helm", "version": "2.8.0"},
            "identify-platform": {"kubernetes_version": "v1.33.2"},
        });
        assert_eq!(server.post_as(token, "/v1/reports", report.to_string()).await.0, 200);
    }
    server.app().publish().await.unwrap();
    server.a_week_later().await
}

#[tokio::test]
async fn every_query_of_the_dashboard_answers_with_the_columns_of_its_panel() {
    let server = filled().await;
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut found = Vec::new();
    queries(&dashboard, &mut found);
    assert!(found.len() > 8, "{}", found.len());
    let mut with_rows = 0;
    for query in found {
        let options = &query["url_options"];
        let mut body = options["data"].as_str().unwrap().to_owned();
        for (variable, value) in VARIABLES {
            body = body.replace(variable, value);
        }
        assert!(!body.contains("${"), "{body}");
        let mut request = Request::builder().method(options["method"].as_str().unwrap());
        request = request.uri(query["url"].as_str().unwrap());
        request = request.header("authorization", format!("Bearer {READER}"));
        request = request.header("content-type", options["body_content_type"].as_str().unwrap());
        for header in options["headers"].as_array().unwrap() {
            request =
                request.header(header["key"].as_str().unwrap(), header["value"].as_str().unwrap());
        }
        let answer = server.answer(request.body(Body::from(body.clone())).unwrap()).await;
        let status = answer.status();
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert_eq!(status, 200, "{body}: {text}");
        let mut lines = text.lines();
        let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
        let read: Vec<&str> = query["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| column["selector"].as_str().unwrap())
            .collect();
        assert_eq!(columns, read, "{body}");
        with_rows += usize::from(lines.next().is_some());
    }
    // Installations, authenticated upgrades and commands were not sent.
    assert!(with_rows >= 6, "{with_rows} of them have rows");
}
