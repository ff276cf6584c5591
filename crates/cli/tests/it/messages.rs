//! What a user reads who made a mistake: what is wrong, where, and what to do next.

use std::fs;

use ktel_testkit::capture::Http;
use ktel_testkit::http::Response;

use crate::support::{CLUSTER, command, run};

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn ktel(&self, words: &str) -> (i32, String, String) {
        let mut command = command(words);
        command.env("HOME", self.0.path());
        run(command, b"")
    }

    /// Makes a mistake, and checks what is said about it.
    #[track_caller]
    fn is_told(&self, words: &str, expected: &[&str]) -> String {
        let (code, stdout, stderr) = self.ktel(words);
        assert_eq!((code, stdout.as_str()), (2, ""), "{words}: {stderr}");
        for expected in expected {
            assert!(stderr.contains(expected), "{words}: `{expected}` is not in {stderr}");
        }
        stderr
    }
}

const NO_CONTEXTS: &str = "{apiVersion: v1, kind: Config, clusters: [], contexts: [], users: []}";

fn kubeconfig(server: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{{name: a, cluster: {{server: \"{server}\"}}}}]\n\
         contexts: [{{name: a, context: {{cluster: a, user: a}}}}]\nusers: [{{name: a, user: {{token: x}}}}]\n"
    )
}

#[test]
fn a_mistake_is_named_with_what_to_do_next() {
    let desk = Desk::new();
    let no_kubeconfig = desk.file("other.yaml", "hello: 1\n");
    let no_contexts = desk.file("empty.yaml", NO_CONTEXTS);
    let mapping = desk.file("decisions.yaml", "decisions: {a: b}\n");
    let indented = desk.file("indented.yaml", "ktel: 1\nname: acme\n consent: opt-in\n");
    let agent = desk.file("agent.yaml", "ktel: 1\nproduct: [acme\n");
    let on = format!("workflows run --snapshot {CLUSTER} --jobs cluster-state");
    let nowhere = desk.0.path().join("nowhere").display().to_string();
    for (words, expected) in [
        (
            format!("workflows run --jobs cluster-state --kubeconfig {no_kubeconfig}"),
            &["is not a kubeconfig", "hint: choose another"][..],
        ),
        (
            format!("workflows run --jobs cluster-state --kubeconfig {no_contexts}"),
            &["has no contexts", "hint: choose another"],
        ),
        ("jobs rbac".to_owned(), &["no job is named", "hint: name jobs with `--jobs`"]),
        (format!("{on} route-types"), &["separate jobs with commas, as in `--jobs a,b`"]),
        (format!("{on} --concurrency 0"), &["expected 1 or more"]),
        ("serve --listen 8093".to_owned(), &["write 127.0.0.1:8093"]),
        ("serve --listen nowhere".to_owned(), &["such as 127.0.0.1:8090"]),
        (
            format!("schema lint {}", desk.0.path().display()),
            &["has no schema file", "begins with `kts: 1`"],
        ),
        (
            "outbox drop".to_owned(),
            &["no report is named", "hint: `ktel outbox list` shows the names"],
        ),
        (format!("bundle export {nowhere}/x"), &["nowhere/x`", "hint: name a new file"]),
        (
            format!("telemetry status --product {indented}"),
            &[
                "is not a product file: `consent` is indented, so it is read as more of the value of `name`",
                "\n  3 |  consent: opt-in\n    |  ^",
            ],
        ),
        (format!("agent rbac --config {agent}"), &["agent.yaml", "\n  2 | product: [acme\n"]),
        ("agent run --config x --listen 8092".to_owned(), &["write 127.0.0.1:8092"]),
        ("exporter run --config x --listen 8093".to_owned(), &["write 127.0.0.1:8093"]),
        ("exporter local x --config x --listen :8093".to_owned(), &["write 127.0.0.1:8093"]),
        (
            format!("serve --listen 127.0.0.1:0 --decisions {mapping}"),
            &[
                "expected sequence start at line 1, column 1\n  1 | decisions: {a: b}\n    | ^\n  hint: write `- date",
            ],
        ),
        (
            format!("{on} --report-server localhost:8090"),
            &["`localhost:8090` has no scheme", "or `http://localhost:8090`"],
        ),
        ("telemetry off".to_owned(), &["no product is named", "`ktel telemetry off --all`"]),
        ("outbox drop nothing".to_owned(), &["no report `nothing` waits", "`ktel outbox list`"]),
        (
            "token add --role events".to_owned(),
            &["a product key is the key of one product", "hint: name it"],
        ),
    ] {
        desk.is_told(&words, expected);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let desk = Desk::new();
    let agent = desk.file("agent.yaml", "ktel: 1\n");
    let nowhere = desk.0.path().join("nowhere.yaml").display().to_string();
    for words in [
        format!("schema lint {nowhere}"),
        format!("telemetry verify {nowhere}"),
        format!("workflows run --jobs-from {nowhere}"),
        format!("bundle import {nowhere}"),
        format!("telemetry status --product {nowhere}"),
        format!("agent run --config {nowhere}"),
        format!("exporter validate {nowhere}"),
        format!("exporter validate {agent} --config {nowhere}"),
    ] {
        desk.is_told(&words, &["nowhere.yaml`", "hint: there is no such file; check its path"]);
    }
}

#[test]
fn a_database_that_does_not_run_is_named_without_its_password() {
    let desk = Desk::new();
    for words in ["query SELECT", "token add --role reader", "serve --listen 127.0.0.1:0"] {
        let words = format!("{words} --store postgres://acme:hunter2@127.0.0.1:1/ktel");
        let said = desk.is_told(
            &words,
            &["Connection refused", "hint: check that PostgreSQL runs at `127.0.0.1:1`, and"],
        );
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_cluster_that_cannot_be_reached_is_one_error_and_nothing_is_sent() {
    let (desk, server) = (Desk::new(), Http::start());
    let file = desk.file("kubeconfig.yaml", &kubeconfig("https://127.0.0.1:1"));
    let words = format!(
        "workflows run --workflow all --kubeconfig {file} --report-server {}",
        server.url()
    );
    let (code, stdout, stderr) = desk.ktel(&words);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    let errors = stderr.lines().filter(|line| line.starts_with("error:")).count();
    assert_eq!(errors, 1, "{stderr}");
    assert!(!stderr.contains("ServiceError") && !stderr.contains("client error"), "{stderr}");
    assert!(stderr.contains("hint: nothing listens there"), "{stderr}");
    assert!(server.requests().is_empty());
    // A port that speaks no TLS answers at once.
    let file = desk.file("kubeconfig.yaml", &kubeconfig(&server.url().replace("http", "https")));
    let (code, _, stderr) = desk.ktel(&format!("workflows run --workflow all --kubeconfig {file}"));
    assert!(code == 2 && stderr.contains("does not speak TLS"), "{stderr}");
    let url = server.url().replace("http", "https");
    let words = format!(
        "workflows run --jobs cluster-state --snapshot {CLUSTER} --send-timeout 1s --no-spool --server {url}"
    );
    let (code, _, stderr) = desk.ktel(&words);
    assert!(
        code == 3 && stderr.contains("does not speak TLS; if it should not, write `http://`"),
        "{stderr}"
    );
}

#[test]
fn a_server_that_is_not_there_is_named_with_what_to_do_next() {
    let desk = Desk::new();
    let report = format!("workflows run --snapshot {CLUSTER} --jobs cluster-state --no-spool");
    let (code, _, stderr) =
        desk.ktel(&format!("{report} --report-server http://127.0.0.1:1 --send-timeout 1s"));
    let refused = "hint: nothing listens at `127.0.0.1:1`; check the address";
    assert!(code == 3 && stderr.contains(refused), "{stderr}");
    assert!(stderr.contains("; the report was not kept; run the command again\n"), "{stderr}");
    let (code, _, stderr) =
        desk.ktel(&format!("{report} --report-server https://ktel.invalid:1 --send-timeout 1s"));
    let nowhere = "hint: the host of `ktel.invalid:1` has no address; check its name";
    assert!(code == 3 && stderr.contains(nowhere), "{stderr}");

    let file = desk.file(
        "acme.yaml",
        "{ktel: 1, name: acme, consent: opt-in, server: 'http://127.0.0.1:1', key: public, commands: [plan], notice: {text: Acme counts.}}",
    );
    assert_eq!(desk.ktel(&format!("telemetry --product {file} on")).0, 0);
    let emit = format!("events emit --product {file} --version 1.2.3 --command plan --no-upload");
    assert_eq!(desk.ktel(&emit).0, 0);
    for command in ["check", "upload"] {
        let (code, _, stderr) = desk.ktel(&format!("events {command} --product {file}"));
        assert!(code == 3 && stderr.contains(refused), "{command}: {stderr}");
    }
}

#[test]
fn jobs_that_need_a_product_are_left_out_with_a_note() {
    let desk = Desk::new();
    let on = format!("workflows run --snapshot {CLUSTER}");
    let (code, stdout, stderr) = desk.ktel(&format!("{on} --workflow all"));
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("not run without a product: identify-deployment, feature-flags;"),
        "{stderr}"
    );
    assert!(!stdout.contains("feature-flags"), "{stdout}");
    let (code, _, stderr) = desk.ktel(&format!("{on} --jobs identify-deployment"));
    assert!(code == 1 && stderr.contains("hint: name the product"), "{stderr}");
    let (code, stdout, stderr) =
        desk.ktel(&format!("{on} --jobs cluster-state,cluster-state --workflow cluster-state"));
    assert_eq!((code, stdout.matches("cluster-state").count()), (0, 1), "{stderr}");
}

#[test]
fn a_command_that_reads_creates_no_store() {
    let desk = Desk::new();
    let store = desk.0.path().join("store");
    for words in ["query --rows ktel_records", "query SELECT", "token list", "token revoke 0"] {
        let (code, _, stderr) = desk.ktel(&format!("{words} --store {}", store.display()));
        assert!(code == 2 && stderr.contains("there is no store in"), "{words}: {stderr}");
        assert!(stderr.contains("hint: `ktel serve` creates it"), "{stderr}");
        assert!(!store.exists(), "{words}");
    }
}

#[test]
fn a_wrong_example_is_answered_with_a_right_one() {
    let desk = Desk::new();
    let wrong = include_str!("pods.yaml").replacen("example: ", "example: {wrong: 1} # ", 1);
    let (code, stdout, _) = desk.ktel(&format!("schema lint {}", desk.file("pods.yaml", &wrong)));
    assert_eq!(code, 1);
    assert!(
        stdout.contains("fix: write a value as it is sent, such as `example: \"2-5\"`"),
        "{stdout}"
    );
}

#[test]
fn a_path_without_a_receiver_says_which_path_has_one() {
    let (desk, server) = (Desk::new(), Http::start());
    server.answer(Response::new(404));
    let words = format!(
        "workflows run --jobs cluster-state --snapshot {CLUSTER} --server {}/nothing",
        server.url()
    );
    let (code, _, stderr) = desk.ktel(&words);
    assert_eq!(code, 3, "{stderr}");
    assert!(
        stderr.contains(
            "/nothing` is not one of a receiver; ktel's server takes reports at `/v1/reports`"
        ),
        "{stderr}"
    );
}

#[test]
fn a_delivery_is_noted_for_a_person_who_watches() {
    let (desk, server) = (Desk::new(), Http::start());
    server.answer(Response::new(200));
    let words = format!(
        "workflows run --jobs cluster-state --snapshot {CLUSTER} --server {}",
        server.url()
    );
    assert_eq!(desk.ktel(&words).2, "");
    let (_, _, stderr) = desk.ktel(&format!("-v {words}"));
    let bytes = server.requests()[1].body().unwrap().len();
    let host = server.url().replace("http://", "");
    assert!(stderr.contains(&format!("sent {bytes} bytes to {host}, accepted\n")), "{stderr}");
}

#[test]
fn a_dry_run_shows_the_request_and_otlp_as_json() {
    let desk = Desk::new();
    let on = format!("workflows run --jobs cluster-state --snapshot {CLUSTER} --dry-run");
    let (_, stdout, stderr) = desk.ktel(&format!("{on} --server https://example.com/in"));
    for line in [
        "POST /in HTTP/1.1",
        "host: example.com",
        "content-type: application/json",
        "idempotency-key: ",
    ] {
        assert!(stderr.contains(line), "{line}: {stderr}");
    }
    assert!(stdout.starts_with("{\"schema\":\"ktel/report\""), "{stdout}");
    let raw = desk.0.path().join("raw");
    let (code, stdout, stderr) =
        desk.ktel(&format!("{on} --server otlp://example.com --raw {}", raw.display()));
    assert_eq!(code, 0, "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert!(json["resourceLogs"][0]["scopeLogs"].is_array(), "{json}");
    assert!(fs::read(&raw).unwrap().len() > 100, "the bytes are in the file");
    let (_, _, stderr) = desk.ktel(&on);
    assert!(stderr.contains("nothing would be sent"), "{stderr}");
}

#[test]
fn a_capture_has_what_a_server_got_and_no_secret() {
    let (desk, server) = (Desk::new(), Http::start());
    server.answer(Response::new(200));
    let capture = desk.0.path().join("capture");
    let mut sent = command(&format!(
        "workflows run --jobs cluster-state --snapshot {CLUSTER} --server {} --capture {}",
        server.url(),
        capture.display()
    ));
    sent.env("HOME", desk.0.path()).env("KTEL_TOKEN", "hunter2");
    assert_eq!(run(sent, b"").0, 0);
    let request = server.requests().remove(0);
    let text = fs::read_to_string(&capture).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap();
    assert_eq!(body.trim_end().as_bytes(), &request.body().unwrap()[..]);
    assert!(head.starts_with(&format!("POST {} HTTP/1.1\n", request.path())), "{head}");
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(": ").unwrap();
        let expected = if name == "authorization" { Some("Bearer hunter2") } else { Some(value) };
        assert_eq!(request.header(name), expected, "{line}");
    }
    assert!(head.contains("authorization: Bearer …") && !text.contains("hunter2"), "{head}");
}

#[test]
fn a_snapshot_can_be_piped_in() {
    let words = "workflows run --jobs cluster-state --snapshot -";
    let (code, stdout, stderr) = run(command(words), &fs::read(CLUSTER).unwrap());
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(
        stdout,
        run(command(&words.replace("-snapshot -", &format!("-snapshot {CLUSTER}"))), b"").1
    );
}

#[test]
fn a_schema_has_the_name_that_the_list_shows() {
    let desk = Desk::new();
    let (_, list, _) = desk.ktel("schema list");
    let names: Vec<&str> = list.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"ktel/kongctl"), "{list}");
    for name in names {
        for verb in ["show", "json"] {
            let (code, _, stderr) = desk.ktel(&format!("schema {verb} {name}"));
            assert_eq!(code, 0, "{verb} {name}: {stderr}");
        }
    }
}

#[test]
fn a_directory_is_linted_without_its_other_files() {
    let desk = Desk::new();
    let pods = include_str!("pods.yaml");
    desk.file("pods.yaml", pods);
    desk.file("values.yaml", "image: ktel\n");
    let (code, stdout, stderr) = desk.ktel(&format!("schema lint {}", desk.0.path().display()));
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.contains("values.yaml") && stderr.contains("1 file, no errors"), "{stderr}");
    let wider = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/pods-wider.yaml");
    let pods = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/pods.yaml");
    for (fail_on, expected) in [("breaking", 0), ("widened", 1), ("never", 0)] {
        let words = format!("schema diff {pods} {wider} --fail-on {fail_on}");
        assert_eq!(desk.ktel(&words).0, expected, "{fail_on}");
    }
}

#[test]
fn the_version_says_from_which_commit_it_was_built() {
    let (code, stdout, _) = run(command("version -o json"), b"");
    let version: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, version["version"].as_str()), (0, Some(env!("CARGO_PKG_VERSION"))));
    let head =
        std::process::Command::new("git").args(["log", "-1", "--format=%h"]).output().unwrap();
    let head = String::from_utf8(head.stdout).unwrap();
    assert_eq!(version["commit"].as_str(), Some(head.trim()), "{stdout}");
    assert!(version["features"].as_array().unwrap().iter().any(|one| one == "postgres"));
}
