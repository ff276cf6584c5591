//! `ktel exporter local`: the engine without Kubernetes, killed while it delivers.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ktel_testkit::capture::Http;
use ktel_testkit::otlp_series::{Labels, Sample, Samples};
use ktel_testkit::victoria_metrics::VictoriaMetrics;
use ktel_testkit::wait;
use serde_json::json;

use crate::program::command;

const SOON: Duration = Duration::from_secs(60);
/// An hour of samples, each 15 s.
const SAMPLES: i64 = 240;
const SERIES: i64 = 300;

#[expect(clippy::disallowed_methods, reason = "the samples are of the last hour")]
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_millis()).expect("a time")
}

/// Writes an hour of samples, and says what they are.
fn fill(store: &VictoriaMetrics, begin: i64) -> BTreeSet<Sample> {
    let (mut lines, mut samples) = (String::new(), Samples::default());
    for series in 0..SERIES {
        let instance = format!("instance-{series}");
        let labels = [("__name__", "load"), ("project", "mine"), ("instance", &*instance)];
        let times: Vec<i64> =
            (0..SAMPLES).map(|step| begin + step * 15_000 + series % 997).collect();
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

fn start(place: &Path, log: &Path) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(log).expect("a file");
    let file = |name: &str| place.join(name).display().to_string();
    let mut command = command(Path::new("/dev/null"));
    command.args(["exporter", "local", &file("exporter.yaml"), "--config", &file("settings.yaml")]);
    command.args(["--state", &file("state")]).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(log).spawn().expect("ktel can be started")
}

fn arrived(receiver: &Http) -> Samples {
    let mut samples = Samples::default();
    for request in receiver.requests() {
        samples.read(&request.body().expect("it can be decompressed")).expect("it is OTLP");
    }
    samples
}

#[test]
fn killed_again_and_again_it_delivers_everything() {
    let (store, receiver) = (VictoriaMetrics::start(), Http::start());
    let place = tempfile::tempdir().expect("a place");
    let begin = now_ms() - 4_000_000;
    let expected = fill(&store, begin);
    let created = jiff::Timestamp::from_millisecond(begin - 1000).expect("a time");
    // Compiled, an Exporter begins at its creation.
    let exporter = json!({
        "apiVersion": "telemetry.datumapis.com/v1alpha1", "kind": "Exporter",
        "metadata": {"name": "local", "namespace": "n", "creationTimestamp": format!("{created:.0}")},
        "spec": {
            "sources": [{"name": "all", "metrics": {"metricsql": "{}"}}],
            "sinks": [{
                "name": "here",
                "otlp_http": {"endpoint": receiver.url(), "compression": "gzip"},
                // Slow enough to be killed before its end.
                "limits": {"pointsPerSecond": 8000, "burst": 8000},
            }],
        },
    });
    let settings = json!({
        "ktel": 1,
        "store": {"kind": "victoria-metrics", "version": "1.145",
            "url": format!("http://{}", store.address())},
        "tenancy": {"labels": {"project": {"fixed": "mine"}}},
        "egress": {"allow_http": true, "allowed_networks": ["127.0.0.0/8"]},
        "reading": {"window": "5s", "lag": "2s", "lag_min": "1s"},
    });
    let write = |name: &str, text: String| {
        std::fs::write(place.path().join(name), text).expect("a file");
    };
    write("exporter.yaml", exporter.to_string());
    write("settings.yaml", settings.to_string());
    let log = place.path().join("log");
    for round in 0..8 {
        let before = receiver.requests().len();
        let mut running = start(place.path(), &log);
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        let sent = wait::poll(SOON, || {
            let now = receiver.requests().len();
            if now > before + 3 * (round + 1) { Ok(()) } else { Err(now) }
        });
        sent.unwrap_or_else(|now| panic!("{before} requests, then {now}: {}", said()));
        running.kill().expect("it runs");
        running.wait().expect("it ends");
    }
    let mut running = start(place.path(), &log);
    wait::until("everything arrives", SOON * 2, || {
        let arrived: BTreeSet<Sample> = arrived(&receiver).0.into_keys().collect();
        arrived.len() >= expected.len()
    });
    let pid = running.id().to_string();
    let sent = std::process::Command::new("kill").args(["-TERM", &pid]).status();
    assert!(sent.expect("kill can be started").success());
    assert!(running.wait().expect("it ends").success());
    let samples = arrived(&receiver);
    let all: BTreeSet<Sample> = samples.0.keys().cloned().collect();
    assert!(all == expected, "{} arrived of {}", all.len(), expected.len());
    // A kill repeats at most what was sent since the cursors were written.
    let repeats: usize = samples.0.values().map(|count| count - 1).sum();
    let total = expected.len();
    assert!(repeats < 8 * total, "{repeats} repeats of {total}");
}
