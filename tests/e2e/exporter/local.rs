//! `ktel exporter local`: the engine without Kubernetes, killed while it delivers.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ktel_testkit::capture::Http;
use ktel_testkit::http::Response;
use ktel_testkit::otlp_series::{Labels, Sample, Samples};
use ktel_testkit::victoria_metrics::VictoriaMetrics;
use ktel_testkit::wait;
use serde_json::{Value, json};

use crate::program::command;

pub(super) const SOON: Duration = Duration::from_secs(60);
/// Samples of an hour, one each 15 s.
pub(super) const AN_HOUR: i64 = 240;
const KILLS: u64 = 100;
/// The bound of samples and requests, 64 MiB, and what the program takes besides.
const MEMORY_KIB_MAX: u64 = 128 * 1024;
const SERIES: i64 = 300;

#[expect(clippy::disallowed_methods, reason = "the samples are of the last hour")]
pub(super) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_millis()).expect("a time")
}

/// Writes samples, one each 15 s, and says what they are.
pub(super) fn fill(store: &VictoriaMetrics, begin: i64, count: i64) -> BTreeSet<Sample> {
    let (mut lines, mut samples) = (String::new(), Samples::default());
    for series in 0..SERIES {
        let instance = format!("instance-{series}");
        let labels = [("__name__", "load"), ("project", "mine"), ("instance", &*instance)];
        let times: Vec<i64> = (0..count).map(|step| begin + step * 15_000 + series % 997).collect();
        let values: Vec<f64> = times.iter().map(|time| (time % 1009) as f64 / 8.0).collect();
        for (time, value) in times.iter().zip(&values) {
            samples.number(Labels::new(labels), *time, *value);
        }
        let metric: serde_json::Map<_, _> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let line = json!({"metric": metric, "values": values, "timestamps": times});
        lines += &format!("{line}\n");
    }
    store.import(&lines);
    samples.0.into_keys().collect()
}

/// Writes the files of an Exporter that was created a second before `begin`, and of its settings. `more` are fields of its
/// sink.
pub(super) fn write_files(
    place: &Path,
    store: &VictoriaMetrics,
    receiver: &str,
    begin: i64,
    more: &Value,
) {
    let created = jiff::Timestamp::from_millisecond(begin - 1000).expect("a time");
    let mut sink =
        json!({"name": "here", "otlp_http": {"endpoint": receiver, "compression": "gzip"}});
    for (field, value) in more.as_object().expect("fields of a sink") {
        sink[field] = value.clone();
    }
    let exporter = json!({
        "apiVersion": "telemetry.datumapis.com/v1alpha1", "kind": "Exporter",
        "metadata": {"name": "local", "namespace": "n", "creationTimestamp": format!("{created:.0}")},
        "spec": {"sources": [{"name": "all", "metrics": {"metricsql": "{}"}}], "sinks": [sink]},
    });
    let settings = json!({
        "ktel": 1,
        "store": {"kind": "victoria-metrics", "version": "1.145",
            "url": format!("http://{}", store.address())},
        "tenancy": {"labels": {"project": {"fixed": "mine"}}},
        "egress": {"allow_http": true, "allowed_networks": ["127.0.0.0/8"]},
        "reading": {"window": "5s", "lag": "2s", "lag_min": "1s"},
    });
    for (name, text) in [("exporter.yaml", exporter), ("settings.yaml", settings)] {
        std::fs::write(place.join(name), text.to_string()).expect("a file");
    }
}

pub(super) fn start(place: &Path, log: &Path) -> Child {
    start_with(place, log, &[])
}

/// Starts it with more arguments.
pub(super) fn start_with(place: &Path, log: &Path, more: &[&str]) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(log).expect("a file");
    let file = |name: &str| place.join(name).display().to_string();
    let mut command = command(Path::new("/dev/null"));
    command.args(["exporter", "local", &file("exporter.yaml"), "--config", &file("settings.yaml")]);
    command.args(["--state", &file("state")]).args(more).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(log).spawn().expect("ktel can be started")
}

pub(super) fn arrived(receiver: &Http) -> Samples {
    arrived_after(receiver, 0)
}

/// What arrived after the first requests.
fn arrived_after(receiver: &Http, first: usize) -> Samples {
    let mut samples = Samples::default();
    for request in receiver.requests().iter().skip(first) {
        samples.read(&request.body().expect("it can be decompressed")).expect("it is OTLP");
    }
    samples
}

/// Ends it as Kubernetes does.
#[track_caller]
pub(super) fn stop(mut running: Child) {
    let pid = running.id().to_string();
    let sent = std::process::Command::new("kill").args(["-TERM", &pid]).status();
    assert!(sent.expect("kill can be started").success());
    assert!(running.wait().expect("it ends").success());
}

#[test]
fn killed_a_hundred_times_it_delivers_everything() {
    let (store, receiver) = (VictoriaMetrics::start(), Http::start());
    let place = tempfile::tempdir().expect("a place");
    let begin = now_ms() - 4_000_000;
    let expected = fill(&store, begin, AN_HOUR);
    // Slow enough to be killed before its end.
    write_files(
        place.path(),
        &store,
        &receiver.url(),
        begin,
        &json!({"limits": {"pointsPerSecond": 800, "burst": 800}}),
    );
    let log = place.path().join("log");
    for round in 0..KILLS {
        let before = receiver.requests().len();
        let mut running = start(place.path(), &log);
        // Each at another instant: while it starts, reads, sends, or saves its cursors.
        std::thread::sleep(Duration::from_millis(100 + round * 619 % 900));
        // Every tenth has sent something for certain.
        if round.is_multiple_of(10) {
            wait::until("something is sent", SOON, || receiver.requests().len() > before);
        }
        // Some live long enough to read wider windows.
        if round % 30 == 20 {
            let cursors = place.path().join("state/cursors.json");
            let is_wide = || std::fs::read_to_string(&cursors).unwrap().contains("widths");
            wait::until("it reads wider windows", SOON, is_wide);
        }
        running.kill().expect("it runs");
        running.wait().expect("it ends");
    }
    let quick = json!({"limits": {"pointsPerSecond": 50_000}});
    write_files(place.path(), &store, &receiver.url(), begin, &quick);
    let running = start(place.path(), &log);
    wait::until("everything arrives", SOON * 2, || {
        let arrived: BTreeSet<Sample> = arrived(&receiver).0.into_keys().collect();
        arrived.len() >= expected.len()
    });
    stop(running);
    let samples = arrived(&receiver);
    let all: BTreeSet<Sample> = samples.0.keys().cloned().collect();
    assert!(all == expected, "{} arrived of {}", all.len(), expected.len());
    // What is sent again is the same request, to the byte.
    let bodies: BTreeSet<Vec<u8>> =
        receiver.requests().iter().map(|request| request.body().expect("a body")).collect();
    let mut once = Samples::default();
    for body in &bodies {
        once.read(body).expect("it is OTLP");
    }
    let twice = once.0.values().filter(|count| **count > 1).count();
    assert_eq!(twice, 0, "samples in requests that are not the same");
}

#[test]
fn an_outage_of_four_hours_loses_nothing_and_takes_no_memory() {
    let (store, receiver) = (VictoriaMetrics::start(), Http::start());
    let place = tempfile::tempdir().expect("a place");
    let begin = now_ms() - 4 * 3_600_000 - 60_000;
    let expected = fill(&store, begin, 4 * AN_HOUR);
    write_files(place.path(), &store, &receiver.url(), begin, &json!({}));
    let log = place.path().join("log");
    receiver.answer(Response::new(503));
    let running = start(place.path(), &log);
    wait::until("it has tried again and again", SOON * 2, || receiver.requests().len() >= 4);
    let during = peak_kib(&running);
    receiver.answer(Response::new(200));
    let begun = receiver.requests().len();
    wait::until("everything arrives", SOON * 3, || {
        arrived_after(&receiver, begun).0.len() >= expected.len()
    });
    let after = peak_kib(&running);
    stop(running);
    let all: BTreeSet<Sample> = arrived_after(&receiver, begun).0.into_keys().collect();
    assert!(all == expected, "{} arrived of {}", all.len(), expected.len());
    // A fifth of what the samples would take: they wait in the store.
    assert!(during < MEMORY_KIB_MAX && after < MEMORY_KIB_MAX, "{during} and {after} KiB");
}

/// The most memory that a process had so far.
fn peak_kib(process: &Child) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux has it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
