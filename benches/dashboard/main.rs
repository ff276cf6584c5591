//! How long does the dashboard take on ten million reports? Prints budgets and writes them to
//! `benches/dashboard.md`.
//!
//! The store is filled by the store's own `append_all`, so counts are what a receiver keeps; they are
//! then compared with a look at every row. The page is asked for over HTTP. Budget: 300 ms.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use ktel_server::app::{App, router};
use ktel_server::record::{Record, RecordKey, Section, Source};
use ktel_server::store::Place;
use ktel_server::tally::Tally;
use ktel_server::token::{Role, TokenRecord};
use ktel_server::{Catalog, Store, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// How many reports there are; a smaller number for a first look.
const REPORTS: u64 = 10_000_000;
const FEWER: &str = "KTEL_BENCH_REPORTS";
/// How many are stored with one sync.
const BATCH: u64 = 2000;
/// The day of the dashboard.
const TODAY: Date = date(2026, 11, 21);
/// Over how many days reports are spread: as long as they are kept.
const DAYS: u64 = 90;
/// How often each page is asked for.
const ROUNDS: usize = 21;
const BUDGET: Duration = Duration::from_millis(300);
const TOKEN: &str = "00000000-0000-4000-8000-000000000003";
const SCHEMA: &str = "ktel/cluster-state";

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("a time")
}

fn main() -> anyhow::Result<()> {
    let reports = match std::env::var(FEWER) {
        Ok(text) => text.parse().with_context(|| format!("read {FEWER}"))?,
        Err(_) => REPORTS,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let page = runtime.block_on(run(reports))?;
    if reports == REPORTS {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboard.md"), &page)?;
    }
    show(&page);
    Ok(())
}

async fn run(reports: u64) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let catalog = Catalog::built_in();
    let store = Store::open(&Place::Folder(folder.path().into()), &catalog.tables())?;
    store.add_token(TokenRecord::of(TOKEN, Role::Reader, None)).await?;
    let began = Instant::now();
    fill(&store, &catalog, reports).await?;
    let filled = began.elapsed();
    let bytes = std::fs::metadata(folder.path().join("telemetry.sqlite"))?.len();
    let scanned = scan(folder.path())?;
    let app = Arc::new(App::new(catalog, store, now).await?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let stop = CancellationToken::new();
    let asking = async {
        let asked = ask(&address).await;
        stop.cancel();
        asked
    };
    let (asked, served) = tokio::join!(asking, serve::serve(router(app), listener, stop.clone()));
    served?;
    let Asked { times, kept } = asked?;
    let same = kept == scanned.buckets && scanned.rows == reports;
    let mut page = String::from(
        "# Bench of the dashboard

Written by `make bench`. Times are of one machine with two cores on one day.

",
    );
    let million = bytes / 1_000_000;
    let rows = scanned.rows;
    writeln!(
        page,
        "{rows} rows of reports in SQLite, {million} MB, stored in {:.0} s; the look at all of them took {:.1} s.\n",
        filled.as_secs_f64(),
        scanned.took.as_secs_f64()
    )?;
    page += "| what | budget | measured | holds |\n|---|---|---|---|\n";
    for (what, mut all) in times {
        all.sort();
        let (median, worst) = (all[all.len() / 2], all[all.len() - 1]);
        let holds = if worst < BUDGET { "yes" } else { "**no**" };
        writeln!(
            page,
            "| {what}, median and worst of {ROUNDS} | {} ms | {:.1} ms, {:.1} ms | {holds} |",
            BUDGET.as_millis(),
            median.as_secs_f64() * 1000.0,
            worst.as_secs_f64() * 1000.0
        )?;
    }
    let verdict = if same { "yes" } else { "**no**" };
    writeln!(page, "| the chart's numbers are those of a look at every row | - | - | {verdict} |")?;
    Ok(page)
}

/// Stores reports of clusters of all sizes, day by day.
async fn fill(store: &Store, catalog: &Catalog, reports: u64) -> anyhow::Result<()> {
    let entry = catalog.find(SCHEMA, None).context("it is built in")?;
    // What one report says does not depend on its day, so few are worked out and many are stored.
    let kinds: Vec<(Section, Tally)> = (0..64_u64)
        .map(|kind| {
            let raw = json!({"pods": 7_u64.pow(u32::try_from(kind % 6).unwrap_or(0)) + kind,
                "nodes": kind * 3, "services": kind * 5, "namespaces": kind});
            let raw = raw.as_object().cloned().unwrap_or_default();
            let sent =
                entry.schema.apply(&raw, ktel_model::standard::schema::Form::Exact, TODAY).sent;
            let mut tally = Tally::default();
            tally.add(&entry.schema, None, &sent, TODAY);
            let (cells, items) = entry.table.row(&sent);
            (Section { table: Arc::clone(&entry.table), cells, items }, tally)
        })
        .collect();
    let record = |number: u64| -> anyhow::Result<Record> {
        let back = DAYS - 1 - number * DAYS / reports;
        let day = TODAY.checked_sub(i64::try_from(back)?.days())?;
        let (section, tally) = &kinds[usize::try_from(number % 61 + number % 4)?];
        Ok(Record {
            key: RecordKey { day, id: format!("{number:016x}") },
            received: day,
            product: Some(["gateway", "mesh", "ingress"][usize::try_from(number % 3)?].to_owned()),
            source: Source::Report,
            authenticated: true,
            token_group: 0,
            sections: vec![section.clone()],
            tally: tally.clone(),
        })
    };
    let mut first = 0;
    while first < reports {
        let some = (first..reports.min(first + BATCH)).map(record);
        for stored in store.append_all(some.collect::<Result<_, _>>()?).await? {
            stored?;
        }
        first += BATCH;
    }
    Ok(())
}

/// What stands in the rows themselves.
struct Scanned {
    rows: u64,
    /// How many clusters of the last 13 weeks have so many pods.
    buckets: Vec<(String, i64)>,
    took: Duration,
}

fn scan(folder: &Path) -> anyhow::Result<Scanned> {
    let began = Instant::now();
    let connection = rusqlite::Connection::open(folder.join("telemetry.sqlite"))?;
    let rows: i64 =
        connection.query_row("SELECT count(*) FROM ktel_cluster_state_v1", [], |row| row.get(0))?;
    let asked = "SELECT CASE WHEN pods = 0 THEN '0' WHEN pods = 1 THEN '1' WHEN pods <= 5 THEN '2-5' \
                 WHEN pods <= 20 THEN '6-20' WHEN pods <= 100 THEN '21-100' \
                 WHEN pods <= 1000 THEN '101-1000' WHEN pods <= 10000 THEN '1001-10000' \
                 ELSE '10001+' END AS word, count(*) FROM ktel_cluster_state_v1 GROUP BY word ORDER BY word";
    let mut statement = connection.prepare(asked)?;
    let buckets = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let buckets = buckets.collect::<Result<Vec<_>, _>>()?;
    Ok(Scanned { rows: u64::try_from(rows)?, buckets, took: began.elapsed() })
}

struct Asked {
    times: Vec<(&'static str, Vec<Duration>)>,
    kept: Vec<(String, i64)>,
}

async fn ask(address: &str) -> anyhow::Result<Asked> {
    let mut times = Vec::new();
    for (what, path) in [
        ("the page of 13 weeks", "/"),
        ("the page of one product and 52 weeks", "/?product=gateway&weeks=52"),
        ("the numbers of one chart", "/v1/counts?schema=ktel/cluster-state&field=pods"),
    ] {
        let mut all = Vec::new();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            get(address, path).await?;
            all.push(began.elapsed());
        }
        times.push((what, all));
    }
    let body = get(address, "/v1/counts?schema=ktel/cluster-state&field=pods&weeks=52").await?;
    let body: Value = serde_json::from_str(&body).context("read the numbers")?;
    let rows = body["rows"].as_array().context("there are rows")?.iter();
    let row = |row: &Value| Some((row["word"].as_str()?.to_owned(), row["number"].as_i64()?));
    let mut kept: Vec<(String, i64)> = rows.filter_map(row).collect();
    kept.sort();
    Ok(Asked { times, kept })
}

/// Gives the body of an answer, asked for as by somebody who comes for the first time.
async fn get(address: &str, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer has a head")?;
    anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
    Ok(body.to_owned())
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn show(page: &str) {
    println!("{page}");
}
