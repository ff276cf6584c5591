//! What may be asked, by whom, and what is written down of it.

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use ktel_server::anonymity::Population;
use ktel_server::audit::{AuditEntry, AuditSummary};
use ktel_server::query::groups::Sight;
use ktel_server::store::Place;
use ktel_server::{Catalog, Store};
use ktel_testkit::postgres::Postgres;
use serde_json::{Value, json};

use crate::charts::filled;
use crate::network::meddle;
use crate::routes::{ADMIN, READER, Server, TOKEN, report};
use crate::support::TODAY;
use crate::widgets::{COUNT, schema};

struct Asked {
    status: u16,
    media: String,
    body: String,
}

async fn send(
    server: &Server,
    request: http::request::Builder,
    token: &str,
    body: String,
) -> Asked {
    let request = request.header("authorization", format!("Bearer {token}"));
    let answer = server.answer(request.body(Body::from(body)).unwrap()).await;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let media = headers["content-type"].to_str().unwrap().to_owned();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    Asked { status, media, body: String::from_utf8(body.to_vec()).unwrap() }
}

async fn ask(server: &Server, token: &str, sql: &str) -> Asked {
    let body = json!({"sql": sql, "purpose": "planning"}).to_string();
    send(server, Request::post("/v1/query"), token, body).await
}

async fn look(server: &Server, token: &str, path: &str) -> Asked {
    send(server, Request::get(path), token, String::new()).await
}

const PODS: &str = "SELECT word, number FROM values_by_week WHERE field = 'pods' ORDER BY number";

#[tokio::test]
async fn a_reader_asks_of_large_groups_and_an_administrator_of_all() {
    let server = filled().await;
    for (token, rows) in
        [(READER, json!([["6-20", 10]])), (ADMIN, json!([["10001+", 3], ["6-20", 12]]))]
    {
        let Asked { status, body, .. } = ask(&server, token, PODS).await;
        assert_eq!(status, 200, "{body}");
        let expected = json!({"columns": ["word", "number"], "rows": rows});
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    }
    for (accept, expected) in [
        ("text/csv", "word,number\r\n6-20,10\r\n"),
        ("application/x-ndjson", "{\"word\":\"6-20\",\"number\":10}\n"),
    ] {
        let request = Request::post("/v1/query").header("accept", accept);
        let answer = send(&server, request, READER, json!({"sql": PODS}).to_string()).await;
        assert_eq!((answer.status, &*answer.body), (200, expected));
        assert!(answer.media.starts_with(accept), "{}", answer.media);
    }
}

#[tokio::test]
async fn nobody_asks_without_a_token_even_where_charts_are_public() {
    let server = filled().await.public();
    assert_eq!(ask(&server, "wrong", PODS).await.status, 401);
    assert_eq!(ask(&server, TOKEN, PODS).await.status, 403);
    for path in ["/v1/rows/ktel_cluster_state_v1", "/v1/audit"] {
        for (token, status) in [("wrong", 401), (TOKEN, 403), (READER, 403), (ADMIN, 200)] {
            assert_eq!(look(&server, token, path).await.status, status, "{path} {token}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_told_apart() {
    let server = filled().await;
    for (body, status, code) in [
        ("{}".to_owned(), 400, "malformed"),
        ("[".to_owned(), 400, "malformed"),
        (json!({"sql": "SELECT 1", "more": 1}).to_string(), 400, "malformed"),
        (json!({"sql": "SELECT 1\u{0}"}).to_string(), 400, "sql"),
        (json!({"sql": "SELEC"}).to_string(), 400, "sql"),
        (json!({"sql": "SELECT 1 AS a, 2 AS a"}).to_string(), 400, "columns"),
        (json!({"sql": "SELECT 1", "purpose": "x".repeat(201)}).to_string(), 400, "purpose"),
        (json!({"sql": "DELETE FROM by_week"}).to_string(), 403, "forbidden"),
        (json!({"sql": "SELECT 1 AS x FROM fields, fields, fields"}).to_string(), 422, "too_large"),
    ] {
        let answer = send(&server, Request::post("/v1/query"), READER, body.clone()).await;
        let error: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, &error["error"]["code"]), (status, &json!(code)), "{body}");
    }
    let request = Request::post("/v1/query").header("accept", "image/png");
    assert_eq!(send(&server, request, READER, "{}".into()).await.status, 406);
    let request = Request::post("/v1/query").header("content-type", "text/plain");
    assert_eq!(send(&server, request, READER, "{}".into()).await.status, 415);
    for (path, status) in [
        ("/v1/rows/sqlite_schema", 404),
        ("/v1/rows/ktel_tokens", 404),
        ("/v1/rows/%ff", 404),
        ("/v1/rows/ktel_records?limit=0", 400),
        ("/v1/rows/ktel_records?limit=x", 400),
    ] {
        assert_eq!(look(&server, ADMIN, path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn rows_are_for_administrators_newest_first() {
    let server = filled().await;
    let answer = look(&server, ADMIN, "/v1/rows/ktel_cluster_state_v1?limit=4").await;
    assert_eq!(answer.media, "application/x-ndjson");
    let pods = answer.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let pods: Vec<Value> = pods.map(|row| row["pods"].clone()).collect();
    assert_eq!(pods, [70_000, 70_000, 70_000, 7]);
    let records = look(&server, ADMIN, "/v1/rows/ktel_records?limit=1").await.body;
    assert!(records.contains("\"id\":\"0000000000000014\""), "{records}");
}

#[tokio::test]
async fn every_look_that_is_not_of_large_groups_on_a_chart_is_written_down() {
    let server = filled().await;
    ask(&server, READER, PODS).await;
    look(&server, READER, "/v1/counts?schema=ktel/cluster-state&field=pods").await;
    look(&server, ADMIN, "/v1/counts?schema=ktel/cluster-state&field=pods").await;
    look(&server, ADMIN, "/?product=acme").await;
    look(&server, ADMIN, "/v1/rows/ktel_cluster_state_v1?limit=4").await;
    // What is not answered needs no entry.
    ask(&server, READER, "DELETE FROM by_week").await;
    let book = look(&server, ADMIN, "/v1/audit").await.body;
    let looks: Vec<Value> = book.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen = |look: &Value| {
        let text = |key: &str| look[key].as_str().unwrap().to_owned();
        (text("role"), text("action"), text("request"), look["rows"].as_i64().unwrap())
    };
    let entry = |role: &str, action: &str, request: &str, rows| {
        (role.to_owned(), action.to_owned(), request.to_owned(), rows)
    };
    let expected = [
        entry("admin", "rows", "ktel_cluster_state_v1", 4),
        entry("admin", "charts", "authenticated, product acme, version any, 13 weeks", 0),
        entry("admin", "charts", "authenticated, product any, version any, 13 weeks", 3),
        entry("reader", "query", PODS, 1),
    ];
    assert_eq!(looks.iter().map(seen).collect::<Vec<_>>(), expected);
    assert_eq!(looks[0]["minute"], "2026-11-21T10:00:00Z");
    assert!(!book.contains(ADMIN) && !book.contains(READER), "a token stands in the book");
    // Reading the book is a look as well.
    let again = look(&server, ADMIN, "/v1/audit").await.body;
    assert!(again.lines().next().unwrap().contains("\"action\":\"audit\""), "{again}");
}

/// Asks for everything that is written down, while the book takes nothing and after it takes it again.
async fn check_that_nothing_is_shown(server: &Server, meddle: impl AsyncFn(bool)) {
    let body = report("0123456789abcdef", &json!(3)).to_string();
    assert_eq!(server.post("/v1/reports", body).await.0, 200);
    let chart = "/v1/counts?schema=ktel/cluster-state&field=pods";
    let everything = ["/v1/rows/ktel_cluster_state_v1", "/v1/audit", chart, "/"];
    meddle(true).await;
    for path in everything {
        let Asked { status, body, .. } = look(server, ADMIN, path).await;
        assert_store_error(path, status, &body);
    }
    for token in [READER, ADMIN] {
        let Asked { status, body, .. } = ask(server, token, PODS).await;
        assert_store_error("/v1/query", status, &body);
    }
    assert_eq!(look(server, READER, "/").await.status, 200, "nobody writes that down");
    meddle(false).await;
    for path in everything {
        assert_eq!(look(server, ADMIN, path).await.status, 200, "{path}");
    }
    assert_eq!(ask(server, READER, PODS).await.status, 200);
}

#[track_caller]
fn assert_store_error(path: &str, status: u16, body: &str) {
    let message = "the store does not answer; try again";
    let expected = json!({"error": {"code": "store", "message": message, "item": null}});
    let said: Value = serde_json::from_str(body).unwrap_or_default();
    assert_eq!((status, said), (503, expected), "{path}: {body}");
}

#[tokio::test]
async fn whoever_cannot_be_written_down_is_shown_nothing() {
    let keep = tempfile::tempdir().unwrap();
    let (place, file) = (Place::Folder(keep.path().into()), keep.path().join("telemetry.sqlite"));
    let server = Server::start_on(&place, keep).await;
    check_that_nothing_is_shown(&server, async |closes| {
        let sql = if closes {
            "CREATE TRIGGER closed BEFORE INSERT ON ktel_audit \
             BEGIN SELECT RAISE(ABORT, 'closed'); END"
        } else {
            "DROP TRIGGER closed"
        };
        rusqlite::Connection::open(&file).unwrap().execute_batch(sql).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_be_written_down_is_shown_nothing_on_postgres_either() {
    let postgres = Postgres::shared();
    let url = postgres.database();
    let server = Server::start_on(&url.parse().unwrap(), tempfile::tempdir().unwrap()).await;
    check_that_nothing_is_shown(&server, async |closes| {
        let sql = if closes {
            "ALTER TABLE ktel_audit ADD CONSTRAINT closed CHECK (false) NOT VALID"
        } else {
            "ALTER TABLE ktel_audit DROP CONSTRAINT closed"
        };
        meddle(&url, sql).await;
    })
    .await;
}

#[tokio::test]
async fn the_page_says_who_asks_and_what_for_and_repeats_no_question() {
    let server = filled().await;
    ask(&server, READER, PODS).await;
    ask(&server, READER, "SELECT 'a secret' AS x").await;
    let page = look(&server, "nobody", "/transparency").await;
    assert_eq!(page.status, 200);
    for part in ["reader", "a query over groups", "planning", "<td>2</td>", "90d", "25mo"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(!page.body.contains("a secret") && !page.body.contains("SELECT"), "{}", page.body);
}

#[tokio::test]
async fn a_question_sees_what_was_stored_a_moment_ago_soon() {
    let server = filled().await;
    let count = "SELECT sum(number) AS n FROM by_week";
    let first = ask(&server, READER, count).await.body;
    assert_eq!(
        server.post("/v1/reports", report("0123456789abcdef", &json!(3)).to_string()).await.0,
        200
    );
    assert_eq!(ask(&server, READER, count).await.body, first, "groups are made once for a while");
}

/// Shows what a store keeps of looks.
pub(crate) async fn audit_entries_expire(store: &Store) {
    let day = i64::from(ktel_server::record::day_number(TODAY)) * 24 * 60;
    let look = |minute: i64, purpose: &str| AuditEntry {
        minute,
        actor: "0123456789ab".into(),
        role: "reader".into(),
        action: "query".into(),
        request: "SELECT 1".into(),
        purpose: purpose.into(),
        rows: 1,
    };
    let looks = [look(day - 401 * 24 * 60, "old"), look(day, "new"), look(day + 3, "new")];
    for one in &looks {
        store.add_audit_entry(one.clone()).await.unwrap();
    }
    let newest_first = looks.iter().rev().cloned().collect::<Vec<_>>();
    assert_eq!(store.audit_log().await.unwrap(), newest_first);
    let uses = store.audit_summary(day - 7).await.unwrap();
    let expected = AuditSummary {
        role: "reader".into(),
        action: "query".into(),
        purpose: "new".into(),
        count: 2,
        last: day + 3,
    };
    assert_eq!(uses, [expected]);
    store.expire(TODAY).await.unwrap();
    assert_eq!(store.audit_log().await.unwrap(), &newest_first[..2]);
}

/// Shows that the same question has the same answer, whatever database keeps the counts.
pub(crate) async fn groups_are_made_of_counts_by_product(store: &Store) {
    let catalog = Catalog::new([schema("stats", "90d", COUNT, "")]).unwrap();
    let catalog = std::sync::Arc::new(catalog);
    let sql = "SELECT product, week, number FROM installs_by_week, by_week USING (schema, product, week) \
               ORDER BY product, week";
    let groups =
        ktel_server::query::groups::make(store, &catalog, Sight::Everything, TODAY).await.unwrap();
    let rows = groups.ask(sql).unwrap().rows;
    let mut products: Vec<&str> = rows.iter().filter_map(|row| row[0].as_str()).collect();
    products.dedup();
    assert_eq!(products, ["acme", "other"], "{rows:?}");
    let all: i64 = rows.iter().filter_map(|row| row[2].as_i64()).sum();
    let from = TODAY.checked_sub(jiff::ToSpan::days(60)).unwrap();
    let counts = store.counts_by_product(Population::Authenticated, (from, TODAY)).await.unwrap();
    let expected =
        counts.iter().filter(|(_, it)| it.schema == "acme/stats" && it.value.field.is_empty());
    assert_eq!(all, expected.map(|(_, it)| it.number).sum::<i64>());
    assert!(all > 10, "{all}");
}
