//! A user says no: for a product without a file, for all products at once; and sees what is on the machine.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{command, run};

struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn product(&self, name: &str) {
        self.write(
            &format!(".config/ktel/products/{name}.yaml"),
            &format!(
                "ktel: 1\nname: {name}\nconsent: opt-out\nserver: https://example.com\ncommands: [plan]\n\
                 auto_upload: false\nnotice: {{text: It counts., stood: {{place: installer, reference: here}}}}\n"
            ),
        );
    }

    fn ktel(&self, words: &str) -> (i32, String, String) {
        let mut command = command(words);
        command.env("HOME", self.0.path());
        run(command, b"")
    }

    fn emit(&self, name: &str) {
        let words = format!("events emit --product {name} --version 1.0.0 --command plan");
        assert_eq!(self.ktel(&words), (0, String::new(), String::new()));
    }

    fn exists(&self, path: &str) -> bool {
        self.0.path().join(path).exists()
    }
}

/// Every file and directory below a directory.
fn everything(place: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(place).unwrap() {
        let path = entry.unwrap().path();
        found.push(path.display().to_string());
        if path.is_dir() {
            found.extend(everything(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn no_is_heard_also_when_the_product_file_comes_later() {
    let machine = Machine::new();
    let (code, _, said) = machine.ktel("telemetry off --product acme");
    assert_eq!((code, said.contains("acme: telemetry is off")), (0, true), "{said}");
    let (_, status, _) = machine.ktel("telemetry status --product acme");
    assert!(status.starts_with("acme: telemetry is off\n"), "{status}");
    assert!(status.contains("preference` says `off`") && status.contains("none on this machine"));
    machine.product("acme");
    machine.emit("acme");
    assert!(!machine.exists(".local/state/ktel/acme"), "something was recorded");
    let (_, status, _) = machine.ktel("telemetry status --product acme");
    assert!(status.contains("acme: telemetry is off"), "{status}");
    // Reports hear it, too.
    let words = "workflows run --jobs cluster-state --snapshot - --product acme --respect-consent \
                 --report-server https://example.com";
    let mut report = command(words);
    report.env("HOME", machine.0.path());
    let (code, _, said) = run(report, &fs::read(crate::support::CLUSTER).unwrap());
    assert!(code == 0 && said.contains("nothing is sent: "), "{said}");
    // A broken product file stops nobody.
    machine.write(".config/ktel/products/broken.yaml", "ktel: [");
    assert_eq!(machine.ktel("telemetry off --product broken").0, 0);
    assert!(machine.exists(".config/ktel/broken/preference"));
    let (code, _, said) = machine.ktel("telemetry off --product No!");
    assert!(code == 2 && said.contains("hint: `ktel telemetry list`"), "{said}");
}

#[test]
fn every_product_on_the_machine_is_listed_and_turned_off_at_once() {
    let machine = Machine::new();
    let (code, stdout, said) = machine.ktel("telemetry status");
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert!(said.contains("no product on this machine"), "{said}");
    machine.product("acme");
    machine.emit("acme");
    machine.emit("acme");
    machine.write(".config/ktel/decided/preference", "on\n");
    machine.write(
        ".local/state/ktel/sent/accepted.jsonl",
        "{\"time\":\"2026-05-12T14:30:45Z\",\"server\":\"https://example.com\",\"events\":[]}\n",
    );
    for words in ["telemetry status", "telemetry list"] {
        let (code, list, _) = machine.ktel(words);
        let lines: Vec<Vec<&str>> =
            list.lines().map(|line| line.split_whitespace().take(4).collect()).collect();
        assert_eq!(code, 0);
        assert_eq!(lines[1], ["acme", "on", "2", "never"], "{list}");
        assert_eq!(lines[2], ["decided", "on", "0", "never"], "{list}");
        assert_eq!(lines[3], ["sent", "?", "0", "2026-05-12T14:30:45Z"], "{list}");
        assert!(list.contains("the product sends unless a source denies it"), "{list}");
    }
    let (_, json, _) = machine.ktel("telemetry list --output json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["product"], "acme");
    assert_eq!((json[0]["waiting"].as_u64(), json[2]["telemetry"].is_null()), (Some(2), true));

    let (code, _, said) = machine.ktel("telemetry off --all");
    assert!(code == 0 && said.contains("3 products turned off"), "{said}");
    let (_, json, _) = machine.ktel("telemetry list --output json");
    let json: Value = serde_json::from_str(&json).unwrap();
    for product in json.as_array().unwrap() {
        assert_eq!(
            (&product["telemetry"], &product["waiting"]),
            (&"off".into(), &0.into()),
            "{json}"
        );
    }
    assert!(!machine.exists(".local/state/ktel/acme/events"), "waiting events are deleted");
    machine.emit("acme");
    assert!(!machine.exists(".local/state/ktel/acme/events"));
    let (code, ..) = machine.ktel("telemetry off --all --product acme");
    assert_eq!(code, 2, "one or all");
}

#[test]
fn no_product_is_meant_that_nobody_named() {
    let machine = Machine::new();
    machine.product("acme");
    for words in ["on", "off", "forget", "log", "preview", "show", "explain version"] {
        let (code, stdout, said) = machine.ktel(&format!("telemetry {words}"));
        assert_eq!((code, stdout.as_str()), (2, ""), "{words}: {said}");
        assert!(
            said.contains("no product is named") && said.contains("on this machine: acme"),
            "{said}"
        );
    }
}

#[test]
fn a_command_that_reads_writes_nothing() {
    let machine = Machine::new();
    machine.product("acme");
    let before = everything(machine.0.path());
    for words in [
        "telemetry list",
        "telemetry status",
        "telemetry status --product acme",
        "telemetry status --product other",
        "telemetry log --product acme",
        "telemetry preview --product acme",
        "telemetry show --product acme",
        "telemetry explain --product acme version",
        "outbox list",
        "jobs list",
    ] {
        let (code, _, said) = machine.ktel(words);
        assert_eq!(code, 0, "{words}: {said}");
        assert_eq!(everything(machine.0.path()), before, "{words}");
    }
}

#[test]
fn everything_of_one_product_is_shown_as_text_and_as_a_page() {
    let machine = Machine::new();
    machine.product("acme");
    machine.write(
        ".local/state/ktel/acme/accepted.jsonl",
        "{\"time\":\"2026-05-12T14:30:45Z\",\"server\":\"https://example.com\",\"batch\":\"b1\",\"rejected\":1,\
         \"events\":[{\"command_path\":\"plan\",\"version\":\"1.2.3\"},{\"command_path\":\"<script>\"}]}\n",
    );
    let (code, text, _) = machine.ktel("telemetry show --product acme");
    assert_eq!(code, 0);
    for expected in [
        "acme: telemetry is on, because the product sends unless",
        "Decides which commands are worked on first",
        "idempotency-key",
        "2026-05-12T14:30:45Z  2       https://example.com  b1",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("schemas.*.digest"), "acme sends no reports");
    let path = machine.0.path().join("page.html");
    let (code, stdout, said) =
        machine.ktel(&format!("telemetry show --product acme --html {}", path.display()));
    assert_eq!((code, stdout.as_str()), (0, ""), "{said}");
    let page = fs::read_to_string(path).unwrap();
    for expected in [
        "<title>Telemetry of acme</title>",
        "default-src 'none'",
        "ktel telemetry --product acme off",
        "ACME_NO_TELEMETRY=1",
        "2026-05-12T14:30:45Z: 2 events to https://example.com",
        "The server did not keep 1 event.",
        "&lt;script&gt;",
        "Decides which commands are worked on first",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!page.contains("<script") && !page.contains("src="), "it loads nothing");
    let (code, _, said) = machine.ktel("telemetry show --product acme --html /nowhere/page.html");
    assert!(code == 2 && said.contains("hint: `--html` names a file"), "{said}");
}
