//! The metrics that alerts, dashboard and documentation name are those that the exporter serves.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};

use crate::support::command;

/// The files that name metrics, from this crate.
const FILES: [&str; 3] = [
    "../../deploy/chart/files/exporter/alerts.yaml",
    "../../deploy/chart/files/exporter/dashboard.json",
    "../../docs/how-to/run-the-exporter.md",
];
const PREFIX: &str = "ktel_exporter_";

/// A running `ktel exporter local`; it ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Gives what the program serves at `/metrics`. Neither its store nor its sink exists.
fn served() -> String {
    let place = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = place.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let settings = file(
        "settings.yaml",
        "ktel: 1\nstore: {kind: prometheus, url: 'http://127.0.0.1:1'}\ntenancy: {single_tenant: true}\n",
    );
    let exporter = file(
        "exporter.yaml",
        "apiVersion: telemetry.datumapis.com/v1alpha1
kind: Exporter
metadata: {name: all}
spec:
  sources: [{name: all, metrics: {metricsql: ''}}]
  sinks: [{name: a, otlp_http: {endpoint: 'https://otlp.example.com'}}]
",
    );
    let mut command = command("exporter local --listen 127.0.0.1:0");
    command.arg(exporter).arg("--config").arg(settings).arg("--state").arg(place.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let mut lines = BufReader::new(running.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    let address: SocketAddr = lines
        .find_map(|line| line.split_once("metrics on http://").map(|(_, rest)| rest.to_owned()))
        .and_then(|address| address.trim().parse().ok())
        .expect("it says where it listens");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Gives the names of the series that a text of OpenMetrics declares.
fn names(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let of = |line: &str| {
        let (name, kind) = line.split_once(' ')?;
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            _ => &[""],
        };
        Some(suffixes.iter().map(|suffix| format!("{name}{suffix}")).collect::<Vec<_>>())
    };
    types.filter_map(of).flatten().collect()
}

/// Gives what a text names; `*` stands for anything in a name.
fn mentioned(text: &str) -> BTreeSet<String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "_*.".contains(c);
    let found = text.match_indices(PREFIX).filter_map(|(at, _)| text.get(at..));
    let word = |rest: &str| {
        let end = rest.find(|c: char| !is_of_name(c)).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default().trim_end_matches('.').replace(".*", "*")
    };
    found.map(word).collect()
}

fn is_like(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            left.char_indices()
                .map(|(at, _)| at)
                .chain([left.len()])
                .any(|at| left.get(at..).is_some_and(|left| is_like(left, rest)))
        }),
    }
}

#[test]
fn every_metric_that_is_named_is_served() {
    let text = served();
    let served = names(&text);
    assert!(served.iter().any(|name| name.starts_with(PREFIX)), "{text}");
    for file in FILES {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let named = mentioned(&std::fs::read_to_string(path).unwrap());
        assert!(!named.is_empty(), "{file}");
        for name in named {
            assert!(
                served.iter().any(|known| is_like(known, &name)),
                "{file}: {name}: {served:#?}"
            );
        }
    }
}

#[test]
fn every_metric_that_is_served_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/how-to/run-the-exporter.md");
    let named = mentioned(&std::fs::read_to_string(path).unwrap());
    let text = served();
    let own = names(&text).into_iter().filter(|name| name.starts_with(PREFIX));
    for name in own {
        assert!(named.iter().any(|pattern| is_like(&name, pattern)), "{name}: {named:#?}");
    }
}

#[test]
fn names_are_found_whatever_stands_around_them() {
    let text = "sum(ktel_exporter_a_total{x=\"1\"}) `ktel_exporter_*_errors_total{reason}`, ktel_exporter_b. \
                {__name__=~\"ktel_exporter_c_.*\"}";
    let found: Vec<String> = mentioned(text).into_iter().collect();
    let expected = [
        "ktel_exporter_*_errors_total",
        "ktel_exporter_a_total",
        "ktel_exporter_b",
        "ktel_exporter_c_*",
    ];
    assert_eq!(found, expected);
    assert!(is_like("ktel_exporter_sink_errors_total", "ktel_exporter_*_errors_total"));
    assert!(!is_like("ktel_exporter_errors", "ktel_exporter_*_errors_total"));
}
