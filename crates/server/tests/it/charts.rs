//! What readers see: large groups in coarse words, and nothing without a token.

use axum::body::Body;
use base64::Engine as _;
use http::{Request, Response};
use http_body_util::BodyExt;
use ktel_model::Schema;
use ktel_server::Catalog;
use ktel_server::app::kamaji::Responses;
use ktel_server::store::Place;
use serde_json::{Value, json};

use crate::installations::ask;
use crate::routes::{ADMIN, READER, Server, TOKEN, report, senders, with_headers};

/// Twelve reports of small clusters and three of large ones in the week before, each with its own token.
pub(crate) async fn filled() -> Server {
    let server = Server::start().await;
    for (number, token) in senders().iter().take(15).enumerate() {
        let pods = if number < 12 { 7 } else { 70_000 };
        let mut report = report(&format!("{number:0>16}"), &json!(pods));
        report["day"] = json!("2026-11-12");
        assert_eq!(server.post_as(token, "/v1/reports", report.to_string()).await.0, 200);
    }
    server.app().publish().await.unwrap();
    server
}

pub(crate) async fn get(
    server: &Server,
    path: &str,
    authorization: Option<String>,
) -> (Response<()>, String) {
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

pub(crate) const PODS: &str = "/v1/counts?schema=ktel/cluster-state&field=pods";

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
    // Twelve are ten and something, and of the three nothing is known.
    assert_eq!(rows(READER).await, json!([{"word": "6-20", "number": 10}]));
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
    assert!(body.contains("6-20") && !body.contains("10001+"), "{body}");
    let (_, page) = get(&public, "/", None).await;
    assert!(page.contains("multiples of 10") && !page.contains("10001+"), "{page}");
}

#[tokio::test]
async fn the_page_has_a_table_and_links_for_every_chart_and_runs_nothing_foreign() {
    let server = filled().await;
    let (answer, page) = get(&server, "/?weeks=4", basic(ADMIN)).await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.contains("style=") && !page.contains("<script>"), "the policy would stop it");
    let count = |what: &str| page.matches(what).count();
    assert_eq!(count("<figure"), 2, "the weeks, and the pods");
    assert_eq!(count("<svg"), count("<figure"));
    assert_eq!(count("<summary>Table"), count("<figure"));
    assert_eq!(count("format=csv"), count("<figure"));
    assert!(page.contains("/dictionary#ktel/cluster-state:pods"), "{page}");
    let (_, dictionary) = get(&server, "/dictionary", None).await;
    assert!(dictionary.contains("id=\"ktel/cluster-state:pods\""), "the link leads nowhere");
    let (answer, csv) = get(&server, &format!("{PODS}&format=csv"), basic(ADMIN)).await;
    assert_eq!(csv, "word,number\r\n6-20,12\r\n10001+,3\r\n");
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
}

/// Sizes, and how slow answers are beside them.
const LAMPS: &str = "
kts: 1
schema: acme/lamps
version: 1.0.0
kind: stats
title: Lamps of a cluster
purpose:
  question: Do answers become slow where there are many lamps?
  value_to_you: Releases are measured at the sizes that there really are.
  used_for: [capacity-tests]
owner: lamp-makers
stability: development
consent: ambient
cadence: {max: once/24h, jitter: 1h}
access: []
retention: {raw: 90d, aggregate: 25mo}
fields:
  lamps:
    {type: count, sensitivity: technical, why: Shows sizes., example: 6-20, since: 0.1.0, expires: 2027-11-01}
  answer_ms_p99:
    {type: count, against: lamps, sensitivity: technical, why: Shows where it is slow., example: 21-100,
    since: 0.1.0, expires: 2027-11-01}
";

#[tokio::test]
async fn slowness_is_drawn_against_size_and_few_slow_ones_hide_among_many() {
    let schema = Schema::parse(LAMPS, "lamps.yaml").unwrap();
    let keep = tempfile::tempdir().unwrap();
    let place = Place::Folder(keep.path().into());
    let server = Server::start_with(Catalog::new([schema]).unwrap(), &place, keep).await;
    let groups =
        [(7, 50, 23), (70, 50, 14), (7, 5000, 6), (70, 5000, 6), (700, 5000, 34), (700, 50, 12)];
    let said = groups.iter().flat_map(|(lamps, slow, times)| vec![(lamps, slow); *times]);
    let senders = senders();
    for (number, (lamps, slow)) in said.enumerate() {
        let mut report = report(&format!("{number:0>16}"), &json!(1));
        report["day"] = json!("2026-11-12");
        report["schemas"] = json!({"lamps": {"schema": "acme/lamps", "version": "1.0.0"}});
        report["data"] = json!({"lamps": {"lamps": lamps, "answer_ms_p99": slow}});
        let sender = &senders[number % senders.len()];
        assert_eq!(server.post_as(sender, "/v1/reports", report.to_string()).await.0, 200);
    }
    server.app().publish().await.unwrap();
    let (_, page) = get(&server, "/", basic(ADMIN)).await;
    assert!(page.contains(">answer ms p99 against lamps</figcaption>"), "{page}");
    assert!(page.contains("<title>lamps 101-1000, answer ms p99 1001+: 34</title>"), "{page}");
    assert!(page.contains("<th scope=\"row\">6-20</th><td>1001+</td><td>6</td>"), "{page}");
    assert!(page.contains("/dictionary#acme/lamps:answer_ms_p99"), "{page}");
    let (_, dictionary) = get(&server, "/dictionary", None).await;
    assert!(dictionary.contains(" Counted with <code>lamps</code>."), "{dictionary}");
    let path = "/v1/counts?schema=acme/lamps&field=lamps%C3%97answer_ms_p99";
    assert!(page.contains(&path.replace('&', "&amp;")), "{page}");
    let rows = async |token| {
        let (_, body) = get(&server, path, bearer(token)).await;
        serde_json::from_str::<Value>(&body).unwrap()["rows"].clone()
    };
    assert_eq!(rows(ADMIN).await.as_array().unwrap().len(), 6);
    // Two groups of six are one of ten and something.
    let row = |word: &str, number| json!({"word": word, "number": number});
    let shown = [
        row("101-1000 × 1001+", 30),
        row("6-20 × 21-100", 20),
        row("101-1000 × 21-100", 10),
        row("21-100 × 21-100", 10),
        row("other", 10),
    ];
    assert_eq!(rows(READER).await, json!(shown));
    let sql = "SELECT field, word, against, against_word, suppressed, number FROM grids_by_week \
               WHERE number > 20 OR suppressed ORDER BY number";
    let (status, answer) = ask_in_sql(&server, READER, sql).await;
    assert_eq!(status, 200, "{answer}");
    let row = |slow, lamps, suppressed, number| {
        json!(["answer_ms_p99", slow, "lamps", lamps, suppressed, number])
    };
    let expected = [row("other", "other", 1, 10), row("1001+", "101-1000", 0, 30)];
    assert_eq!(answer["rows"], json!(expected));
}

async fn ask_in_sql(server: &Server, token: &str, sql: &str) -> (u16, Value) {
    let request = Request::post("/v1/query").header("authorization", format!("Bearer {token}"));
    let body = json!({"sql": sql}).to_string();
    server.ask(request.body(Body::from(body)).unwrap()).await
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
        assert_eq!(
            ask(&server, Responses::Strict, "POST", "/update", &event.to_string()).await,
            200
        );
    }
    let (_, page) = get(&server, "/", basic(ADMIN)).await;
    assert_eq!(page.matches("<path").count(), 0, "what anybody can send stands apart: {page}");
    let (_, page) = get(&server, "/?population=unauthenticated", basic(ADMIN)).await;
    assert!(page.contains("Anybody can add to these numbers"), "{page}");
    assert_eq!(page.matches("<path").count(), 2, "{page}");
    assert!(page.contains("<th scope=\"row\">v1.26</th><td>v1.27</td><td>11</td>"), "{page}");
    assert!(page.contains("/dictionary#ktel/kamaji-update:new_tcp_version"), "{page}");
    let field = "old_tcp_version%E2%86%92new_tcp_version";
    let of = format!("schema=ktel/kamaji-update&field={field}&population=unauthenticated");
    let path = format!("/v1/counts?{of}");
    assert!(page.contains(&path.replace('&', "&amp;")), "{page}");
    let (_, body) = get(&server, &path, basic(ADMIN)).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["rows"][0], json!({"word": "v1.26 → v1.27", "number": 11}));
    assert_eq!(body["why"], "/dictionary#ktel/kamaji-update:new_tcp_version");
    let sql = "SELECT field, before, after, suppressed, number FROM unauthenticated_flows_by_week ORDER BY after";
    let (status, answer) = ask_in_sql(&server, ADMIN, sql).await;
    assert_eq!(status, 200, "{answer}");
    let row = |after, number| json!(["old_tcp_version→new_tcp_version", "v1.26", after, 0, number]);
    assert_eq!(answer["rows"], json!([row("v1.27", 11), row("v1.28", 3)]));
    // Three alone are too few, and the week is shown when it has ended.
    let page = "/?population=unauthenticated";
    assert!(server.app().publish().await.unwrap() > 0);
    assert_eq!(get(&server, page, basic(READER)).await.1.matches("<path").count(), 0);
    let server = server.a_week_later().await;
    let (_, page) = get(&server, page, basic(READER)).await;
    assert_eq!(page.matches("<path").count(), 1, "{page}");
    assert!(page.contains("<td>v1.27</td><td>10</td>") && !page.contains("v1.28"), "{page}");
    let (_, page) = get(&server, "/", basic(READER)).await;
    assert!(page.contains("Nothing was published"), "{page}");
}

#[tokio::test]
async fn a_public_token_adds_to_what_anybody_can_send_and_not_to_what_has_a_secret() {
    let server = Server::start().await;
    let public = "00000000-0000-4000-8000-000000000004";
    let record =
        ktel_server::token::TokenRecord::of(public, ktel_server::token::Role::Public, None);
    server.store().add_token(record).await.unwrap();
    let server = server.a_week_later().await;
    for number in 0..12 {
        let mut report = report(&format!("{number:0>16}"), &json!(7));
        report["day"] = json!("2026-11-12");
        assert_eq!(server.post_as(public, "/v1/reports", report.to_string()).await.0, 200);
    }
    server.app().publish().await.unwrap();
    for (population, status) in [("authenticated", 404), ("unauthenticated", 200)] {
        let path = format!("{PODS}&population={population}");
        for token in [READER, ADMIN] {
            let (answer, body) = get(&server, &path, basic(token)).await;
            assert_eq!(answer.status(), status, "{population}: {body}");
        }
    }
    let records = server.store().records().await.unwrap();
    assert!(records.iter().all(|record| record["authenticated"] == 0), "{records:?}");
    assert_eq!(get(&server, PODS, basic(public)).await.0.status(), 401, "it reads nothing");
}

#[tokio::test]
async fn a_product_and_a_word_are_named_once_they_are_published() {
    let server = filled().await;
    for (number, token) in senders().iter().take(9).enumerate() {
        let mut report = report(&format!("few{number:0>16}"), &json!(7));
        report["day"] = json!("2026-11-12");
        report["product"] = json!({"name": "one-customer", "ktel": "0.1.0"});
        assert_eq!(server.post_as(token, "/v1/reports", report.to_string()).await.0, 200);
    }
    server.app().publish().await.unwrap();
    let (_, page) = get(&server, "/", basic(ADMIN)).await;
    assert!(page.contains("one-customer") && page.contains("10001+"), "{page}");
    let (_, page) = get(&server, "/", basic(READER)).await;
    assert!(!page.contains("one-customer") && !page.contains("10001+"), "{page}");
    assert!(!page.contains("name=\"version\""), "nothing is divided by version: {page}");
    for wrong in ["version=0.1", "population=all"] {
        let (answer, body) = get(&server, &format!("{PODS}&{wrong}"), basic(READER)).await;
        assert_eq!(answer.status(), 400, "{body}");
    }
}

#[tokio::test]
async fn what_is_asked_for_cannot_break_out_of_the_page() {
    let server = filled().await;
    let evil = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let path = format!("/?product={evil}&version={evil}&weeks=99999");
    let admin = basic(ADMIN).unwrap();
    let headers = [("authorization", &*admin), ("accept", "text/html")];
    let (status, _, page) = with_headers(&server, &path, &headers).await;
    assert_eq!(status, 404);
    assert!(page.contains("&gt;&lt;script&gt;"), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");
    let long = "x".repeat(200);
    assert_eq!(get(&server, &format!("/?product={long}"), basic(ADMIN)).await.0.status(), 400);
    assert_eq!(get(&server, "/v1/counts?schema=none", basic(ADMIN)).await.0.status(), 404);
    assert_eq!(get(&server, "/?weeks=soon", basic(ADMIN)).await.0.status(), 400);
}
