//! The exporter's metrics and alerts, in the real Prometheus.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use ktel_testkit::capture::Http;
use ktel_testkit::http::Response;
use ktel_testkit::prometheus::Prometheus;
use ktel_testkit::real;
use ktel_testkit::victoria_metrics::VictoriaMetrics;
use ktel_testkit::wait;
use serde_json::{Value, json};

use super::local::{AN_HOUR, SOON, fill, now_ms, start_with, stop, write_files};

/// What the chart installs as a `PrometheusRule`.
fn alerts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/chart/files/exporter/alerts.yaml")
}

#[track_caller]
fn promtool(words: &[&str]) {
    let [program] = real::require(["promtool"]);
    let output = Command::new(program).args(words).output().expect("promtool can be started");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&said));
}

#[test]
fn promtool_takes_the_alerts_and_each_fires_when_it_should() {
    promtool(&["check", "rules", "--lint=all", "--lint-fatal", &alerts().display().to_string()]);
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/exporter/alerts.yaml");
    promtool(&["test", "rules", &tests.display().to_string()]);
}

/// Asks Prometheus, and gives what it says of `data`.
fn get(prometheus: &Prometheus, path: &str) -> Value {
    let mut stream = TcpStream::connect(prometheus.address()).expect("it listens");
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").expect("it takes a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    let (_, body) = text.split_once("\r\n\r\n").expect("an answer has a body");
    let answer: Value = serde_json::from_str(body).expect("JSON");
    answer["data"].clone()
}

/// Alerts that fire, with the sink that they are about.
fn firing(prometheus: &Prometheus) -> BTreeSet<(String, String)> {
    let alerts = get(prometheus, "/api/v1/alerts");
    let alerts = alerts["alerts"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    alerts
        .filter(|alert| alert["state"] == "firing")
        .map(|alert| (text(&alert["labels"]["alertname"]), text(&alert["labels"]["sink"])))
        .collect()
}

/// Gives what the alerts are with the time that they wait cut to seconds, as a group of its own.
fn hasty(alerts: &str) -> String {
    let mut hasty = String::new();
    for line in alerts.lines() {
        let line = match line.split_once("for: ") {
            Some((before, _)) => format!("{before}for: 2s"),
            None => line.replace("name: ktel-exporter", "name: hasty"),
        };
        writeln!(hasty, "{line}").expect("a text grows");
    }
    hasty
}

/// What the dashboard of the chart asks: each panel, with `.*` in the place of its variables.
fn questions() -> Vec<(String, String)> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/chart/files/exporter/dashboard.json");
    let text = std::fs::read_to_string(file).expect("the chart has it");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let mut questions = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().expect("queries") {
            let question = target["expr"].as_str().expect("a query");
            let question = question.replace("$namespace", ".*").replace("$exporter", ".*");
            assert!(!question.contains('$'), "{question}");
            questions.push((panel["title"].as_str().expect("a title").to_owned(), question));
        }
    }
    questions
}

/// Panels of the dashboard that show nothing.
fn empty_panels(prometheus: &Prometheus) -> Vec<String> {
    let is_empty = |question: &str| {
        let query = question.bytes().fold(String::new(), |mut query, byte| {
            write!(query, "%{byte:02x}").expect("a text grows");
            query
        });
        let answer = get(prometheus, &format!("/api/v1/query?query={query}"));
        answer["result"].as_array().unwrap_or_else(|| panic!("no answer to {question}")).is_empty()
    };
    questions().into_iter().filter(|(_, of)| is_empty(of)).map(|(title, _)| title).collect()
}

/// Where the exporter says that it serves its metrics.
fn metrics(log: &Path) -> SocketAddr {
    let listens = || {
        let said = std::fs::read_to_string(log).map_err(drop)?;
        let address =
            said.lines().find_map(|line| line.split_once("metrics on http://")).ok_or(())?;
        address.1.trim().parse().map_err(drop)
    };
    wait::poll(SOON, listens).expect("the exporter listens")
}

#[test]
fn the_real_prometheus_scrapes_the_exporter_and_a_sink_that_is_down_raises_an_alert() {
    let (store, down) = (VictoriaMetrics::start(), Http::start());
    let place = tempfile::tempdir().expect("a place");
    let begin = now_ms() - 4_000_000;
    fill(&store, begin, AN_HOUR);
    // An hour behind from the beginning: more than the alert allows.
    down.answer(Response::new(503));
    write_files(place.path(), &store, &down.url(), begin, &json!({"retry": {"maxBackoff": "2s"}}));
    let log = place.path().join("log");
    let exporter = start_with(place.path(), &log, &["--listen", "127.0.0.1:0"]);
    let address = metrics(&log);
    let hasty_alerts = place.path().join("hasty.yaml");
    let text = std::fs::read_to_string(alerts()).expect("the chart has it");
    std::fs::write(&hasty_alerts, hasty(&text)).expect("a file");
    let configuration = json!({
        "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
        "scrape_configs": [{"job_name": "ktel", "static_configs": [{"targets": [address]}]}],
        "rule_files": [alerts(), hasty_alerts],
    });
    let prometheus = Prometheus::start_with(&configuration.to_string(), &[]);

    wait::until("it is scraped", SOON, || {
        get(&prometheus, "/api/v1/query?query=up")["result"][0]["value"][1] == "1"
    });
    let targets = get(&prometheus, "/api/v1/targets");
    let target = &targets["activeTargets"][0];
    assert_eq!((&target["health"], &target["lastError"]), (&json!("up"), &json!("")), "{target:#}");
    let types = get(&prometheus, "/api/v1/metadata");
    for (family, kind) in
        [("ktel_exporter_points", "counter"), ("ktel_exporter_lag_seconds", "gauge")]
    {
        let known = [family.to_owned(), format!("{family}_total")].map(|name| types[name].clone());
        assert!(known.iter().any(|one| one[0]["type"] == kind), "{family}: {known:?}");
    }

    let lagging = ("KtelExporterLagging".to_owned(), "here".to_owned());
    wait::until("the alert fires", SOON, || firing(&prometheus) == [lagging.clone()].into());
    let rules = get(&prometheus, "/api/v1/rules");
    let groups = rules["groups"].as_array().expect("groups");
    let rules: Vec<&Value> =
        groups.iter().flat_map(|group| group["rules"].as_array().expect("rules")).collect();
    assert_eq!(rules.len(), 2 * text.matches("- alert:").count());
    wait::until("all rules were evaluated", SOON, || {
        let rules = get(&prometheus, "/api/v1/rules").to_string();
        assert!(!rules.contains(r#""health":"err""#), "{rules}");
        !rules.contains(r#""health":"unknown""#)
    });

    down.answer(Response::new(200));
    wait::until("the alert goes", SOON, || firing(&prometheus).is_empty());
    let shown = wait::poll(SOON, || match empty_panels(&prometheus) {
        empty if empty == ["Sources that cannot be read"] => Ok(()),
        empty => Err(empty),
    });
    assert_eq!(shown, Ok(()), "the dashboard shows what there is");
    stop(exporter);
}
