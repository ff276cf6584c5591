//! Fifty readers and ten administrators ask for as much as they can, all at once. The receiver stays small, senders
//! notice nothing, and readers see published numbers only.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use ktel_server::token::{Role, TokenRecord};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::receiver::Ours;

const READERS: usize = 50;
const ADMINISTRATORS: usize = 10;
/// What the receiver itself may take, in a debug build too.
const MEMORY_MAX_KIB: u64 = 128 * 1024;
/// What a report may take while they ask, on a machine that is busy with other tests as well.
const REPORT_WITHIN: Duration = Duration::from_secs(5);
/// As long as reports are kept.
const WEEKS: i64 = 12;
const PRODUCTS: usize = 80;
/// How many senders of each product there are, with a token each: a table needs ten without one of them.
const SENDERS: usize = 12;
/// Published numbers are multiples of it.
const FLOOR: i64 = 10;
const READER: &str = "00000000-0000-4000-8000-000000000002";
/// How long it takes until all have an answer: two are answered at once, and most take a second.
const ANSWERED_WITHIN: Duration = Duration::from_secs(240);
/// No answer takes longer.
const WITHIN: Duration = Duration::from_secs(60);

#[expect(clippy::disallowed_methods, reason = "the receiver has the clock of this machine")]
fn day(weeks_ago: i64) -> String {
    let ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(weeks_ago * 7 * 24);
    ago.strftime("%Y-%m-%d").to_string()
}

fn report(id: &str, product: usize, weeks_ago: i64) -> String {
    let size = 7_u64.pow(u32::try_from(product % 6).expect("a few sizes"));
    json!({
        "schema": "ktel/report", "schema_version": "1.0.0", "id": format!("{id:0>32}"),
        "day": day(weeks_ago), "product": {"name": format!("product-{product}"), "ktel": "0.1.0"},
        "form": "exact", "failures": [], "omitted": {}, "user": [],
        "schemas": {"cluster-state": {"schema": "ktel/cluster-state", "version": "1.0.0"}},
        "data": {"cluster-state": {
            "pods": size, "nodes": size, "services": size, "namespaces": size,
        }},
    })
    .to_string()
}

/// The tokens of the senders, each of its own group.
fn senders() -> Vec<String> {
    let mut groups = BTreeSet::new();
    let all = (0..).map(|number| format!("00000000-0000-4000-8000-0001{number:0>8}"));
    let apart =
        all.filter(|token| groups.insert(TokenRecord::of(token, Role::Ingest, None).group()));
    apart.take(SENDERS).collect()
}

/// Every sender reports each product in each week.
async fn fill(address: SocketAddr, senders: &[String]) {
    for (sender, token) in senders.iter().enumerate() {
        for weeks_ago in 0..WEEKS {
            let line = |product| {
                report(&format!("{weeks_ago}-{product}-{sender}"), product, weeks_ago) + "\n"
            };
            let lines: String = (0..PRODUCTS).map(line).collect();
            let answer = send(address, token, "/v1/reports", "application/x-ndjson", &lines).await;
            assert_eq!(status(&answer), 200, "{answer}");
        }
    }
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

async fn ask(address: SocketAddr, token: &str, sql: &str) -> String {
    send(address, token, "/v1/query", "application/json", &json!({"sql": sql}).to_string()).await
}

/// The rows of an answer.
fn rows(answer: &str) -> Vec<Value> {
    let (_head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    body["rows"].as_array().expect("rows").clone()
}

/// Waits until a reader sees every week of every product but the running one, whose tables are one step late.
async fn until_published(address: SocketAddr) {
    let expected = i64::try_from(PRODUCTS).expect("a few") * (WEEKS - 1);
    let deadline = Instant::now() + WITHIN;
    let sql = "SELECT count(*) AS n FROM by_week";
    loop {
        let answer = ask(address, READER, sql).await;
        let shown = if status(&answer) == 200 { rows(&answer)[0][0].as_i64() } else { None };
        if shown == Some(expected) {
            return;
        }
        assert!(Instant::now() < deadline, "{shown:?} tables of {expected} are published");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Asks a question until it is answered, and gives the statuses. A reader sees multiples of the floor.
async fn asks(address: SocketAddr, token: String, number: usize) -> Vec<u16> {
    let (which, deadline) = (number % 4, Instant::now() + ANSWERED_WITHIN);
    let mut statuses = Vec::new();
    loop {
        let answer = ask(address, &token, &questions()[which]).await;
        statuses.push(status(&answer));
        if status(&answer) != 503 {
            if which == 0 && token == READER {
                check_rows(&rows(&answer));
            }
            return statuses;
        }
        assert!(Instant::now() < deadline, "no answer for {token} to question {which}");
        // As its `Retry-After` says, but for the impatient.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn check_rows(rows: &[Value]) {
    assert!(!rows.is_empty(), "published numbers");
    for number in rows.iter().flat_map(|row| [&row[6], &row[7]]) {
        assert_eq!(number.as_i64().map(|number| number % FLOOR), Some(0), "{number}");
    }
}

/// Sends reports while readers ask, and gives the statuses of their answers and how long a report took.
async fn send_meanwhile(
    address: SocketAddr,
    senders: &[String],
    mut asking: JoinSet<(bool, Vec<u16>)>,
) -> (Vec<(bool, Vec<u16>)>, Duration) {
    let (mut slowest, mut sent, mut statuses) = (Duration::ZERO, 0, Vec::new());
    while !asking.is_empty() {
        let began = Instant::now();
        // Of earlier weeks, so that tables are published meanwhile.
        let weeks_ago = i64::try_from(sent % 4).expect("a few");
        let body = report(&format!("meanwhile-{sent}"), sent % 3, weeks_ago);
        let token = &senders[sent % SENDERS];
        let answer = send(address, token, "/v1/reports", "application/json", &body).await;
        assert_eq!(status(&answer), 200, "{answer}");
        (slowest, sent) = (slowest.max(began.elapsed()), sent + 1);
        while let Some(ended) = asking.try_join_next() {
            statuses.push(ended.expect("a reader ends"));
        }
    }
    (statuses, slowest)
}

#[test]
fn fifty_readers_who_ask_large_things_leave_the_receiver_small_and_senders_alone() {
    let ours = Ours::start();
    let (address, senders) = (ours.address(), senders());
    ours.add_token(READER, Role::Reader);
    senders.iter().for_each(|token| ours.add_token(token, Role::Ingest));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (statuses, slowest) = runtime.block_on(async {
        fill(address, &senders).await;
        until_published(address).await;
        let mut asking = JoinSet::new();
        for number in 0..READERS {
            asking.spawn(async move { (false, asks(address, READER.to_owned(), number).await) });
        }
        for number in 0..ADMINISTRATORS {
            let admin = ours.admin.clone();
            asking.spawn(async move { (true, asks(address, admin, number).await) });
        }
        send_meanwhile(address, &senders, asking).await
    });
    assert!(slowest < REPORT_WITHIN, "a report took {slowest:?}");
    let (now, most) = (ours.memory_kib("VmRSS"), ours.memory_kib("VmHWM"));
    assert!(most < MEMORY_MAX_KIB, "{most} KiB at the most, {now} now");
    for (is_admin, asked) in [(false, READERS), (true, ADMINISTRATORS)] {
        let all = statuses.iter().filter(|(of_admin, _)| *of_admin == is_admin);
        let all: Vec<u16> = all.flat_map(|(_, statuses)| statuses.iter().copied()).collect();
        let count = |wanted: u16| all.iter().filter(|status| **status == wanted).count();
        // Each has an answer: some are too expensive, and no more than two are answered at once.
        assert_eq!(count(200) + count(422), asked, "{all:?}");
        assert!(count(200) > 0 && count(422) > 0, "{all:?}");
        assert_eq!(count(503), all.len() - asked, "{all:?}");
        assert!(count(503) > 0 || is_admin, "{all:?}");
    }
    // And it answers as before, an administrator too.
    for (token, is_reader) in [(READER, true), (&*ours.admin, false)] {
        let sql = "SELECT sum(number) AS n FROM by_week";
        let answer = runtime.block_on(ask(address, token, sql));
        assert_eq!(status(&answer), 200, "{answer}");
        let sum = rows(&answer)[0][0].as_i64().expect("a number");
        assert!(sum > 0 && (!is_reader || sum % FLOOR == 0), "{sum}");
    }
}
