//! The resource on a real API server: accepted, rejected, explained, shown.

mod wrong;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ktel_exporter::resource::crd::crd_yaml;
use ktel_exporter::resource::validate::findings;
use ktel_testkit::api_server::ApiServer;
use ktel_testkit::wait;
use serde_json::{Value, json};

const GATEWAY: &str = include_str!("../../src/resource/examples/gateway-exporter.yaml");
const EXAMPLE: &str = include_str!("../../src/resource/examples/example-exporter.yaml");

/// A server that knows the resource, and lists it in its documentation.
fn server() -> ApiServer {
    let server = ApiServer::start();
    server.apply(&crd_yaml()).expect("the definition is accepted");
    wait::until("the resource is explained", Duration::from_secs(60), || {
        server.kubectl(["explain", "exporter"]).is_ok()
    });
    server
}

fn file(server: &ApiServer, name: &str, text: &str) -> String {
    let path: PathBuf = server.directory().join(name);
    fs::write(&path, text).expect("it is written");
    path.display().to_string()
}

#[test]
fn both_examples_of_the_requirement_are_applied_and_shown() {
    let server = server();
    for (name, text) in [("gateway-exporter", GATEWAY), ("example-exporter", EXAMPLE)] {
        let file = file(&server, &format!("{name}.yaml"), text);
        let said = server.kubectl(["apply", "-f", &file]).expect("it is accepted");
        assert_eq!(said.trim(), format!("exporter.telemetry.datumapis.com/{name} created"));
        let read = server.kubectl(["get", "exp", name, "-o", "json"]).expect("it is there");
        let read: Value = serde_json::from_str(&read).expect("it is JSON");
        let written: Value = serde_saphyr::from_str(text).expect("it is YAML");
        assert_contains(&read["spec"], &written["spec"]);
        assert_eq!(read["spec"]["sources"][0]["lateData"], "off", "defaults are filled in");
    }
    let status = json!({"status": {
        "conditions": [{"type": "Ready", "status": "True", "reason": "Delivering", "message": "",
            "lastTransitionTime": "2026-11-01T10:00:00Z"}],
        "deliveredThrough": "2026-11-01T10:00:00Z", "lag": "12s", "sent": "1.2M",
    }});
    let patch = ["patch", "exp", "gateway-exporter", "--subresource=status", "--type=merge", "-p"];
    let patch =
        patch.into_iter().map(str::to_owned).chain([status.to_string()]).collect::<Vec<_>>();
    server.kubectl(patch.iter().map(String::as_str)).expect("the status has its own place");
    let shown = server.kubectl(["get", "exp", "gateway-exporter"]).expect("it is there");
    let lines: Vec<Vec<&str>> =
        shown.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["NAME", "READY", "DELIVERED", "THROUGH", "LAG", "SENT", "AGE"]);
    assert_eq!(lines[1][..5], ["gateway-exporter", "True", "2026-11-01T10:00:00Z", "12s", "1.2M"]);
    let generation = ["get", "exp", "gateway-exporter", "-o", "jsonpath={.metadata.generation}"];
    assert_eq!(
        server.kubectl(generation).expect("it is there"),
        "1",
        "a status is no change of the spec"
    );
}

/// Everything that is written is kept.
fn assert_contains(read: &Value, written: &Value) {
    match written {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, written)| assert_contains(&read[name], written));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| assert_contains(&read[index], item));
        }
        written => assert_eq!(read, written),
    }
}

#[test]
fn fields_are_explained() {
    let server = server();
    let explained = |path: &str| {
        server
            .kubectl(["explain", path])
            .expect("it is explained")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let sinks = explained("exporter.spec.sinks");
    for text in [
        "a slow one delays no other",
        "batch <Object>",
        "otlp_http <Object>",
        "Another spelling of `otlp_http`.",
    ] {
        assert!(sinks.contains(text), "{text}: {sinks}");
    }
    let retry = explained("exporter.spec.sinks.retry.onExhausted");
    assert!(retry.contains("no data is lost while the store has it"), "{retry}");
    let kinds = explained("exporter.spec.sources.metrics.resourceSelectors.kinds");
    assert!(kinds.contains("a text or a list"), "{kinds}");
}

#[test]
fn wrong_resources_are_rejected() {
    let server = server();
    for case in wrong::cases() {
        let text = case.resource().to_string();
        let file = file(&server, "wrong.json", &text);
        let rejected = server.kubectl(["create", "--dry-run=server", "-f", &file]);
        let said =
            rejected.err().unwrap_or_else(|| panic!("`{}` is accepted", case.name)).to_string();
        for expected in [case.path, case.server] {
            assert!(said.contains(expected), "{}: `{expected}` is not in: {said}", case.name);
        }
    }
}

#[test]
fn unusual_resources_are_accepted() {
    let server = server();
    for case in wrong::right() {
        let file = file(&server, "right.json", &case.resource().to_string());
        if let Err(error) = server.kubectl(["create", "--dry-run=server", "-f", &file]) {
            panic!("`{}` is rejected: {error}", case.name);
        }
    }
    // Without quotes kubectl reads it as `false`.
    let off = GATEWAY.replace("      metrics:\n", "      lateData: off\n      metrics:\n");
    let off = file(&server, "off.yaml", &off);
    server.kubectl(["apply", "-f", &off]).expect("it is accepted");
}

/// How the API server words what a schema says. What CEL rules say, both say in the same words.
const OF_SCHEMAS: [&str; 11] = [
    "should",
    "must have at most",
    "Duplicate",
    "Required",
    "Unsupported",
    "must be of type",
    "must not validate",
    "unknown field",
    "greater than",
    "less than",
    "63",
];

#[test]
fn what_the_api_server_rejects_is_rejected_without_one() {
    for case in wrong::cases() {
        let found = findings(&case.resource());
        let errors: Vec<_> = found.iter().filter(|finding| finding.is_error()).collect();
        let is_of_schema =
            OF_SCHEMAS.iter().any(|word| case.server.starts_with(word)) || case.server == "16384";
        let is_said = errors.iter().any(|error| {
            let is_there = error.path.to_string().contains(case.path);
            is_there && (is_of_schema || error.message.contains(case.server))
        });
        assert!(is_said, "{}: {found:?}", case.name);
        assert_eq!(errors.len(), 1, "{}: one mistake is one error: {found:?}", case.name);
    }
}

#[test]
fn what_the_api_server_accepts_is_accepted_without_one() {
    for case in wrong::right() {
        assert_eq!(findings(&case.resource()), [], "{}", case.name);
    }
}
