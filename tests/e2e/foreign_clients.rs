//! What others wrote sends to `ktel serve`, and it is stored as declared.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ktel_testkit::certificates::Authority;
use ktel_testkit::relay::Relay;
use ktel_testkit::{real, wait};
use serde_json::{Map, Value, json};

use crate::program;
use crate::receiver::Ours;

const CLUSTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/cli/tests/it/cluster.yaml");

/// Gives a time that no receiver finds too old.
fn today() -> String {
    #[expect(clippy::disallowed_methods, reason = "the receiver has the real time, too")]
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    format!("{today}T00:00:45Z")
}

/// Two events of a command line and a report, as they are printed and logged.
fn events() -> [Value; 3] {
    let usage = |path: &str| {
        json!({"schema_version": 1, "timestamp": today(), "version": "0.4.0",
               "os": "darwin", "arch": "arm64", "command_path": path})
    };
    [usage("get apis"), usage("plan"), json!({"cluster-state": {"pods": 7, "owner": "alice"}})]
}

/// Lets a client of Splunk's collector send the events, and looks at the rows.
#[track_caller]
fn check(client: &Path) {
    let receiver = Ours::start();
    let address: SocketAddr =
        receiver.url.strip_prefix("http://").expect("it is plain").parse().expect("an address");
    let mut command = Command::new(client);
    command
        .args([&address.ip().to_string(), &address.port().to_string(), &receiver.token, "kongctl"])
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().expect("the client starts");
    let lines: String = events().iter().map(|event| format!("{event}\n")).collect();
    let mut input = process.stdin.take().expect("it was piped");
    input.write_all(lines.as_bytes()).expect("it reads");
    drop(input);
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("Exception"), "{said}");
    assert_eq!((receiver.count("stored"), receiver.count("rejected")), (3, 0), "{said}");
    let rows = receiver.rows("ktel/kongctl");
    let paths: Vec<_> = rows.iter().map(|row| &row["command_path"]).collect();
    assert_eq!(paths, ["plan", "get apis"]);
    assert_eq!((&rows[0]["version"], &rows[0]["os"]), (&json!("0.4.0"), &json!("darwin")));
    let rows = receiver.rows("ktel/cluster-state");
    assert_eq!(rows[0]["pods"], 7);
    assert!(!format!("{rows:?}").contains("alice"));
}

#[test]
fn npms_splunk_logging_logs_events_that_are_stored() {
    let [client] = real::require(["splunk-logging"]);
    check(&client);
}

#[test]
fn pypis_splunk_handler_logs_events_that_are_stored() {
    let [client] = real::require(["splunk-handler"]);
    check(&client);
}

#[test]
fn the_collectors_exporter_for_splunk_sends_logs_that_are_stored() {
    let [client] = real::require(["hec-sender"]);
    check(&client);
}

/// Reads `tcp://ADDRESS`.
fn address_of(url: &str) -> SocketAddr {
    url.split_once("://").expect("a URL").1.parse().expect("an address")
}

/// A receiver with all three transports for lines, and what its TLS is trusted by.
fn with_lines(folder: &Path) -> (Ours, Authority) {
    let authority = Authority::new();
    let files = authority.server().write(folder, "server").expect("a place to write to");
    let file = |path: &Path| path.display().to_string();
    let (certificate, key) = (file(&files.certificate), file(&files.key));
    let any = |scheme: &str| format!("{scheme}://127.0.0.1:0");
    let (tcp, udp, tls) = (any("tcp"), any("udp"), any("tls"));
    let ways_in = ["--listen-lines", &tcp, "--listen-lines", &udp, "--listen-lines", &tls];
    let files = ["--tls-certificate", &certificate, "--tls-key", &key];
    (Ours::start_with(&[&ways_in[..], &files].concat()), authority)
}

#[test]
fn rsyslog_passes_lines_on_in_three_forms() {
    let folder = tempfile::tempdir().expect("a folder");
    let (receiver, authority) = with_lines(folder.path());
    let [tcp, udp, tls] = [0, 1, 2].map(|index: usize| address_of(&receiver.for_lines[index]));
    let ca = authority.certificate_pem();
    let rsyslog = Relay::rsyslog(tcp, udp, (tls, &ca));
    let mut stream = TcpStream::connect(rsyslog.address()).expect("it listens");
    let json = "<14>Nov 21 10:00:00 host shop: {\"cluster-state\":{\"pods\":7}}\n";
    stream.write_all(json.as_bytes()).expect("it reads");
    let rows = receiver.wait_for_rows("ktel/cluster-state", 3);
    assert!(rows.len() == 3 && rows.iter().all(|row| row["pods"] == 7), "{rows:?}");
    // Only a relay that leaves a line as it is can pass on what has no head.
    let at = today();
    let usage = format!(
        "<14>signal=kongctl;arch=arm64;command_path=\"get apis\";os=darwin;\
         schema_version=1;timestamp={at};version=0.4.0\n"
    );
    stream.write_all(usage.as_bytes()).expect("it reads");
    let is_whole =
        |row: &Map<String, Value>| row["command_path"] == "get apis" && row["timestamp"] == *at;
    let waited = wait::poll(Duration::from_secs(60), || {
        let rows = receiver.rows("ktel/kongctl");
        if rows.iter().any(is_whole) { Ok(()) } else { Err(rows) }
    });
    waited.unwrap_or_else(|rows| panic!("{rows:?}"));
}

/// Sends a report as others see it.
fn send(url: &str, token: Option<&str>) {
    let mut command = Command::new(program::program());
    command
        .args(["workflows", "run", "--jobs", "cluster-state", "--snapshot", CLUSTER])
        .args(["--product", "shop", "--no-spool", "--report-server", url])
        .env_clear()
        .env("HOME", "/nowhere")
        .envs(token.map(|token| ("KTEL_SPLUNK_TOKEN", token)));
    let output = command.output().expect("ktel runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{url}: {said}");
}

#[test]
fn a_collector_passes_logs_on_in_both_encodings() {
    let receiver = Ours::start();
    let collector = Relay::collector(&receiver.url, &receiver.token);
    send(&format!("otlp+http://{}", collector.address()), None);
    receiver.wait_for_stored(2);
    let rows = receiver.rows("ktel/cluster-state");
    assert!(rows.len() == 2 && rows[0]["pods"] == rows[1]["pods"] && rows[0]["pods"].is_number());
    assert_eq!(receiver.count("rejected"), 0);
}

#[test]
fn our_own_sinks_reach_every_way_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let (receiver, authority) = with_lines(folder.path());
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.certificate_pem()).expect("a place to write to");
    let [tcp, udp, tls] = [0, 1, 2].map(|index: usize| address_of(&receiver.for_lines[index]));
    let http = receiver.url.strip_prefix("https://").expect("all of it is under TLS");
    let ca = ca.display();
    for (number, url) in [
        format!("splunk+tcp://{tcp}?dialect=safe"),
        format!("splunk+udp://{udp}?dialect=kongctl"),
        format!("splunk+tls://{tls}?dialect=safe&ca={ca}"),
        format!("splunk://{http}?ca={ca}"),
        format!("splunk://{http}?ack=1&ca={ca}"),
    ]
    .into_iter()
    .enumerate()
    {
        send(&url, Some(&receiver.token));
        receiver.wait_for_rows("ktel/cluster-state", number + 1);
    }
    let rows = receiver.rows("ktel/cluster-state");
    assert!(rows.len() == 5 && rows.iter().all(|row| row["pods"] == rows[0]["pods"]), "{rows:?}");
    assert!(rows[0]["pods"].is_number(), "{rows:?}");
}
