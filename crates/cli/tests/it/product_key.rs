//! The way of an event from a user's machine, which keeps no secret, to a chart.

use std::fs;

use serde_json::{Value, json};

use ktel_testkit::capture::Http;
use ktel_testkit::http::Response;

use crate::serve::Served;
use crate::support::{command, run};

const COMMANDS: &str = "deploy canary, rollback";

/// A product, its user and its server.
struct Acme {
    home: tempfile::TempDir,
    store: tempfile::TempDir,
}

impl Acme {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), store: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> String {
        self.home.path().join("acme.yaml").display().to_string()
    }

    /// Writes the product file, with more keys.
    fn declare(&self, server: &str, more: &str) {
        let text = format!(
            "ktel: 1\nname: acme\nconsent: opt-out\nserver: {server}\ncommands: [{COMMANDS}]\n\
             notice: {{text: Acme counts., stood: {{place: installer, reference: last page}}}}\n{more}"
        );
        fs::write(self.file(), text).unwrap();
    }

    fn ktel(&self, words: &[&str]) -> (i32, String, String) {
        let mut command = command("");
        command.args(words).env("HOME", self.home.path()).env("KTEL_STORE", self.store.path());
        run(command, b"")
    }

    fn key(&self, product: &str) -> String {
        let (code, key, said) =
            self.ktel(&["token", "add", "--role", "events", "--product", product]);
        assert!(code == 0 && said.contains("into the product file as `key`"), "{said}");
        key.trim().to_owned()
    }

    fn emit(&self, command: &str) -> (i32, String, String) {
        let file = self.file();
        self.ktel(&[
            "events",
            "emit",
            "--product",
            &file,
            "--version",
            "1.0.0",
            "--no-upload",
            "--command",
            command,
        ])
    }

    fn upload(&self) -> (i32, String) {
        let (code, _, said) =
            self.ktel(&["events", "upload", "--product", &self.file(), "--send-timeout", "2s"]);
        (code, said)
    }

    fn check(&self, more: &[&str]) -> (i32, String, String) {
        let file = self.file();
        let words: Vec<&str> =
            ["events", "check", "--product", &file].iter().chain(more).copied().collect();
        self.ktel(&words)
    }
}

#[test]
fn an_event_with_a_product_key_is_charted_apart() {
    let acme = Acme::new();
    acme.declare("http://127.0.0.1:9", "");
    let file = acme.file();
    let served = Served::start_with(acme.store.path(), &["--product", &file]);
    acme.declare(&served.url, "");
    assert_eq!(acme.emit("deploy canary").0, 0);
    let (code, said) = acme.upload();
    assert!(code == 3 && said.contains("401") && said.contains("set `key`"), "{said}");
    for (key, error) in [
        ("", "the product file has no `key`, and the server asks for one"),
        ("key: another\n", "the server does not know the key of the product"),
    ] {
        acme.declare(&served.url, key);
        let (code, _, said) = acme.check(&[]);
        assert!(code == 3 && said.contains(error), "{key}: {said}");
        assert!(said.contains("hint: on the server, run `ktel token add --role events"), "{said}");
    }
    acme.declare(&served.url, &format!("key: {}\n", acme.key(&file)));
    let (code, answer, said) = acme.check(&[]);
    assert_eq!(code, 0, "{answer}{said}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["test"], json!({"would_store": 1, "omitted": {}}));
    assert_eq!(acme.upload(), (0, "1 event delivered, 0 rejected, 0 waiting\n".into()));
    let table = "acme_command_v1";
    let (code, rows, said) =
        acme.ktel(&["query", "--product", &file, "--output", "json", "--rows", table]);
    assert!(code == 0 && rows.contains("deploy canary"), "the test was not stored: {rows}{said}");
    let (_, records, _) = acme.ktel(&["query", "--output", "json", "--rows", "ktel_records"]);
    let records: Value = serde_json::from_str(&records).unwrap();
    assert_eq!(records["rows"].as_array().unwrap().len(), 1, "{records}");
    assert!(records.to_string().contains("authenticated"), "{records}");
}

#[test]
fn a_key_sends_nothing_but_events_of_its_product_and_can_be_revoked() {
    let acme = Acme::new();
    acme.declare("http://127.0.0.1:9", "");
    let served = Served::start_with(acme.store.path(), &["--product", &acme.file()]);
    let key = acme.key("acme");
    let authorization =
        format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n");
    let event = json!({"schema_version": 1, "timestamp": "2026-05-12T14:30:45Z", "version": "1.0.0",
        "os": "linux", "arch": "amd64", "command_path": "rollback"});
    let report = json!({"schema": "ktel/report", "product": {"name": "acme"}, "day": "2026-05-12",
        "schemas": {"cluster-state": {"schema": "ktel/cluster-state", "version": "1.0.0"}},
        "data": {"cluster-state": {"pods": 1}}});
    let batch =
        |product: &str| json!({"schema": "ktel/events", "product": product, "events": [event]});
    for (path, body, expected) in [
        ("/v1/reports", &report, "a product key sends only events of its product"),
        ("/v1/events", &batch("other"), "the token is for another product"),
    ] {
        let answer = served.ask(&format!("POST {path}"), &authorization, &body.to_string());
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains(expected), "{answer}");
    }
    let (_, listed, _) = acme.ktel(&["token", "list"]);
    let line = listed.lines().find(|line| line.contains("events")).unwrap();
    assert!(line.ends_with("events  acme"), "{line}");
    let id = line.split_whitespace().next().unwrap();
    assert_eq!(acme.ktel(&["token", "revoke", id]).0, 0);
    acme.declare(&served.url, &format!("key: {key}\n"));
    let revoked = || acme.check(&[]).1.contains("unknown token");
    ktel_testkit::wait::until("the key is revoked", std::time::Duration::from_secs(30), revoked);
    let (code, _, said) = acme.ktel(&["token", "add", "--role", "events"]);
    assert!(code == 2 && said.contains("--product NAME"), "{said}");
}

#[test]
fn a_check_names_what_would_not_arrive() {
    let acme = Acme::new();
    acme.declare("http://127.0.0.1:9", "");
    // This server does not know the commands of the product.
    let served = Served::start(acme.store.path());
    acme.declare(&served.url, &format!("key: {}\n", acme.key("acme")));
    let (code, answer, said) = acme.check(&[]);
    assert!(code == 3 && answer.contains("\"omitted\":{\"undeclared\":2}"), "{answer}{said}");
    assert!(said.contains("hint: give it the product file: `ktel serve --product FILE`"), "{said}");
    let served = Served::start_with(acme.store.path(), &["--product", &acme.file()]);
    acme.declare(&served.url, &format!("key: {}\n", acme.key("acme")));
    let (code, _, said) = acme.check(&["--command", "destroy", "--duration", "3s"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("`destroy` is not in `commands`")
            && said.contains("--duration is of no effect"),
        "{said}"
    );
    let (code, _, said) = acme.check(&["--version", "dev"]);
    assert!(code == 2 && said.contains("`dev` is not a version such as 1.2.3"), "{said}");
    acme.declare("http://127.0.0.1:9", "");
    let (code, _, said) = acme.check(&[]);
    assert!(code == 3 && said.contains("did not answer"), "{said}");
}

#[test]
fn emit_says_what_is_wrong_if_it_is_asked_to() {
    let acme = Acme::new();
    acme.declare("http://127.0.0.1:9", "");
    let emit = |debug: Option<&str>, more: &[(&str, &str)]| {
        let mut emit = command(
            "events emit --version 1.0.0 --no-upload --duration 3s --command destroy --product",
        );
        emit.arg(acme.file()).env("HOME", acme.home.path());
        emit.envs(debug.map(|value| ("KTEL_DEBUG", value))).envs(more.iter().copied());
        run(emit, b"")
    };
    assert_eq!(emit(None, &[]), (0, String::new(), String::new()));
    let (code, _, said) = emit(Some("1"), &[]);
    assert_eq!(code, 0);
    assert!(said.contains("warning: `destroy` is not in `commands`"), "{said}");
    assert!(said.contains("warning: --duration is of no effect"), "{said}");
    let (_, _, said) = emit(Some("1"), &[("DO_NOT_TRACK", "1")]);
    assert!(
        said.contains("no event is recorded: telemetry is off") && said.contains("DO_NOT_TRACK"),
        "{said}"
    );
}

#[test]
fn an_upload_is_started_only_if_nobody_forbids_it() {
    let server = Http::start();
    server.answer(Response::new(200));
    for (more, flag) in [("auto_upload: false\n", None), ("", Some("--no-upload"))] {
        let acme = Acme::new();
        acme.declare(&server.url(), more);
        let file = acme.file();
        let mut words = vec![
            "events",
            "emit",
            "--product",
            &file,
            "--version",
            "1.0.0",
            "--command",
            "rollback",
        ];
        words.extend(flag);
        assert_eq!(acme.ktel(&words).0, 0);
        let began = acme.home.path().join(".local/state/ktel/acme/upload-began");
        assert!(!began.exists(), "{more}{flag:?}: an upload was started");
        assert_eq!(acme.upload().0, 0);
    }
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_product_key_is_what_a_header_can_carry() {
    let acme = Acme::new();
    for wrong in ["'two words'", "''", "\"line\\nbreak\"", "käse"] {
        acme.declare("http://127.0.0.1:9", &format!("key: {wrong}\n"));
        let (code, _, said) = acme.check(&[]);
        assert!(code == 2 && said.contains("`key` is not a product key"), "{wrong}: {said}");
    }
}

#[test]
fn a_product_file_to_begin_with_is_valid_and_never_overwritten() {
    let acme = Acme::new();
    let file = acme.file();
    let init = |name: &str, commands: &str| {
        acme.ktel(&["init", "product", name, "--commands", commands, "--file", &file])
    };
    let (code, _, said) = init("Acme Inc", "plan");
    assert!(code == 2 && said.contains("lower-case letters"), "{said}");
    let (code, _, said) = init("acme", "get apis,-x");
    assert!(code == 2 && said.contains("`-x` is not a command"), "{said}");
    assert!(!fs::exists(&file).unwrap(), "nothing is written that is not valid");
    let (code, _, said) = init("acme", "get apis,plan");
    assert!(code == 0 && said.contains(&format!("ktel events check --product {file}")), "{said}");
    let (code, status, said) = acme.ktel(&["telemetry", "--product", &file, "status"]);
    assert!(code == 0 && status.contains("http://127.0.0.1:8090"), "{said}");
    let (code, _, said) = init("acme", "get apis");
    assert!(code == 2 && said.contains("hint: it exists; name another file"), "{said}");
}
