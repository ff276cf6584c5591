//! The exporter beside the OpenTelemetry Collector: the same samples, the same store, the same receiver. Prints a table and
//! writes it to `benches/exporter.md`.
//!
//! `KTEL_BENCH_SERIES` sets how many series there are: 1 million by default. `KTEL_BENCH_ROUNDS` sets how often each contestant
//! runs, 3 by default; they take turns. With `KTEL_BENCH_ONLY` only those run whose name has this text, and no page is written;
//! `fleet` is the bench of many Exporters on one replica.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its table")]

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use bytes::Bytes;
use ktel_testkit::ports::TcpPort;
use ktel_testkit::real;

use contestants::Contestant;
use outcome::Outcome;
use process::{Process, Used};
use receiver::{Arrived, Counts};
use scene::{SAMPLES, Scene};

mod contestants;
mod data;
mod fleet;
mod outcome;
mod page;
mod process;
mod receiver;
mod scene;

/// Nothing arrived for so long: nothing will.
const SILENCE: Duration = Duration::from_secs(20);
/// The longest run of one contestant.
const RUN_MAX: Duration = Duration::from_secs(600);

#[expect(clippy::disallowed_methods, reason = "the samples are of the last minutes")]
fn main() -> anyhow::Result<()> {
    // `cargo test --benches` runs it too; then it has nothing to say.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let series = match std::env::var("KTEL_BENCH_SERIES") {
        Ok(text) => text.parse().context("KTEL_BENCH_SERIES is a number")?,
        Err(_) => 1_000_000,
    };
    let rounds: usize = match std::env::var("KTEL_BENCH_ROUNDS") {
        Ok(text) => text.parse().context("KTEL_BENCH_ROUNDS is a number")?,
        Err(_) => 3,
    };
    let only = std::env::var("KTEL_BENCH_ONLY").unwrap_or_default();
    if only == "fleet" {
        return fleet::run();
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let [program] = real::require(["victoria-metrics"]);
    let port = TcpPort::hold()?;
    let address = SocketAddr::from(([127, 0, 0, 1], port.number()));
    let mut command = Command::new(program);
    command
        .arg(format!("-storageDataPath={}", folder.path().join("store").display()))
        .arg(format!("-httpListenAddr={address}"))
        .args(["-retentionPeriod=1y", "-search.maxFederateSeries=10000000"])
        .args(["-search.maxUniqueTimeseries=10000000", "-search.maxExportDuration=10m"]);
    let _store = Process::start(&mut command, &folder.path().join("store.log"))?;
    let listens = || std::net::TcpStream::connect(address).is_ok();
    ktel_testkit::wait::until("VictoriaMetrics listens", Duration::from_secs(30), listens);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    // A whole minute, two minutes ago: nothing of it is still on its way.
    let start_ms = (u64::try_from(now.as_millis())? / 60_000 - 3) * 60_000;
    let store = format!("http://{address}");
    let scene = Scene { folder, store, series, start_ms };
    eprintln!("writing {} samples", series * SAMPLES);
    runtime.block_on(data::import(&scene.store, series, start_ms))?;
    flush(&runtime, &scene.store)?;

    let takes_part = |one: &Contestant| only.is_empty() || one.name().contains(&only);
    let contestants: Vec<Contestant> = Contestant::ALL.into_iter().filter(takes_part).collect();
    let mut outcomes: Vec<Vec<Outcome>> = contestants.iter().map(|_| Vec::new()).collect();
    for round in 1..=rounds {
        for (contestant, outcomes) in contestants.iter().zip(&mut outcomes) {
            eprintln!("round {round}: {}", contestant.name());
            outcomes.push(run(&runtime, &scene, *contestant)?);
        }
    }
    let medians: Vec<(Contestant, Outcome)> = contestants
        .into_iter()
        .zip(outcomes)
        .filter_map(|(contestant, outcomes)| Some((contestant, median(outcomes)?)))
        .collect();
    let text = page::page(&medians, series, rounds)?;
    println!("{text}");
    if only.is_empty() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("exporter.md"), text)?;
        fleet::run()?;
    }
    Ok(())
}

/// Gives the run whose CPU time a point is in the middle.
fn median(mut outcomes: Vec<Outcome>) -> Option<Outcome> {
    outcomes.sort_by(|one, other| one.cpu_a_million().total_cmp(&other.cpu_a_million()));
    let middle = outcomes.len() / 2;
    (middle < outcomes.len()).then(|| outcomes.swap_remove(middle))
}

/// Makes what was written visible to readers.
fn flush(runtime: &tokio::runtime::Runtime, store: &str) -> anyhow::Result<()> {
    let url = format!("{store}/internal/force_flush").parse()?;
    let trust = ktel_delivery::tls::Trust::default();
    let client = ktel_delivery::http::Client::with(&url, &trust, Default::default())?;
    let reply = runtime.block_on(client.get(url, http::HeaderMap::new(), Duration::ZERO));
    reply.map(drop).map_err(|fault| anyhow::anyhow!("flush: {fault:?}"))
}

fn run(
    runtime: &tokio::runtime::Runtime,
    scene: &Scene,
    contestant: Contestant,
) -> anyhow::Result<Outcome> {
    let (receiver, counts) = receiver::start()?;
    let log = scene.folder.path().join(format!("{}.log", contestant.name().replace(' ', "-")));
    let expected = contestant.expected(scene);
    let started = contestant.start(scene, receiver, &log)?;
    let began = Instant::now();
    let (mut process, input) = started;
    let outcome = match input {
        Some(input) => {
            let requests = data::requests(scene.series.min(200_000), 1_000, scene.start_ms)?;
            runtime.block_on(feed(input, &requests, expected))?;
            watch(&mut process, &counts, expected, began)?
        }
        None => watch(&mut process, &counts, expected, began)?,
    };
    if outcome.arrived.points == 0 {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        eprintln!("{}: nothing arrived; its log ends with:\n{}", contestant.name(), tail(&said));
    }
    Ok(outcome)
}

/// Posts the same requests until so many points were sent, four at a time.
async fn feed(input: SocketAddr, requests: &[Bytes], points: u64) -> anyhow::Result<()> {
    let url: ktel_delivery::http::Url = format!("http://{input}/v1/metrics").parse()?;
    let settings = ktel_delivery::http::Settings::default();
    let client = ktel_delivery::http::Client::with(&url, &Default::default(), settings)?;
    let deadline = Instant::now() + Duration::from_secs(30);
    while std::net::TcpStream::connect(input).is_err() {
        anyhow::ensure!(Instant::now() < deadline, "the Collector does not listen");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut sent = 0;
    let mut tasks = tokio::task::JoinSet::new();
    for body in requests.iter().cycle() {
        if sent >= points {
            break;
        }
        sent += 1_000;
        while tasks.len() >= 4 {
            tasks.join_next().await.context("there is one")???;
        }
        let (client, url, body) = (client.clone(), url.clone(), body.clone());
        tasks.spawn(async move {
            let request = ktel_delivery::http::Request {
                url,
                headers: http::HeaderMap::new(),
                content_type: http::HeaderValue::from_static("application/x-protobuf"),
                body,
                gzip: false,
            };
            let reply = client.post(request, Duration::ZERO).await;
            let reply = reply.map_err(|fault| anyhow::anyhow!("feed: {fault:?}"))?;
            anyhow::ensure!(reply.status == 200, "feed: status {}", reply.status);
            anyhow::Ok(())
        });
    }
    while let Some(sent) = tasks.join_next().await {
        sent??;
    }
    Ok(())
}

/// Waits until all arrived, or nothing more does.
fn watch(
    process: &mut Process,
    counts: &Arc<Counts>,
    expected: u64,
    began: Instant,
) -> anyhow::Result<Outcome> {
    let (mut last, mut since) = (Arrived::default(), Instant::now());
    let (mut used, mut took) = (Used::default(), Duration::ZERO);
    loop {
        let arrived = counts.now();
        if arrived.points != last.points {
            (last, since, took) = (arrived, Instant::now(), began.elapsed());
        }
        if process.has_ended()? {
            anyhow::bail!("it ended by itself after {} points", arrived.points);
        }
        // What it uses after the last point is not for the points.
        if arrived.points <= last.points && since.elapsed() < Duration::from_millis(200) {
            used = process.used()?;
        }
        let is_over = arrived.points >= expected
            || (last.points > 0 && since.elapsed() > SILENCE)
            || began.elapsed() > RUN_MAX;
        if is_over {
            return Ok(Outcome { arrived: counts.now(), expected, used, took });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(12)).copied().collect::<Vec<_>>().join("\n")
}
