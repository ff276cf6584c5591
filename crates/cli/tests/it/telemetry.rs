//! What a user sees of the telemetry of a product, and what is really sent.

use std::fs;
use std::process::Command;
use std::time::Duration;

use ktel_testkit::capture::{BlackHole, Http};
use ktel_testkit::http::Response;
use serde_json::{Value, json};

use crate::support::{command, run};
use crate::terminal::on_terminal;

const WITHIN: Duration = Duration::from_secs(30);

/// A user of a product called `acme`, whose notice was shown by the installer.
struct User {
    home: tempfile::TempDir,
}

impl User {
    fn of_acme(server: &str) -> Self {
        Self::of(server, "opt-out", "stood: {place: installer, reference: the last page}", 1)
    }

    fn of(server: &str, consent: &str, notice: &str, version: u32) -> Self {
        let home = tempfile::tempdir().unwrap();
        let products = home.path().join(".config/ktel/products");
        fs::create_dir_all(&products).unwrap();
        let file = format!(
            "ktel: 1\nname: acme\nconsent: {consent}\nserver: {server}\n\
             commands: [get apis, plan]\nevent_version: {version}\nnotice: {{text: Acme counts commands., {notice}}}\n"
        );
        fs::write(products.join("acme.yaml"), file).unwrap();
        Self { home }
    }

    fn command(&self, words: &str) -> Command {
        let mut command = command(words);
        command.env("HOME", self.home.path());
        command
    }

    fn ktel(&self, words: &str) -> (i32, String, String) {
        run(self.command(words), b"")
    }

    fn emit(&self, what: &str) {
        let (code, stdout, stderr) =
            self.ktel(&format!("events emit --product acme --version 0.4.0 {what}"));
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""));
    }

    /// Prevents automatic uploads: another one began just now.
    fn without_uploads(self) -> Self {
        let state = self.state("");
        fs::create_dir_all(&state).unwrap();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        fs::write(self.state("upload-began"), now.to_string()).unwrap();
        self
    }

    fn state(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(".local/state/ktel/acme").join(name)
    }

    fn upload(&self) -> (i32, String) {
        let (code, _, stderr) = self.ktel("events upload --product acme --send-timeout 2s");
        (code, stderr)
    }
}

fn batch(request: &ktel_testkit::http::Request) -> Value {
    serde_json::from_slice(&request.body().unwrap()).unwrap()
}

#[test]
fn a_command_is_recorded_and_another_process_uploads_it() {
    let server = Http::start();
    let user = User::of_acme(&server.url());
    user.emit("--command my-private-extension");
    let request = server.wait_for(1, WITHIN).remove(0);
    assert_eq!(request.path(), "/v1/events");
    let sent = batch(&request);
    assert_eq!((&sent["schema"], &sent["product"]), (&json!("ktel/events"), &json!("acme")));
    assert_eq!(sent["events"][0]["command_path"], "plugin");
    assert_eq!(request.header("Idempotency-Key"), sent["id"].as_str());
    let fields: Vec<&String> = sent["events"][0].as_object().unwrap().keys().collect();
    let v1 = ["schema_version", "timestamp", "version", "os", "arch", "command_path"];
    assert_eq!(fields, v1);
    // Once in six hours is enough.
    user.emit("--command plan");
    user.emit("--command plan");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn preview_prints_what_is_sent_and_log_shows_it() {
    let server = Http::start();
    let user = User::of_acme(&server.url()).without_uploads();
    let mut get = user.command("events emit --product acme --version 0.4.0 --command");
    get.arg("acme get apis");
    assert_eq!(run(get, b"").0, 0);
    user.emit("--command plan --outcome failure");
    let (code, preview, annotated) = user.ktel("telemetry --product acme preview");
    assert_eq!(code, 0, "{annotated}");
    assert!(annotated.contains("2 events would be sent to") && annotated.contains("WHY"));
    assert_eq!(server.requests().len(), 0);
    let (_, again, _) = user.ktel("telemetry --product acme preview");
    assert_eq!(again, preview);
    // What is recorded after a preview is not part of it.
    user.emit("--command plan");
    assert_eq!(user.upload(), (0, "3 events delivered, 0 rejected, 0 waiting\n".into()));
    assert_eq!(server.requests()[0].body().unwrap(), preview.as_bytes(), "to the byte");
    assert_eq!(batch(&server.requests()[1])["events"].as_array().unwrap().len(), 1);
    let sent = batch(&server.requests()[0]);
    assert_eq!(sent["events"].as_array().unwrap().len(), 2);
    assert!(sent["events"][1].get("outcome").is_none(), "the product did not switch it on");
    let (_, log, _) = user.ktel("telemetry --product acme log");
    let log: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(log["events"], sent["events"]);
    assert_eq!(log["server"], server.url());
    assert!(user.state("accepted.jsonl").exists());
}

#[test]
fn events_that_a_server_omits_are_counted_as_rejected() {
    let server = Http::start();
    let user = User::of_acme(&server.url()).without_uploads();
    let answer = |rejected: usize| {
        let rejected = vec![json!({"code": "empty", "message": "nothing", "item": 0}); rejected];
        Response::json(200, &json!({"stored": 1, "repeated": 0, "rejected": rejected}))
    };
    for (rejected, code, expected) in [
        (0, 0, "2 events delivered, 0 rejected, 0 waiting\n"),
        (1, 3, "1 event delivered, 1 rejected, 0 waiting\n"),
        (7, 3, "0 events delivered, 2 rejected, 0 waiting\n"),
    ] {
        user.emit("--command plan");
        user.emit("--command plan");
        server.answer(answer(rejected));
        let (exit, said) = user.upload();
        assert_eq!((exit, said.starts_with(expected)), (code, true), "{rejected}: {said}");
        assert_eq!(
            said.contains("does not have all events: status 200: nothing"),
            rejected > 0,
            "{said}"
        );
    }
    let (_, log, _) = user.ktel("telemetry --product acme log");
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let rejected: Vec<Value> = lines.map(|line| line["rejected"].clone()).collect();
    assert_eq!(rejected, [json!(null), json!(1), json!(2)], "{log}");
}

#[test]
fn a_batch_whose_answer_was_lost_goes_out_again_as_it_was() {
    let server = Http::start();
    let user = User::of_acme(&server.url()).without_uploads();
    user.emit("--command plan");
    server.answer(ktel_testkit::http::Answer::Drop);
    assert_eq!(user.upload().0, 3);
    user.emit("--command plan");
    server.answer(Response::new(200));
    assert_eq!(user.upload(), (0, "2 events delivered, 0 rejected, 0 waiting\n".into()));
    let requests = server.requests();
    let lost = batch(&requests[0]);
    let sent: Vec<Value> = requests.iter().map(batch).filter(|sent| sent == &lost).collect();
    assert!(sent.len() >= 2, "the same key and events again");
    assert_eq!(batch(requests.last().unwrap())["events"].as_array().unwrap().len(), 1);
    assert_ne!(batch(requests.last().unwrap())["id"], lost["id"]);
}

#[test]
fn off_stops_recording_and_deletes_waiting_events() {
    let server = Http::start();
    let user = User::of_acme(&server.url()).without_uploads();
    user.emit("--command plan");
    assert!(user.state("events").exists());
    assert_eq!(user.ktel("telemetry --product acme off").0, 0);
    assert!(!user.state("events").exists());
    user.emit("--command plan");
    assert!(!user.state("events").exists(), "an event was kept");
    let (code, stderr) = user.upload();
    assert!(code == 0 && stderr.starts_with("telemetry is off:"), "{stderr}");
    assert_eq!(server.requests().len(), 0);
    let (_, status, _) = user.ktel("telemetry --product acme status");
    assert!(status.starts_with("acme: telemetry is off"), "{status}");
    assert_eq!(user.ktel("telemetry --product acme on").0, 0);
    user.emit("--command plan");
    assert_eq!(user.upload().0, 0);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn every_source_can_turn_telemetry_off() {
    let server = Http::start();
    for (variable, value) in [
        ("DO_NOT_TRACK", "1"),
        ("DO_NOT_TRACK", "true"),
        ("ACME_NO_TELEMETRY", "1"),
        ("ACME_NO_TELEMETRY", "yes"),
        ("KTEL_NO_TELEMETRY", "true"),
        ("ACME_TELEMETRY_ENABLED", "false"),
        ("ACME_DEFAULT_TELEMETRY_ENABLED", "false"),
    ] {
        let user = User::of_acme(&server.url()).without_uploads();
        let mut emit = user.command("events emit --product acme --version 1.0.0 --command plan");
        emit.env(variable, value);
        assert_eq!(run(emit, b"").0, 0);
        assert!(!user.state("events").exists(), "{variable}={value}");
        let mut status = user.command("telemetry --product acme status");
        status.env(variable, value);
        let (_, status, _) = run(status, b"");
        assert!(status.contains("is off") && status.contains(variable), "{status}");
    }
    let user = User::of_acme(&server.url()).without_uploads();
    user.emit("--command plan --no-telemetry");
    let own = user.home.path().join(".config/acme");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("config.yaml"), "telemetry: {enabled: false}\n").unwrap();
    user.emit("--command plan");
    fs::write(own.join("config.yaml"), "default: {telemetry: {enabled: false}}\n").unwrap();
    user.emit("--command plan");
    fs::write(own.join("config.yaml"), "telemetry: [what\n").unwrap();
    user.emit("--command plan");
    fs::remove_file(own.join("config.yaml")).unwrap();
    fs::write(own.join(".telemetry-enabled"), "maybe").unwrap();
    user.emit("--command plan");
    assert!(!user.state("events").exists());
}

#[test]
fn a_build_without_a_version_number_records_nothing_and_says_why() {
    let server = Http::start();
    let user = User::of_acme(&server.url()).without_uploads();
    for version in ["dev", "snapshot", ""] {
        let emit = || {
            let mut emit = user.command("events emit --product acme --command plan --version");
            emit.arg(version);
            emit
        };
        let expected =
            format!("no event is recorded: `{version}` is not a version such as 1.2.3\n");
        assert_eq!(run(emit(), b""), (0, String::new(), expected));
        assert!(!user.state("events").exists(), "{version}");
        let mut off = emit();
        off.env("DO_NOT_TRACK", "1");
        assert_eq!(run(off, b""), (0, String::new(), String::new()), "{version}");
    }
    assert_eq!(user.upload(), (0, "0 events delivered, 0 rejected, 0 waiting\n".into()));
}

#[test]
fn nothing_is_recorded_before_the_notice_was_shown() {
    let server = Http::start();
    let user = User::of(&server.url(), "opt-out", "url: https://example.com/why", 1);
    user.emit("--command plan");
    assert!(!user.state("events").exists());
    let (_, status, _) = user.ktel("telemetry --product acme status");
    assert!(status.contains("not shown yet"), "{status}");
    let opt_in = User::of(&server.url(), "opt-in", "url: https://example.com/why", 1);
    opt_in.emit("--command plan");
    assert!(!opt_in.state("events").exists());
    let (code, _, said) = opt_in.ktel("telemetry --product acme on");
    assert!(code == 0 && said.contains("Acme counts commands."), "{said}");
    opt_in.emit("--command plan");
    assert!(opt_in.state("events").exists());
}

#[test]
fn a_server_that_never_answers_costs_the_command_nothing() {
    let hole = BlackHole::start();
    let user = User::of_acme(&format!("http://{}", hole.address()));
    let start = std::time::Instant::now();
    user.emit("--command plan");
    // The upload that began waits for 30 s on its own; ten times less is far more than a start.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn programs_in_other_languages_put_files_in_and_only_events_are_taken() {
    let server = Http::start();
    let user = User::of_acme(&server.url()).without_uploads();
    let drop = user.state("drop");
    fs::create_dir_all(&drop).unwrap();
    let good = r#"{"schema_version":1,"timestamp":"2026-05-12T14:30:45Z","version":"0.4.0","os":"linux","arch":"amd64","command_path":"get apis"}"#;
    fs::write(drop.join("1.json"), good).unwrap();
    fs::write(drop.join("2.json"), good.replace("get apis", "get apis --token x")).unwrap();
    fs::write(drop.join("3.json"), good.replace("}", r#","user":"me"}"#)).unwrap();
    fs::write(drop.join("4.json"), "not json").unwrap();
    fs::write(drop.join("5.json"), vec![b' '; 10_000]).unwrap();
    fs::write(drop.join("6.json.part"), "half").unwrap();
    let (code, said) = user.upload();
    assert!(said.starts_with("1 event delivered, 4 rejected, 0 waiting\n"), "{said}");
    assert!(code == 3 && said.contains(".json`: values of the event are undeclared"), "{said}");
    assert_eq!(batch(&server.requests()[0])["events"][0].to_string(), good);
    let left: Vec<_> = drop.read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["6.json.part"]);
}

#[test]
fn debug_keeps_events_for_a_person_to_read() {
    let server = Http::start();
    let user = User::of_acme(&server.url()).without_uploads();
    user.emit("--command plan");
    assert!(!user.state("events.jsonl").exists());
    let own = user.home.path().join(".config/acme");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("config.yaml"), "telemetry: {enabled: true, debug: true}\n").unwrap();
    user.emit("--command plan");
    let kept = fs::read_to_string(user.state("events.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), 1);
    assert!(kept.contains(r#""command_path":"plan""#), "{kept}");
}

#[test]
fn version_two_tells_how_it_ended_in_buckets() {
    let server = Http::start();
    let stood = "stood: {place: documentation, reference: https://example.com}";
    let user = User::of(&server.url(), "opt-out", stood, 2).without_uploads();
    user.emit("--command plan --outcome failure --error-category timeout --duration 95s");
    assert_eq!(user.upload().0, 0);
    let event = &batch(&server.requests()[0])["events"][0];
    assert_eq!(event["schema_version"], 2);
    assert_eq!(event["outcome"], "failure");
    assert_eq!(
        (&event["error_category"], &event["duration"]),
        (&json!("timeout"), &json!("60-599"))
    );
    let (code, _, stderr) =
        user.ktel("events emit --product acme --version 1.0.0 --command plan --outcome maybe");
    assert!(code == 2 && stderr.contains("expected one of: success"), "{stderr}");
}

#[test]
fn a_field_is_explained_and_an_unknown_one_lists_the_known() {
    let user = User::of_acme("https://example.com");
    let (code, text, _) = user.ktel("telemetry --product acme explain command_path");
    assert!(code == 0 && text.contains("Decides which commands are worked on first"), "{text}");
    let (code, _, stderr) = user.ktel("telemetry --product acme explain nothing");
    assert!(code == 2 && stderr.contains("its fields are schema_version"), "{stderr}");
    let (code, _, stderr) = user.ktel("telemetry --product nobody preview");
    assert!(code == 2 && stderr.contains("looked for"), "{stderr}");
}

#[test]
fn forgetting_deletes_everything_but_the_preference_off() {
    let server = Http::start();
    let user = User::of_acme(&server.url()).without_uploads();
    user.emit("--command plan");
    assert_eq!(user.ktel("telemetry --product acme forget").0, 0);
    assert!(!user.state("").exists());
    assert_eq!(user.ktel("telemetry --product acme off").0, 0);
    assert_eq!(user.ktel("telemetry --product acme forget").0, 0);
    let (_, status, _) = user.ktel("telemetry --product acme status");
    assert!(status.contains("is off"), "{status}");
}

#[test]
fn a_product_may_send_each_event_itself_and_keep_nothing() {
    let stood = "stood: {place: documentation, reference: https://example.com}";
    let udp = ktel_testkit::capture::Datagrams::start();
    let server = format!("splunk+udp://{}?dialect=kongctl\ndirect: true", udp.address());
    let user = User::of(&server, "opt-out", stood, 1);
    user.emit("--command plan");
    let line = udp.wait_for(1, WITHIN).remove(0);
    assert!(
        line.starts_with("<14>signal=acme;arch=") && line.contains(";command_path=plan;"),
        "{line}"
    );
    assert!(!user.state("").exists(), "something was kept");
    let hole = BlackHole::start();
    let server = format!("http://{}\ndirect: true", hole.address());
    let user = User::of(&server, "opt-out", stood, 1);
    let start = std::time::Instant::now();
    user.emit("--command plan");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(!user.state("").exists(), "something was kept");
}

#[test]
fn a_token_of_the_user_is_not_carried_to_the_products_server() {
    let server = Http::start();
    let user = User::of_acme(&server.url()).without_uploads();
    user.emit("--command plan");
    let mut upload = user.command("events upload --product acme");
    upload.env("KTEL_TOKEN", "hunter2").env("KTEL_SPLUNK_TOKEN", "hunter2");
    assert_eq!(run(upload, b"").0, 0);
    let request = &server.requests()[0];
    assert_eq!(request.header("Authorization"), None, "{request:?}");
    let token = user.home.path().join("token");
    fs::write(&token, "public-ingest").unwrap();
    let stood = "stood: {place: installer, reference: the last page}";
    let url = format!("{}?token_file={}", server.url(), token.display());
    let user = User::of(&url, "opt-out", stood, 1).without_uploads();
    user.emit("--command plan");
    assert_eq!(user.upload().0, 0);
    assert_eq!(server.requests()[1].header("Authorization"), Some("Bearer public-ingest"));
}

#[test]
fn the_notice_is_shown_once_before_the_first_event_and_again_when_more_is_sent() {
    let server = Http::start();
    let user =
        User::of(&server.url(), "opt-out", "url: https://example.com/why", 1).without_uploads();
    let emit = || user.command("events emit --product acme --version 1.2.3 --command plan");
    let first = on_terminal(&emit());
    assert!(first.contains("Acme counts commands.") && first.contains("DO_NOT_TRACK"), "{first}");
    assert!(user.state("events").exists());
    assert_eq!(on_terminal(&emit()), "", "only once");
    let file = user.home.path().join(".config/ktel/products/acme.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("event_version: 1", "event_version: 2")).unwrap();
    let again = on_terminal(&emit());
    assert!(again.contains("duration"), "{again}");
    let other =
        User::of(&server.url(), "opt-out", "url: https://example.com/why", 1).without_uploads();
    let mut in_ci = other.command("events emit --product acme --version 1.2.3 --command plan");
    in_ci.env("CI", "");
    assert_eq!(on_terminal(&in_ci), "", "nobody reads what a build service shows");
}
