//! What each route answers, and what is stored by then.

use std::io::Write;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use jiff::Timestamp;
use ktel_server::app::{App, ChartAccess, router};
use ktel_server::end_of_life::EndOfLife;
use ktel_server::store::Place;
use ktel_server::token::{Role, TokenRecord};
use ktel_server::{Catalog, Store};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::table;

pub(crate) const TOKEN: &str = "00000000-0000-4000-8000-000000000001";
pub(crate) const READER: &str = "00000000-0000-4000-8000-000000000002";
pub(crate) const ADMIN: &str = "00000000-0000-4000-8000-000000000003";

/// The answer to a request with these headers.
pub(crate) async fn with_headers(
    server: &Server,
    path: &str,
    headers: &[(&str, &str)],
) -> (u16, HeaderMap, String) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = server.answer(request.body(Body::empty()).unwrap()).await;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

pub(crate) struct Server {
    app: Arc<App>,
    keep: tempfile::TempDir,
}

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

impl Server {
    pub(crate) async fn start() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let place = Place::Folder(keep.path().into());
        Self::start_on(&place, keep).await
    }

    pub(crate) async fn start_on(place: &Place, keep: tempfile::TempDir) -> Self {
        Self::start_with(Catalog::built_in(), place, keep).await
    }

    pub(crate) async fn start_with(
        catalog: Catalog,
        place: &Place,
        keep: tempfile::TempDir,
    ) -> Self {
        let store = Store::open(place, &catalog.tables()).unwrap();
        for (token, role) in [(TOKEN, Role::Ingest), (READER, Role::Reader), (ADMIN, Role::Admin)] {
            store.add_token(TokenRecord::of(token, role, None)).await.unwrap();
        }
        for token in senders() {
            store.add_token(TokenRecord::of(&token, Role::Ingest, None)).await.unwrap();
        }
        let app = Arc::new(App::new(catalog, store, now).await.unwrap());
        Self { app, keep }
    }

    pub(crate) fn app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    pub(crate) fn store(&self) -> &Store {
        self.app.store()
    }

    /// Lets everybody look at the charts.
    pub(crate) fn public(self) -> Self {
        let Self { app, keep } = self;
        let app = Arc::into_inner(app).unwrap().with_chart_access(ChartAccess::Public, 10);
        Self { app: Arc::new(app), keep }
    }

    /// Shows everybody the page of a product.
    pub(crate) fn with_public_page(self, product: &str) -> Self {
        let Self { app, keep } = self;
        let app = Arc::into_inner(app).unwrap().with_public_pages(vec![product.to_owned()]);
        Self { app: Arc::new(app), keep }
    }

    /// Knows that a version is past its end of life.
    pub(crate) fn with_end_of_life(self, schema: &str, field: &str, version: &str) -> Self {
        let Self { app, keep } = self;
        let mut ends = EndOfLife::default();
        ends.add(schema, field, version, jiff::civil::date(2026, 11, 1));
        let app = Arc::into_inner(app).unwrap().with_end_of_life(ends);
        Self { app: Arc::new(app), keep }
    }

    /// The same folder a week later, with what is published by then.
    pub(crate) async fn a_week_later(self) -> Self {
        let Self { app, keep } = self;
        drop(app);
        let catalog = Catalog::built_in();
        let place = Place::Folder(keep.path().into());
        let store = Store::open(&place, &catalog.tables()).unwrap();
        let later = || "2026-11-28T10:00:00Z".parse().unwrap();
        let app = Arc::new(App::new(catalog, store, later).await.unwrap());
        app.publish().await.unwrap();
        Self { app, keep }
    }

    fn router(&self) -> Router {
        router(Arc::clone(&self.app))
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        self.router().oneshot(request).await.unwrap()
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> (u16, Value) {
        let answer = self.answer(request).await;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> (u16, Value) {
        self.post_as(TOKEN, path, body).await
    }

    pub(crate) async fn post_as(
        &self,
        token: &str,
        path: &str,
        body: impl Into<Body>,
    ) -> (u16, Value) {
        let scheme = if path.starts_with("/v1") { "Bearer" } else { "Splunk" };
        let request = Request::post(path)
            .header("authorization", format!("{scheme} {token}"))
            .body(body.into());
        self.ask(request.unwrap()).await
    }

    pub(crate) async fn pods(&self) -> Vec<Value> {
        let rows = self.app.store().rows(&table("ktel/cluster-state")).await.unwrap();
        rows.into_iter().map(|row| row["pods"].clone()).collect()
    }
}

/// The tokens of twenty senders, each of its own group.
pub(crate) fn senders() -> Vec<String> {
    let mut groups = std::collections::BTreeSet::new();
    let all = (0..).map(|number| format!("00000000-0000-4000-8000-0001{number:0>8}"));
    let apart =
        all.filter(|token| groups.insert(TokenRecord::of(token, Role::Ingest, None).group()));
    apart.take(20).collect()
}

pub(crate) fn report(id: &str, pods: &Value) -> Value {
    json!({
        "schema": "ktel/report", "schema_version": "1.0.0", "id": id, "day": "2026-11-21",
        "product": {"ktel": "0.1.0"}, "form": "exact",
        "schemas": {"cluster-state": {"schema": "ktel/cluster-state", "version": "1.0.0"}},
        "failures": [], "omitted": {}, "user": [], "data": {"cluster-state": {"pods": pods}},
    })
}

#[tokio::test]
async fn everything_that_is_rejected_or_omitted_is_counted_with_its_reason() {
    let server = Server::start().await;
    let good = report("0123456789abcdef", &json!(3));
    let mut half = report("0123456789abcde0", &json!(3));
    half["schemas"]["strange"] = json!({"schema": "acme/strange", "version": "1.0.0"});
    half["data"]["strange"] = json!({"x": 1});
    half["data"]["cluster-state"]["hostname"] = json!("db.internal");
    half["data"]["cluster-state"]["nodes"] = json!("many");
    let mut strange = report("0123456789abcde1", &json!(3));
    strange["schema"] = json!("acme/strange");
    let lines = format!("{good}\n{half}\n{strange}\nno JSON\n{good}\n");
    let request = Request::post("/v1/reports")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/x-ndjson");
    let (status, answer) = server.ask(request.body(Body::from(lines)).unwrap()).await;
    assert_eq!(status, 200, "{answer}");
    server.post("/services/collector", r#"{"event": {"strange": {}}}"#).await;
    let wrong = Request::post("/v1/reports").header("authorization", "Bearer wrong");
    server.ask(wrong.body(Body::from("{}")).unwrap()).await;
    let metrics = Request::get("/metrics").header("authorization", format!("Bearer {ADMIN}"));
    let metrics = server.answer(metrics.body(Body::empty()).unwrap()).await;
    let metrics = metrics.into_body().collect().await.unwrap().to_bytes();
    let metrics = String::from_utf8(metrics.to_vec()).unwrap();
    let is_ours = |line: &&str| line.starts_with("ktel_server_");
    let samples: Vec<&str> = metrics.lines().filter(is_ours).collect();
    assert!(metrics.contains("ktel_build_info{version="), "{metrics}");
    let expected = [
        "ktel_server_items_total{result=\"stored\"} 2",
        "ktel_server_items_total{result=\"repeated\"} 1",
        "ktel_server_items_total{result=\"rejected\"} 4",
        "ktel_server_rejected_items_total{reason=\"malformed\"} 1",
        "ktel_server_rejected_items_total{reason=\"unknown_schema\"} 3",
        "ktel_server_omitted_values_total{reason=\"undeclared\"} 1",
        "ktel_server_omitted_values_total{reason=\"wrong_type\"} 1",
        "ktel_server_http_responses_total{code=\"200\"} 1",
        "ktel_server_http_responses_total{code=\"400\"} 1",
        "ktel_server_http_responses_total{code=\"401\"} 1",
    ];
    assert_eq!(samples, expected, "{metrics}");
}

#[tokio::test]
async fn a_report_is_stored_before_it_is_answered_and_once() {
    let server = Server::start().await;
    let body = report("0123456789abcdef", &json!(3)).to_string();
    let (status, answer) = server.post("/v1/reports", body.clone()).await;
    assert_eq!((status, &answer["stored"]), (200, &json!(1)), "{answer}");
    assert_eq!(server.pods().await, [3]);
    let (status, answer) = server.post("/v1/reports", body).await;
    assert_eq!((status, &answer["repeated"]), (200, &json!(1)), "{answer}");
    assert_eq!(server.pods().await, [3]);
}

#[tokio::test]
async fn one_bad_item_never_sinks_the_others() {
    let server = Server::start().await;
    let lines = format!(
        "{}\nnot json\n{}\n{}\n",
        report("0123456789abcdef", &json!(1)),
        json!({"schema": "acme/unknown"}),
        report("1123456789abcdef", &json!(2)),
    );
    let request = Request::post("/v1/reports")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/x-ndjson");
    let (status, answer) = server.ask(request.body(lines.into()).unwrap()).await;
    assert_eq!((status, &answer["stored"]), (200, &json!(2)), "{answer}");
    let rejected = answer["rejected"].as_array().unwrap();
    let places: Vec<_> = rejected.iter().map(|it| (&it["item"], &it["code"])).collect();
    let expected = [(&json!(1), &json!("malformed")), (&json!(2), &json!("unknown_schema"))];
    assert_eq!(places, expected);
    assert_eq!(server.pods().await, [2, 1]);
}

#[tokio::test]
async fn every_rejected_request_has_its_status_and_stores_nothing() {
    let server = Server::start().await;
    let good = || report("0123456789abcdef", &json!(3)).to_string();
    let request = |path: &str| Request::post(path);
    let signed = |path: &str| request(path).header("authorization", format!("Bearer {TOKEN}"));
    let table: Vec<(u16, http::request::Builder, Body)> = vec![
        (401, request("/v1/reports"), good().into()),
        (401, request("/v1/reports").header("authorization", "Bearer wrong"), good().into()),
        (401, request("/v1/reports").header("authorization", TOKEN), good().into()),
        (
            403,
            request("/v1/reports").header("authorization", format!("Bearer {READER}")),
            good().into(),
        ),
        (404, signed("/v1/nothing"), good().into()),
        (405, Request::get("/v1/reports"), Body::empty()),
        (413, signed("/v1/reports").header("content-length", "99999999"), good().into()),
        (413, signed("/v1/reports"), vec![b' '; 4 * 1024 * 1024 + 1].into()),
        (415, signed("/v1/reports").header("content-type", "text/plain"), good().into()),
        (415, signed("/v1/reports").header("content-encoding", "br"), good().into()),
        (400, signed("/v1/reports").header("content-encoding", "gzip"), good().into()),
        (400, signed("/v1/reports"), "{\"schema\":\n oops}".into()),
        (422, signed("/v1/reports"), json!({"schema": "acme/unknown"}).to_string().into()),
    ];
    for (expected, request, body) in table {
        let request = request.body(body).unwrap();
        let shown = format!("{request:?}");
        let (status, answer) = server.ask(request).await;
        assert_eq!(status, expected, "{shown}: {answer}");
        assert!(answer["error"]["code"].is_string(), "{shown}: {answer}");
    }
    assert!(server.pods().await.is_empty());
}

#[tokio::test]
async fn bad_json_is_answered_with_its_position() {
    let (status, answer) = Server::start().await.post("/v1/reports", "{\"a\": 1,\n  oops}").await;
    assert_eq!((status, &answer["error"]["line"]), (400, &json!(2)), "{answer}");
    assert_eq!(answer["error"]["column"], 3, "{answer}");
}

#[tokio::test]
async fn a_body_may_come_as_gzip() {
    let server = Server::start().await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(report("0123456789abcdef", &json!(3)).to_string().as_bytes()).unwrap();
    let request = Request::post("/v1/reports")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-encoding", "gzip");
    let (status, _) = server.ask(request.body(encoder.finish().unwrap().into()).unwrap()).await;
    assert_eq!((status, server.pods().await), (200, vec![json!(3)]));
}

#[tokio::test]
async fn the_collector_answers_by_splunks_table() {
    let server = Server::start().await;
    let good = json!({"time": 1, "source": "acme", "event": {"cluster-state": {"pods": 5}}});
    for (body, status, code) in [
        (good.to_string(), 200, 0),
        (format!("[{good},{good}]"), 200, 0),
        (String::new(), 400, 5),
        ("{".to_owned(), 400, 6),
        (r#"{"event": {"message": "hello"}}"#.to_owned(), 400, 6),
        (r#"{"time": 1}"#.to_owned(), 400, 12),
        (r#"{"event": " "}"#.to_owned(), 400, 13),
    ] {
        let (got, answer) = server.post("/services/collector/event", body.clone()).await;
        assert_eq!((got, &answer["code"]), (status, &json!(code)), "{body}: {answer}");
    }
    assert_eq!(server.pods().await, [5, 5, 5]);
    let both = format!("{good}{{\"time\":1}}{good}");
    let (_, answer) = server.post("/services/collector", both).await;
    assert_eq!(answer["invalid-event-number"], 1, "{answer}");
    assert_eq!(server.pods().await.len(), 5, "what stands behind a bad event is stored too");
    for (header, status, code) in
        [(None, 401, 2), (Some("Bearer x"), 401, 3), (Some("Splunk x"), 403, 4)]
    {
        let request = Request::post("/services/collector");
        let request =
            header.into_iter().fold(request, |it, value| it.header("authorization", value));
        let (got, answer) = server.ask(request.body(good.to_string().into()).unwrap()).await;
        assert_eq!((got, &answer["code"]), (status, &json!(code)), "{header:?}: {answer}");
    }
}

#[tokio::test]
async fn the_process_says_how_it_is() {
    let server = Server::start().await;
    for path in ["/healthz", "/readyz", "/services/collector/health"] {
        let (status, _) = server.ask(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(status, 200, "{path}");
    }
}

#[tokio::test]
async fn metrics_count_single_reports_so_readers_do_not_see_them() {
    let server = Server::start().await;
    for (token, expected) in
        [(None, 401), (Some(TOKEN), 403), (Some(READER), 403), (Some(ADMIN), 200)]
    {
        let request = Request::get("/metrics");
        let request = token.into_iter().fold(request, |request, token| {
            request.header("authorization", format!("Bearer {token}"))
        });
        let answer = server.answer(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), expected, "{token:?}");
    }
    let page = async |token: &str| {
        let request = Request::get("/").header("authorization", format!("Bearer {token}"));
        let answer = server.answer(request.body(Body::empty()).unwrap()).await;
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    };
    let counters = "repeated (already stored)";
    assert!(page(ADMIN).await.contains(counters));
    assert!(!page(READER).await.contains(counters));
}
