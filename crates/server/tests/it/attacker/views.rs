//! Everything that a reader can look at, and the numbers in it.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use ktel_server::Store;
use ktel_server::app::{App, ChartAccess, router};
use ktel_server::pair::pairs;
use ktel_server::query::tables::TABLES;
use ktel_server::site::site;
use ktel_server::store::Place;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::history::{CATALOG, PRODUCTS, SCHEMAS};
use crate::published::FLOOR;
use crate::routes::READER;
use crate::support::number;

thread_local! {
    /// The day of the receiver, in seconds. Each test has a thread of its own.
    static NOW: Cell<i64> = const { Cell::new(0) };
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW.get()).unwrap()
}

/// What one address shows: its status, its headers and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) address: String,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) text: String,
}

/// A reader of the receiver on a folder.
pub(super) struct Reader {
    app: Arc<App>,
    today: Date,
}

impl Reader {
    /// Starts a receiver on the folder, with a public page for each product. Nothing is cached yet.
    pub(super) async fn on(folder: &Path, today: Date) -> Self {
        NOW.set(today.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second());
        let store = Store::open(&Place::Folder(folder.into()), &CATALOG.tables()).unwrap();
        let app = App::new(CATALOG.clone(), store, now).await.unwrap();
        let floor = u32::try_from(FLOOR).unwrap();
        let app = app
            .with_chart_access(ChartAccess::Public, floor)
            .with_public_pages(PRODUCTS.map(str::to_owned).to_vec());
        Self { app: Arc::new(app), today }
    }

    /// Publishes what is due.
    pub(super) async fn publish(&self) {
        self.app.publish().await.unwrap();
    }

    /// Looks at everything. `dice` choose the product, the weeks and the population of each chart.
    pub(super) async fn see_all(&self, mut dice: u64) -> Vec<Seen> {
        let mut seen = Vec::new();
        for path in self.pages().into_iter().chain(self.charts(&mut dice)).chain(others()) {
            seen.push(self.get(&path).await);
        }
        for sql in queries() {
            for media in ["application/json", "text/csv", "application/x-ndjson"] {
                seen.push(self.ask(&sql, media).await);
            }
        }
        let catalog = Arc::new(CATALOG.clone());
        for file in site(self.app.store(), &catalog, self.today).await.unwrap() {
            let address = format!("site {}", file.path);
            seen.push(Seen { address, status: 200, headers: Vec::new(), text: file.text });
        }
        seen
    }

    /// The dashboard of each population, product and period.
    fn pages(&self) -> Vec<String> {
        let products = PRODUCTS.into_iter().chain(["nobody"]).map(Some).chain([None]);
        let of = |product: Option<&str>| {
            let product = product.map(|product| format!("&product={product}")).unwrap_or_default();
            let periods = self.periods();
            let of_period = move |period| format!("{period}{product}");
            periods.into_iter().map(of_period).collect::<Vec<_>>()
        };
        let all = products.flat_map(of);
        all.flat_map(|choice| {
            [format!("/?{choice}"), format!("/?{choice}&population=unauthenticated")]
        })
        .collect()
    }

    fn periods(&self) -> [String; 4] {
        let ago = |weeks: i64| self.today.checked_sub(weeks.weeks()).unwrap();
        [
            "weeks=1".to_owned(),
            "weeks=104".to_owned(),
            format!("from={}&to={}", ago(1), ago(1)),
            format!("from={}&to={}", ago(2), ago(1)),
        ]
    }

    /// Every chart of every schema in every form.
    fn charts(&self, dice: &mut u64) -> Vec<String> {
        let mut all = Vec::new();
        for entry in SCHEMAS.map(|id| CATALOG.find(id, None).unwrap()) {
            let fields = entry.schema.all_fields().map(|(path, _)| path);
            let pairs = pairs(&entry.schema).map(|pair| pair.name);
            let id = entry.schema.id();
            for field in fields.chain(pairs).chain([String::new(), "strange".to_owned()]) {
                let mut choice = vec![("schema", id.as_str()), ("field", field.as_str())];
                let product = number(dice, PRODUCTS.len() + 2);
                choice.extend(PRODUCTS.get(product).map(|product| ("product", *product)));
                let compared = number(dice, PRODUCTS.len() + 2);
                choice.extend(PRODUCTS.get(compared).map(|product| ("compare", *product)));
                choice.extend((number(dice, 4) == 0).then_some(("population", "unauthenticated")));
                choice.extend((number(dice, 2) == 0).then_some(("scale", "absolute")));
                choice.extend((number(dice, 9) == 0).then_some(("compare_version", "v0.1")));
                choice.extend((number(dice, 9) == 0).then_some(("version", "v0.1")));
                let choice = serde_urlencoded::to_string(choice).unwrap();
                let period = &self.periods()[number(dice, 4)];
                for path in ["/chart", "/chart.svg", "/embed", "/v1/counts", "/v1/series"] {
                    all.push(format!("{path}?{choice}&{period}"));
                }
                for path in ["/v1/counts", "/v1/series"] {
                    all.push(format!("{path}?{choice}&{period}&format=csv"));
                }
            }
        }
        all
    }

    async fn get(&self, path: &str) -> Seen {
        let request = Request::get(path).header("authorization", format!("Bearer {READER}"));
        self.send(path.to_owned(), request.body(Body::empty()).unwrap()).await
    }

    async fn ask(&self, sql: &str, media: &str) -> Seen {
        let request = Request::post("/v1/query")
            .header("authorization", format!("Bearer {READER}"))
            .header("accept", media);
        let body = json!({"sql": sql}).to_string();
        self.send(format!("{sql} as {media}"), request.body(body.into()).unwrap()).await
    }

    async fn send(&self, address: String, request: Request<Body>) -> Seen {
        let answer = router(Arc::clone(&self.app)).oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        let headers = parts.headers.iter().map(header).collect();
        Seen { address, status: parts.status.as_u16(), headers, text }
    }
}

/// Everything else that is answered to a reader, or to anybody.
fn others() -> Vec<String> {
    let fixed = [
        "/dictionary",
        "/transparency",
        "/openapi.json",
        "/login",
        "/readyz",
        "/healthz",
        "/metrics",
        "/v1/keys",
        "/v1/audit",
        "/v1/rows/ktel_records",
        "/v1/rows/ktel_counts",
        "/v1/rows/ktel_cluster_state_v1",
        "/services/collector/health",
        "/v1/counts",
    ];
    let public = PRODUCTS.into_iter().chain(["nobody"]).flat_map(|product| {
        [format!("/public/{product}"), format!("/public/{product}/values.csv")]
    });
    fixed.map(str::to_owned).into_iter().chain(public).collect()
}

/// Each table, and what is computed from several: what is missing from a total, and the change from week to week.
fn queries() -> Vec<String> {
    let mut all: Vec<String> =
        TABLES.iter().map(|table| format!("SELECT * FROM {table}")).collect();
    for prefix in ["", "unauthenticated_"] {
        all.push(format!(
            "SELECT t.schema, t.product, t.week, v.field, t.number - sum(v.number) AS number, \
             t.senders - sum(v.senders) AS senders FROM {prefix}by_week AS t \
             JOIN {prefix}values_by_week AS v ON t.schema = v.schema AND t.product = v.product \
             AND t.week = v.week GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        ));
        all.push(format!(
            "SELECT a.schema, a.product, a.week, a.field, a.word, b.number - a.number AS number \
             FROM {prefix}values_by_week AS a JOIN {prefix}values_by_week AS b \
             ON a.field = b.field AND a.word = b.word AND a.week < b.week ORDER BY 1, 2, 3, 4, 5, 6"
        ));
    }
    all.push(
        "SELECT a.number - b.number AS number FROM by_week AS a JOIN by_week AS b \
         ON a.week = b.week AND a.schema < b.schema ORDER BY 1"
            .to_owned(),
    );
    all
}

/// The numbers that programs read: in JSON, in CSV, and in the answers to queries.
pub(super) fn numbers(seen: &Seen) -> Vec<i64> {
    let Seen { address, status, text, .. } = seen;
    if *status != 200 {
        return Vec::new();
    }
    let is_chart = ["/v1/counts", "/v1/series"].iter().any(|path| address.starts_with(path));
    let is_csv = address.ends_with("format=csv") || address.ends_with("values.csv");
    if is_csv {
        let last = |line: &str| line.rsplit(',').next().and_then(|number| number.parse().ok());
        return text.lines().skip(1).filter_map(last).collect();
    }
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let rows = || value["rows"].as_array().into_iter().flatten();
    if is_chart {
        return rows().filter_map(|row| row["number"].as_i64()).collect();
    }
    if !address.ends_with("as application/json") {
        return Vec::new();
    }
    let columns = value["columns"].as_array().unwrap();
    let counts = ["number", "senders", "installations"];
    let is_count = |name: &Value| counts.contains(&name.as_str().unwrap());
    let at: Vec<usize> = (0..columns.len()).filter(|at| is_count(&columns[*at])).collect();
    rows().flat_map(|row| at.iter().filter_map(|at| row[*at].as_i64())).collect()
}
