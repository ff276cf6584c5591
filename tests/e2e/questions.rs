//! Fifty readers ask for as much as they can, all at once. The receiver stays small, and senders notice nothing.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::receiver::Ours;

const READERS: usize = 50;
/// How often each of them asks.
const ROUNDS: usize = 4;
/// What the receiver itself may take, in a debug build too.
const MEMORY_MAX_KIB: u64 = 128 * 1024;
/// What a report may take while they ask, on a machine that is busy with other tests as well.
const REPORT_WITHIN: Duration = Duration::from_secs(5);
/// As long as reports are kept.
const WEEKS: i64 = 12;
const PRODUCTS: usize = 80;
/// No answer takes longer.
const WITHIN: Duration = Duration::from_secs(60);

#[expect(clippy::disallowed_methods, reason = "the receiver has the clock of this machine")]
fn day(weeks_ago: i64) -> String {
    let ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(weeks_ago * 7 * 24);
    ago.strftime("%Y-%m-%d").to_string()
}

fn report(id: &str, product: usize, weeks_ago: i64, kind: usize) -> String {
    let size = 7_u64.pow(u32::try_from(kind).expect("a few kinds"));
    json!({
        "schema": "ktel/report", "schema_version": "1.0.0", "id": format!("{id:0>32}"),
        "day": day(weeks_ago), "product": {"name": format!("product-{product}"), "ktel": "0.1.0"},
        "form": "exact", "failures": [], "dropped": {}, "user": [],
        "schemas": {"cluster-state": {"schema": "ktel/cluster-state", "version": "1.0.0"}},
        "data": {"cluster-state": {
            "pods": size, "nodes": size, "services": size, "namespaces": size,
        }},
    })
    .to_string()
}

async fn send(address: SocketAddr, token: &str, path: &str, kind: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("it reads");
    stream.write_all(body.as_bytes()).await.expect("it reads");
    let mut answer = Vec::new();
    let read = timeout(WITHIN, stream.read_to_end(&mut answer)).await;
    read.expect("it answers in time").expect("it answers");
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no status: {answer:.100}"))
}

/// As many rows as an answer may have, much memory, and much time.
fn questions() -> [String; 4] {
    let all = "values_by_week AS a, values_by_week AS b";
    let five = "fields AS a, fields AS b, fields AS c, fields AS d, fields AS e";
    let wide = "a.why || b.why || c.why || d.why || e.why";
    [
        "SELECT * FROM values_by_week LIMIT 10000".to_owned(),
        format!(
            "SELECT a.word || b.word || a.week AS w, count(*) AS n FROM {all} GROUP BY w, a.product, b.product"
        ),
        format!("SELECT {wide} AS w FROM {five} ORDER BY w"),
        format!("SELECT count(*) AS n FROM {five}"),
    ]
}

#[test]
fn fifty_readers_who_ask_large_things_leave_the_receiver_small_and_senders_alone() {
    let ours = Ours::start();
    let (address, admin) = (ours.address(), ours.admin.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let statuses = runtime.block_on(async {
        for weeks_ago in 0..WEEKS {
            let of = |product: usize| (0..6).map(move |kind| (product, kind));
            let lines = (0..PRODUCTS).flat_map(of).map(|(product, kind)| {
                report(&format!("{weeks_ago}-{product}-{kind}"), product, weeks_ago, kind) + "\n"
            });
            let lines: String = lines.collect();
            let answer =
                send(address, &ours.token, "/v1/reports", "application/x-ndjson", &lines).await;
            assert_eq!(status(&answer), 200, "{answer}");
        }
        let mut readers = JoinSet::new();
        for reader in 0..READERS {
            let admin = admin.clone();
            readers.spawn(async move {
                let mut statuses = Vec::new();
                for round in 0..ROUNDS {
                    let sql = &questions()[(reader + round) % 4];
                    let body = json!({"sql": sql}).to_string();
                    let answer =
                        send(address, &admin, "/v1/query", "application/json", &body).await;
                    statuses.push(status(&answer));
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                statuses
            });
        }
        let mut slowest = Duration::ZERO;
        let mut sent = 0;
        let mut statuses = Vec::new();
        while !readers.is_empty() {
            let began = Instant::now();
            let body = report(&format!("meanwhile-{sent}"), 0, 0, 1);
            let answer = send(address, &ours.token, "/v1/reports", "application/json", &body).await;
            assert_eq!(status(&answer), 200, "{answer}");
            (slowest, sent) = (slowest.max(began.elapsed()), sent + 1);
            while let Some(ended) = readers.try_join_next() {
                statuses.extend(ended.expect("a reader ends"));
            }
        }
        assert!(slowest < REPORT_WITHIN, "a report took {slowest:?}");
        statuses
    });
    let (now, most) = (ours.memory_kib("VmRSS"), ours.memory_kib("VmHWM"));
    assert!(most < MEMORY_MAX_KIB, "{most} KiB at the most, {now} now");
    assert_eq!(statuses.len(), READERS * ROUNDS);
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    let known = count(200) + count(422) + count(503);
    assert_eq!(known, statuses.len(), "{statuses:?}");
    assert!(
        count(200) > 0 && count(422) > 0,
        "some are answered, some are too expensive: {statuses:?}"
    );
    // And it answers as before.
    let answer = runtime.block_on(async {
        let body = json!({"sql": "SELECT sum(number) AS n FROM by_week"}).to_string();
        send(address, &admin, "/v1/query", "application/json", &body).await
    });
    assert_eq!(status(&answer), 200, "{answer}");
}
