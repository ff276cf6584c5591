//! What readers see: large groups in coarse words, and nothing without a token.

use axum::body::Body;
use base64::Engine as _;
use http::{Request, Response};
use http_body_util::BodyExt;
use ktel_server::app::ancestor::Answers;
use serde_json::{Value, json};

use crate::installations::ask;
use crate::routes::{ADMIN, READER, Server, TOKEN, report};

/// Twelve reports of small clusters and three of large ones.
pub(crate) async fn filled() -> Server {
    let server = Server::start().await;
    for number in 0..15 {
        let pods = if number < 12 { 7 } else { 70_000 };
        let body = report(&format!("{number:0>16}"), &json!(pods)).to_string();
        assert_eq!(server.post("/v1/reports", body).await.0, 200);
    }
    server
}

async fn get(server: &Server, path: &str, authorization: Option<String>) -> (Response<()>, String) {
    let request = Request::get(path);
    let request =
        authorization.into_iter().fold(request, |it, value| it.header("authorization", value));
    let answer = server.answer(request.body(Body::empty()).unwrap()).await;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
}

pub(crate) fn basic(token: &str) -> Option<String> {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("anybody:{token}"));
    Some(format!("Basic {pair}"))
}

fn bearer(token: &str) -> Option<String> {
    Some(format!("Bearer {token}"))
}

const PODS: &str = "/v1/counts?schema=ktel/cluster-state&field=pods";

#[tokio::test]
async fn a_reader_sees_large_groups_and_an_administrator_all() {
    let server = filled().await;
    let rows = async |token| {
        let (_, body) = get(&server, PODS, bearer(token)).await;
        serde_json::from_str::<Value>(&body).unwrap()["rows"].clone()
    };
    let (small, large) =
        (json!({"word": "6-20", "number": 12}), json!({"word": "10001+", "number": 3}));
    assert_eq!(rows(ADMIN).await, json!([small, large]));
    // Of the three alone one could tell; with the twelve, the rest is too small to show apart.
    assert_eq!(rows(READER).await, json!([{"word": "other", "number": 15}]));
}

#[tokio::test]
async fn nothing_is_shown_without_a_token_unless_it_is_public() {
    let server = filled().await;
    for path in ["/", PODS] {
        for authorization in [None, bearer(TOKEN), basic("wrong"), Some("Basic %".into())] {
            let (answer, body) = get(&server, path, authorization).await;
            assert_eq!(answer.status(), 401, "{body}");
            assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic"));
            assert!(!body.contains("6-20"), "{body}");
        }
        assert_eq!(get(&server, path, basic(READER)).await.0.status(), 200);
    }
    let public = filled().await.public();
    let (answer, body) = get(&public, PODS, None).await;
    assert_eq!(answer.status(), 200);
    assert!(body.contains("other") && !body.contains("10001+"), "{body}");
}

#[tokio::test]
async fn the_page_has_a_table_and_links_for_every_chart_and_runs_nothing_foreign() {
    let server = filled().await;
    let (answer, page) = get(&server, "/?weeks=4", basic(ADMIN)).await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.contains("style=") && !page.contains("<script>"), "the policy would stop it");
    let count = |what: &str| page.matches(what).count();
    assert_eq!(count("<figure>"), 2, "the weeks, and the pods");
    assert_eq!(count("<svg"), count("<figure>"));
    assert_eq!(count("<summary>Table"), count("<figure>"));
    assert_eq!(count("format=csv"), count("<figure>"));
    assert!(page.contains("/dictionary#ktel/cluster-state:pods"), "{page}");
    let (_, dictionary) = get(&server, "/dictionary", None).await;
    assert!(dictionary.contains("id=\"ktel/cluster-state:pods\""), "the link leads nowhere");
    let (answer, csv) = get(&server, &format!("{PODS}&format=csv"), basic(ADMIN)).await;
    assert_eq!(csv, "word,number\r\n6-20,12\r\n10001+,3\r\n");
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
}

#[tokio::test]
async fn upgrades_are_drawn_from_version_to_version_with_a_table_and_links() {
    let server = Server::start().await;
    for number in 0..14 {
        let new = if number < 11 { "v1.27.0" } else { "v1.28.1" };
        let event = json!({
            "kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3",
            "old_tcp_version": format!("v1.26.{number}"), "new_tcp_version": new,
        });
        assert_eq!(ask(&server, Answers::Strict, "POST", "/update", &event.to_string()).await, 200);
    }
    let (_, page) = get(&server, "/", basic(ADMIN)).await;
    assert_eq!(page.matches("<path").count(), 2, "{page}");
    assert!(page.contains("<th scope=\"row\">v1.26</th><td>v1.27</td><td>11</td>"), "{page}");
    assert!(page.contains("/dictionary#ktel/kamaji-update:new_tcp_version"), "{page}");
    let field = "old_tcp_version%E2%86%92new_tcp_version";
    let path = format!("/v1/counts?schema=ktel/kamaji-update&field={field}");
    assert!(page.contains(&path.replace('&', "&amp;")), "{page}");
    let (_, body) = get(&server, &path, basic(ADMIN)).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["rows"][0], json!({"word": "v1.26 → v1.27", "number": 11}));
    assert_eq!(body["why"], "/dictionary#ktel/kamaji-update:new_tcp_version");
    // Three alone are too few, and hide with the others.
    let (_, page) = get(&server, "/", basic(READER)).await;
    assert_eq!(page.matches("<path").count(), 1, "{page}");
}

#[tokio::test]
async fn what_is_asked_for_cannot_break_out_of_the_page() {
    let server = filled().await;
    let evil = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let path = format!("/?product={evil}&version={evil}&weeks=99999");
    let (answer, page) = get(&server, &path, basic(ADMIN)).await;
    assert_eq!(answer.status(), 200);
    assert!(!page.contains("<script>alert"), "{page}");
    let long = "x".repeat(200);
    assert_eq!(get(&server, &format!("/?product={long}"), basic(ADMIN)).await.0.status(), 400);
    assert_eq!(get(&server, "/v1/counts?schema=none", basic(ADMIN)).await.0.status(), 404);
    assert_eq!(get(&server, "/?weeks=soon", basic(ADMIN)).await.0.status(), 400);
}
