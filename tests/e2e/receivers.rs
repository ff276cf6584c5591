//! A report sent to real receivers comes out at the other end, field by field.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ktel_testkit::collector::{self, Collector};
use ktel_testkit::hec::Hec;
use ktel_testkit::log_record::LogRecord;
use ktel_testkit::rsyslog::{self, Rsyslog};
use serde_json::Value;

use crate::program;

const WITHIN: Duration = Duration::from_secs(60);
const CLUSTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/cli/tests/it/cluster.yaml");

/// Sends a report to a server and gives what was printed, which is the report.
fn send(url: &str) -> Value {
    let mut command = Command::new(program::program());
    command
        .args(["workflows", "run", "--jobs", "identify-platform,cluster-state"])
        .args(["--snapshot", CLUSTER, "--product", "shop", "--no-spool", "--report-server", url])
        .env_clear()
        .env("HOME", "/nowhere")
        .env("KTEL_SPLUNK_TOKEN", "00000000-0000-4000-8000-000000000001");
    let output = command.output().expect("ktel runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{url}: {said}");
    serde_json::from_slice(&output.stdout).expect("the report is JSON")
}

/// Names every value as `section.field`.
fn flat(report: &Value) -> serde_json::Map<String, Value> {
    let mut flat = serde_json::Map::new();
    for (section, fields) in report.as_object().expect("a report is an object") {
        for (name, value) in fields.as_object().expect("a section is an object") {
            flat.insert(format!("{section}.{name}"), value.clone());
        }
    }
    flat
}

fn written_to(directory: &Path, pem: &str) -> String {
    let path = directory.join("ca.pem");
    std::fs::write(&path, pem).expect("a place to write to");
    path.display().to_string()
}

#[test]
fn rsyslog_keeps_every_byte_of_the_line() {
    let rsyslog = Rsyslog::start();
    let place = tempfile::tempdir().expect("a place to write to");
    let ca = written_to(place.path(), &rsyslog.ca_pem());
    for (input, scheme, option) in [
        (rsyslog::Input::Tcp, "splunk+tcp", String::new()),
        (rsyslog::Input::Tls, "splunk+tls", format!("&ca={ca}")),
        (rsyslog::Input::Udp, "splunk+udp", String::new()),
    ] {
        let address = rsyslog.address(input);
        let report = send(&format!("{scheme}://{address}?dialect=safe{option}"));
        let line = rsyslog.lines(input, 1, WITHIN).remove(0);
        let mut pairs: Vec<&str> = line.trim_end().split(';').collect();
        assert_eq!(pairs.remove(0), "<14>signal=shop", "{line}");
        let got: serde_json::Map<String, Value> = pairs
            .iter()
            .map(|pair| pair.split_once('=').expect("a pair has a sign"))
            .map(|(name, value)| {
                // A value that is JSON is JSON, any other is a text as it stands.
                let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
                (name.to_owned(), value)
            })
            .collect();
        let mut expected = flat(&report);
        expected.sort_keys();
        assert_eq!(Value::Object(got), Value::Object(expected), "{scheme}");
    }
}

#[test]
fn the_collectors_event_collector_understands_the_event_with_and_without_tls() {
    for tls in [false, true] {
        let hec = Hec::start(tls);
        let place = tempfile::tempdir().expect("a place to write to");
        let options = "index=main&source=shop&sourcetype=_json&fields=team:a";
        let url = match hec.ca_pem() {
            None => format!("splunk+http://{}?{options}", hec.address()),
            Some(pem) => {
                let ca = written_to(place.path(), &pem);
                format!("splunk://{}?{options}&ca={ca}", hec.address())
            }
        };
        let report = send(&url);
        let record = hec.records(1, WITHIN).remove(0);
        same_numbers(&record.body, &report);
        assert_eq!(record.attributes["team"], "a");
        assert_eq!(record.resource["com.splunk.index"], "main");
        assert_eq!(record.resource["com.splunk.source"], "shop");
    }
}

/// The receiver makes doubles of all numbers.
fn same_numbers(got: &Value, expected: &Value) {
    match (got, expected) {
        (Value::Number(got), Value::Number(expected)) => {
            assert_eq!(got.as_f64(), expected.as_f64());
        }
        (Value::Object(got), Value::Object(expected)) => {
            assert!(got.keys().all(|key| expected.contains_key(key)), "{got:?}");
            for (name, expected) in expected {
                same_numbers(&got[name], expected);
            }
        }
        (got, expected) => assert_eq!(got, expected),
    }
}

#[test]
fn a_collector_gets_typed_attributes_over_grpc_and_http_with_and_without_tls() {
    let collector = Collector::start();
    let place = tempfile::tempdir().expect("a place to write to");
    let ca = written_to(place.path(), &collector.ca_pem());
    for (input, scheme, option) in [
        (collector::Input::OtlpGrpc, "otlp+insecure", String::new()),
        (collector::Input::OtlpGrpcTls, "otlp", format!("?ca={ca}")),
        (collector::Input::OtlpHttp, "otlp+http", String::new()),
        (collector::Input::OtlpHttpTls, "otlp+https", format!("?ca={ca}")),
    ] {
        let report = send(&format!("{scheme}://{}{option}", collector.address(input)));
        let LogRecord { resource, scope, attributes, written, .. } =
            collector.records(input, 1, WITHIN).remove(0);
        assert_eq!(attributes, Value::Object(flat(&report)), "{scheme}");
        assert_eq!(resource["service.name"], "shop");
        assert_eq!(scope["name"], "ktel");
        assert_eq!(written["eventName"], "ktel.report");
        assert!(written["timeUnixNano"].as_str().is_some_and(|time| time.len() == 19));
    }
}

#[test]
fn a_collector_takes_the_lines_too() {
    let collector = Collector::start();
    let place = tempfile::tempdir().expect("a place to write to");
    let ca = written_to(place.path(), &collector.ca_pem());
    for (input, scheme, option) in [
        (collector::Input::TcpLog, "splunk+tcp", String::new()),
        (collector::Input::TcpLogTls, "splunk+tls", format!("&ca={ca}")),
        (collector::Input::UdpLog, "splunk+udp", String::new()),
    ] {
        let address = collector.address(input);
        send(&format!("{scheme}://{address}?dialect=kong{option}"));
        let record = collector.records(input, 1, WITHIN).remove(0);
        let line = record.body.as_str().expect("a line is a text");
        assert!(line.starts_with("<14>signal=shop;arch=amd64;") && line.ends_with(';'), "{line}");
    }
}
