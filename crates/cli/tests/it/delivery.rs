//! Reports that are sent, rejected, kept, sent again, dropped, and moved in a bundle.

use std::process::Command;

use ktel_testkit::capture::{BlackHole, Datagrams, Http, Lines};
use ktel_testkit::certificates::{Authority, Identity};
use ktel_testkit::http::Response;
use ktel_testkit::splunk::{ACK_TOKEN, Code, DISABLED_TOKEN, Splunk, TOKEN};
use ktel_testkit::tls::ServerTls;
use serde_json::{Value, json};

use crate::support::{CLUSTER, command, run};

/// A user with a home of their own.
struct User {
    home: tempfile::TempDir,
}

impl User {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn command(&self, words: &str) -> Command {
        let mut command = command(words);
        command.env("HOME", self.home.path());
        command
    }

    fn ktel(&self, words: &str) -> (i32, String, String) {
        let mut command = self.command(words);
        command.env("KTEL_SPLUNK_TOKEN", TOKEN).env("KTEL_TOKEN", "hunter2");
        run(command, b"")
    }

    fn send(&self, server: &str, more: &str) -> (i32, String, String) {
        self.ktel(&format!(
            "workflows run --jobs cluster-state --snapshot {CLUSTER} --report-server {server} {more}"
        ))
    }

    fn waiting(&self) -> Vec<Value> {
        let (code, stdout, stderr) = self.ktel("outbox list -o json");
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).unwrap()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }
}

fn report(stdout: &str) -> Value {
    serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

#[test]
fn splunk_gets_the_printed_report_as_one_event() {
    let (user, splunk) = (User::new(), Splunk::start());
    let url = format!("splunk+http://{}", splunk.address());
    let (code, stdout, stderr) = user.send(&url, "");
    assert_eq!((code, stderr.as_str()), (0, ""), "loopback is no open wire");
    let events = splunk.events();
    assert_eq!(events.len(), 1);
    let envelope = events[0].envelope.as_object().unwrap();
    let keys: Vec<&String> = envelope.keys().collect();
    assert_eq!(keys, ["time", "source", "sourcetype", "event"]);
    assert_eq!(envelope["event"], report(&stdout));
    assert!(user.waiting().is_empty());
}

#[test]
fn an_event_is_delivered_only_once_it_is_stored() {
    let (user, splunk) = (User::new(), Splunk::start());
    let file = user.path("token");
    std::fs::write(&file, ACK_TOKEN).unwrap();
    let url = format!("splunk+http://{}?ack=1&token_file={}", splunk.address(), file.display());
    let (code, _, stderr) = user.send(&url, "");
    assert_eq!(code, 0, "{stderr}");
    assert!(splunk.events()[0].channel.is_some());
    splunk.hold_acks();
    let (code, _, stderr) = user.send(&url, "--send-timeout 2s");
    assert_eq!(code, 3, "{stderr}");
    assert_eq!(user.waiting().len(), 1);
    let url = format!("splunk+http://{}?ack=1", splunk.address());
    let (code, _, stderr) = user.send(&url, "");
    assert!(code == 3 && stderr.contains("ack"), "{stderr}");
}

#[test]
fn a_rejection_is_final_and_printed_and_the_report_is_not_kept() {
    let (user, splunk) = (User::new(), Splunk::start());
    let url = format!("splunk+http://{}", splunk.address());
    splunk.reject_next(Code(6).response());
    let (code, _, stderr) = user.send(&url, "");
    assert!(code == 3 && stderr.contains("code 6: Invalid data format"), "{stderr}");
    assert!(user.waiting().is_empty());
    assert_eq!(splunk.requests().len(), 1, "it was not tried again");
    let file = user.path("token");
    std::fs::write(&file, DISABLED_TOKEN).unwrap();
    let (code, _, stderr) = user.send(&format!("{url}?token_file={}", file.display()), "");
    assert!(code == 3 && stderr.contains("code 1: Token disabled"), "{stderr}");
    assert!(!stderr.contains(DISABLED_TOKEN), "{stderr}");
}

#[test]
fn a_busy_server_is_asked_again_within_the_run() {
    let (user, splunk) = (User::new(), Splunk::start());
    splunk.reject_next(Code(9).response());
    splunk.take_next_as(Code(24));
    let (code, _, stderr) = user.send(&format!("splunk+http://{}", splunk.address()), "");
    assert_eq!(code, 0, "{stderr}");
    assert_eq!((splunk.requests().len(), splunk.events().len()), (2, 1));
}

#[test]
fn what_waits_goes_first_and_each_server_has_its_own_lane() {
    let user = User::new();
    let (up, down) = (Http::start(), BlackHole::start());
    let down = format!("http://{}", down.address());
    let servers = format!("{down} --report-server {}", up.url());
    let (code, _, stderr) = user.send(&servers, "--send-timeout 1s");
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains(&down) && stderr.contains("outbox"), "{stderr}");
    assert_eq!(up.requests().len(), 1, "the other has it");
    let waiting = user.waiting();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["server"], down.as_str());

    up.answer(Response::new(503));
    let (code, ..) = user.send(&up.url(), "--send-timeout 1s");
    assert_eq!(code, 3);
    up.answer(Response::new(200));
    let before = up.requests().len();
    let (code, ..) = user.send(&up.url(), "");
    assert_eq!(code, 0);
    let sent = &up.requests()[before..];
    let keys: Vec<&str> =
        sent.iter().map(|request| request.header("Idempotency-Key").unwrap()).collect();
    assert_eq!(keys.len(), 2, "the older one, then the new one");
    let first = up.requests()[1].header("Idempotency-Key").unwrap().to_owned();
    assert_eq!(keys[0], first, "with the key that it had before");
    assert_eq!(user.waiting().len(), 1, "the other server's still waits");
}

#[test]
fn the_envelope_goes_to_exactly_that_url_with_its_token() {
    let (user, server) = (User::new(), Http::start());
    let headers = user.path("headers");
    std::fs::write(&headers, "X-Site: north\n").unwrap();
    let url = format!("{}/hook?a=b&headers_file={}", server.url(), headers.display());
    let (code, stdout, stderr) = user.send(&url, "");
    assert_eq!(code, 0, "{stderr}");
    let request = &server.requests()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/hook?a=b"));
    assert_eq!(request.header("Authorization"), Some("Bearer hunter2"));
    assert_eq!(request.header("X-Site"), Some("north"));
    assert!(request.header("User-Agent").unwrap().starts_with("ktel/"));
    let envelope: Value = serde_json::from_slice(&request.body().unwrap()).unwrap();
    assert_eq!((&envelope["schema"], &envelope["data"]), (&json!("ktel/report"), &report(&stdout)));
}

#[test]
fn neither_redirects_nor_endless_answers_are_followed() {
    let (user, server, other) = (User::new(), Http::start(), Http::start());
    server.answer_next(Response::redirect(307, &other.url()));
    let (code, _, stderr) = user.send(&server.url(), "");
    assert!(code == 3 && stderr.contains("status 307"), "{stderr}");
    assert!(other.requests().is_empty(), "the token was not carried on");
    // What is held is left alone for a while; another user has nothing that is.
    let user = User::new();
    server.answer_next(ktel_testkit::http::Answer::Endless(Response::new(200)));
    let (code, _, stderr) = user.send(&server.url(), "");
    assert_eq!(code, 0, "{stderr}");
    server.answer(ktel_testkit::http::Answer::Drop);
    let (code, _, stderr) = user.send(&server.url(), "--send-timeout 1s");
    assert_eq!(code, 3, "{stderr}");
    assert_eq!(user.waiting().len(), 1);
}

#[test]
fn a_certificate_that_nobody_knows_names_the_option_and_a_known_one_is_enough() {
    let user = User::new();
    let authority = Authority::new();
    let splunk = Splunk::start_tls(&ServerTls::new(&authority.server()));
    let url = format!("splunk://{}", splunk.address());
    let (code, _, stderr) = user.send(&url, "");
    assert!(code == 3 && stderr.contains("?ca=FILE"), "{stderr}");
    assert!(splunk.requests().is_empty());
    let ca = user.path("ca.pem");
    std::fs::write(&ca, authority.certificate_pem()).unwrap();
    let (code, _, stderr) = user.send(&format!("{url}?ca={}", ca.display()), "");
    assert_eq!(code, 0, "{stderr}");
    for bad in [authority.expired_server(), authority.server_elsewhere(), Identity::self_signed()] {
        let splunk = Splunk::start_tls(&ServerTls::new(&bad));
        let url = format!("splunk://{}?ca={}", splunk.address(), ca.display());
        let (code, _, stderr) = user.send(&url, "--no-spool");
        assert!(code == 3 && splunk.requests().is_empty(), "{stderr}");
    }
}

#[test]
fn what_waits_goes_along_when_the_authority_of_a_server_changes() {
    let user = User::new();
    let authority = Authority::new();
    let splunk = Splunk::start_tls(&ServerTls::new(&authority.server()));
    let ca = |name: &str, authority: &Authority| {
        let path = user.path(name);
        std::fs::write(&path, authority.certificate_pem()).unwrap();
        format!("splunk://{}?ca={}", splunk.address(), path.display())
    };
    let (wrong, right) = (ca("old.pem", &Authority::new()), ca("new.pem", &authority));
    for _ in 0..2 {
        assert_eq!(user.send(&wrong, "").0, 3);
    }
    assert_eq!(user.waiting().len(), 2);
    let (code, _, stderr) = user.send(&right, "");
    assert_eq!(code, 0, "{stderr}");
    assert_eq!((splunk.requests().len(), user.waiting().len()), (3, 0));
}

#[test]
fn a_flush_sends_as_the_newest_report_says() {
    let user = User::new();
    let authority = Authority::new();
    let (wrong, right) = (user.path("old.pem"), user.path("new.pem"));
    for path in [&wrong, &right] {
        std::fs::write(path, Authority::new().certificate_pem()).unwrap();
    }
    let splunk = Splunk::start_tls(&ServerTls::new(&authority.server()));
    for ca in [&wrong, &wrong, &right] {
        let url = format!("splunk://{}?ca={}", splunk.address(), ca.display());
        assert_eq!(user.send(&url, "").0, 3);
    }
    // Only the file that the newest report names is corrected.
    std::fs::write(&right, authority.certificate_pem()).unwrap();
    let (code, _, stderr) = user.ktel("outbox flush");
    assert_eq!(code, 0, "{stderr}");
    assert_eq!((splunk.requests().len(), user.waiting().len()), (3, 0));
}

#[test]
fn a_report_is_held_until_its_token_is_right_and_none_behind_it_is_lost() {
    let (user, place) = (User::new(), tempfile::tempdir().unwrap());
    let served = crate::serve::Served::start(&place.path().join("received"));
    let url = &served.url;
    for waiting in 1..=2 {
        // The token of the tests is none of this server.
        let (code, _, stderr) = user.send(url, "");
        assert_eq!(code, 3, "{stderr}");
        assert!(stderr.contains("status 401"), "{stderr}");
        let remedy = format!("set KTEL_TOKEN to an ingest token of `{url}`; the report waits");
        assert!(stderr.contains(&remedy), "{stderr}");
        assert_eq!(user.waiting().len(), waiting);
    }
    for waiting in user.waiting() {
        assert_eq!(waiting["held"]["reason"], "unauthorized");
        let message = waiting["held"]["message"].as_str().unwrap();
        assert!(message.starts_with("status 401: "), "{message}");
    }
    let (code, stdout, stderr) = user.ktel("outbox list");
    assert!(code == 0 && stdout.contains("  HELD  "), "{stdout}");
    assert_eq!(stdout.matches(" unauthorized ").count(), 2, "{stdout}");
    assert!(stderr.contains("status 401") && stderr.contains("set KTEL_TOKEN"), "{stderr}");
    let (code, _, stderr) = user.ktel("outbox flush");
    assert!(code == 3 && stderr.contains("0 delivered, 0 rejected, 2 waiting"), "{stderr}");
    assert!(stderr.contains("set KTEL_TOKEN to an ingest token"), "{stderr}");
    let mut command = user.command("outbox flush");
    command.env("KTEL_TOKEN", served.ingest.as_ref().unwrap());
    let (code, _, stderr) = run(command, b"");
    assert!(code == 0 && stderr.contains("2 delivered"), "{stderr}");
    assert!(user.waiting().is_empty());
}

#[test]
fn a_mistake_of_the_configuration_keeps_the_report_and_one_of_the_report_does_not() {
    let server = Http::start();
    for (status, word) in [
        (307, Some("redirected")),
        (401, Some("unauthorized")),
        (403, Some("forbidden")),
        (404, Some("not-found")),
        (405, Some("not-found")),
        (407, Some("proxy-unauthorized")),
        (415, Some("misconfigured")),
        (511, Some("misconfigured")),
        (500, Some("unprocessed")),
        (400, None),
        (413, None),
        (422, None),
    ] {
        let user = User::new();
        server.answer(Response::new(status));
        assert_eq!(user.send(&server.url(), "").0, 3, "{status}");
        let waiting = user.waiting();
        let held = waiting.first().map(|one| one["held"]["reason"].as_str().unwrap());
        assert_eq!(held, word, "{status}");
    }
}

#[test]
fn a_report_that_gets_500_is_listed_as_held_and_the_ones_behind_it_are_not() {
    let (user, server) = (User::new(), Http::start());
    server.answer(Response::new(500));
    assert_eq!(user.send(&server.url(), "").0, 3);
    server.answer(Response::new(200));
    let (code, _, stderr) = user.send(&server.url(), "");
    assert_eq!(code, 0, "{stderr}");
    server.answer(Response::new(503));
    assert_eq!(user.send(&server.url(), "--send-timeout 1s").0, 3);
    let held = user.waiting().into_iter().map(|waiting| waiting["held"]["reason"].clone());
    assert_eq!(held.collect::<Vec<_>>(), ["unprocessed".into(), Value::Null]);
    let (_, stdout, _) = user.ktel("outbox list");
    assert_eq!(stdout.matches(" unprocessed ").count(), 1, "{stdout}");
}

#[test]
fn what_is_held_is_left_alone_for_a_while_unless_a_person_asks() {
    let (user, server) = (User::new(), Http::start());
    server.answer(Response::new(404));
    for _ in 0..2 {
        let (code, _, stderr) = user.send(&server.url(), "");
        assert!(code == 3 && stderr.contains("status 404"), "{stderr}");
        assert_eq!(server.requests().len(), 1);
    }
    let (_, _, stderr) = user.send(&server.url(), "");
    assert!(stderr.contains("not tried again within 5 minutes"), "{stderr}");
    server.answer(Response::new(200));
    let (code, _, stderr) = user.ktel("outbox flush");
    assert!(code == 0 && stderr.contains("3 delivered"), "{stderr}");
    assert_eq!((server.requests().len(), user.waiting().len()), (4, 0));
}

#[test]
fn a_client_shows_its_certificate_when_it_is_asked() {
    let user = User::new();
    let authority = Authority::new();
    let tls = ServerTls::asking_for_clients_of(&authority, &authority.server());
    let server = Http::start_tls(&tls);
    let ca = user.path("ca.pem");
    std::fs::write(&ca, authority.certificate_pem()).unwrap();
    let files = authority.client("site").write(user.home.path(), "client").unwrap();
    let url = format!("{}?ca={}", server.url(), ca.display());
    let (code, ..) = user.send(&url, "--no-spool --send-timeout 1s");
    assert_eq!(code, 3);
    let identity = format!("&cert={}&key={}", files.certificate.display(), files.key.display());
    let (code, _, stderr) = user.send(&format!("{url}{identity}"), "--no-spool");
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn lines_arrive_whole_over_tcp_tls_and_udp() {
    let user = User::new();
    let authority = Authority::new();
    let ca = user.path("ca.pem");
    std::fs::write(&ca, authority.certificate_pem()).unwrap();
    let (tcp, tls) = (Lines::start(), Lines::start_tls(&ServerTls::new(&authority.server())));
    let udp = Datagrams::start();
    let expected =
        "<14>signal=shop;cluster-state.namespaces=2;cluster-state.nodes=1;cluster-state.pods=3;";
    let within = std::time::Duration::from_secs(20);
    let product = "--product shop --no-spool";
    for (url, lines) in [
        (format!("splunk+tcp://{}", tcp.address()), &tcp),
        (format!("splunk+tls://{}?ca={}", tls.address(), ca.display()), &tls),
    ] {
        let (code, _, stderr) = user.send(&url, product);
        assert_eq!(code, 0, "{stderr}");
        let got = lines.wait_for(1, within).remove(0);
        assert!(got.starts_with("<14>signal=shop;cluster-state."), "{got} is not like {expected}");
        let endings = lines.wait_for_endings(1, within);
        assert!(format!("{endings:?}").contains("InOrder"), "{endings:?}");
    }
    let url = format!("splunk+udp://{}?dialect=kong", udp.address());
    let (code, ..) = user.send(&url, product);
    assert_eq!(code, 0);
    let datagram = udp.wait_for(1, within).remove(0);
    assert!(datagram.starts_with("<14>signal=shop;") && datagram.ends_with(";\n"), "{datagram}");
}

#[test]
fn a_missing_token_is_told_before_the_cluster_is_read() {
    let user = User::new();
    let words = "workflows run --jobs cluster-state --kubeconfig /nowhere/at/all \
                 --report-server splunk://127.0.0.1:1";
    let (code, stdout, stderr) = run(user.command(words), b"");
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("KTEL_SPLUNK_TOKEN") && stderr.contains("token_file"), "{stderr}");
    let none: [std::fs::DirEntry; 0] = [];
    assert_eq!(user.home.path().read_dir().unwrap().count(), none.len(), "nothing was written");
}

#[test]
fn the_outbox_shows_drops_and_flushes() {
    let (user, server) = (User::new(), Http::start());
    server.answer(Response::new(503));
    for _ in 0..3 {
        assert_eq!(user.send(&server.url(), "--send-timeout 1s").0, 3);
    }
    let waiting = user.waiting();
    let names: Vec<&str> = waiting.iter().map(|one| one["name"].as_str().unwrap()).collect();
    let (_, body, _) = user.ktel(&format!("outbox show {}", names[0]));
    assert_eq!(body.as_bytes(), server.requests()[0].body().unwrap());
    let (code, ..) = user.ktel(&format!("outbox drop {}", names[0]));
    assert_eq!((code, user.waiting().len()), (0, 2));
    let (code, _, stderr) = user.ktel(&format!("outbox drop {}", names[0]));
    assert!(code == 2 && stderr.contains("does not wait"), "{stderr}");
    assert_eq!(user.ktel("outbox flush --send-timeout 1s").0, 3);
    server.answer(Response::new(200));
    let (code, _, stderr) = user.ktel("outbox flush");
    assert!(code == 0 && stderr.contains("2 delivered"), "{stderr}");
    assert!(user.waiting().is_empty());
    assert_eq!(user.ktel("outbox drop --all").0, 0);
    assert_eq!(user.ktel("outbox drop nonsense").0, 2);
}

/// What a receiver answers that took a part.
fn partly(rejected: usize) -> Response {
    let rejection = json!({"code": "expired", "message": "longer ago than kept", "item": 0});
    let body = json!({"stored": 1, "repeated": 0, "rejected": vec![rejection; rejected]});
    Response::json(200, &body)
}

#[test]
fn items_that_a_server_rejects_are_printed_with_the_reason() {
    let (user, server) = (User::new(), Http::start());
    let warning = |count: &str| format!("rejected {count} items: status 200: longer ago than kept");
    server.answer(partly(1));
    let (code, _, stderr) = user.send(&server.url(), "");
    assert!(code == 0 && stderr.contains(&warning("1")), "{stderr}");
    assert_eq!((server.requests().len(), user.waiting().len()), (1, 0), "the rest is taken");
    // A report of one job has one item, whatever number the server names.
    server.answer(partly(40));
    let (code, _, stderr) = user.send(&server.url(), "");
    assert!(code == 0 && stderr.contains(&warning("1")), "{stderr}");
    // So long that only its beginning is read.
    server.answer(partly(2000));
    let (code, _, stderr) = user.send(&server.url(), "");
    assert!(code == 0 && stderr.contains(&warning("1")), "{stderr}");
    assert!(user.waiting().is_empty(), "a long answer is no failure");
    server.answer(partly(0));
    let (code, _, stderr) = user.send(&server.url(), "");
    assert_eq!((code, stderr.as_str()), (0, ""));
    server.answer(Response::new(503));
    assert_eq!(user.send(&server.url(), "--send-timeout 1s").0, 3);
    server.answer(partly(1));
    let (code, _, stderr) = user.ktel("outbox flush");
    assert!(code == 0 && stderr.contains(&warning("1")), "{stderr}");
}

#[test]
fn a_receiver_that_knows_one_job_of_two_is_heard() {
    let (user, place) = (User::new(), tempfile::tempdir().unwrap());
    let served = crate::serve::Served::start(&place.path().join("received"));
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/pods.yaml");
    let words = format!(
        "workflows run --jobs cluster-state,pod-phases --jobs-from {schema} --snapshot {CLUSTER} \
         --report-server {}",
        served.url
    );
    let mut command = user.command(&words);
    command.env("KTEL_TOKEN", served.ingest.as_ref().unwrap());
    let (code, _, stderr) = run(command, b"");
    let why = "rejected 1 items: status 200: no schema of this receiver declares it";
    assert!(code == 0 && stderr.contains(why), "{stderr}");
    assert!(user.waiting().is_empty());
}

#[test]
fn a_machine_without_authorities_sends_in_the_open_and_trusts_nobody_over_tls() {
    let (user, server) = (User::new(), Http::start());
    let send = |url: &str| {
        let mut command = user.command(&format!(
            "workflows run --jobs cluster-state --snapshot {CLUSTER} --report-server {url}"
        ));
        command.env("SSL_CERT_FILE", "/nowhere").env("KTEL_SPLUNK_TOKEN", TOKEN);
        run(command, b"")
    };
    let open = [server.url(), server.url().replace("http", "otlp+http")];
    for url in &open {
        let (code, _, stderr) = send(url);
        assert_eq!(code, 0, "{url}: {stderr}");
    }
    let grpc = server.url().replace("http", "otlp+insecure");
    let splunk = Splunk::start();
    assert_eq!(send(&format!("splunk+http://{}", splunk.address())).0, 0);
    assert_ne!(send(&grpc).0, 2, "it is ready, though nobody speaks gRPC there");
    let before = server.requests().len();
    let none = "the system has no certificate authorities";
    let address = server.address();
    for scheme in ["https", "splunk", "splunk+tls", "otlp", "otlp+https"] {
        let (code, stdout, stderr) = send(&format!("{scheme}://{address}"));
        assert_eq!((code, stdout.as_str()), (2, ""), "{scheme}: {stderr}");
        assert!(stderr.contains(none), "{scheme}: {stderr}");
    }
    assert_eq!(server.requests().len(), before);
    // Where a receiver points is not followed, so TLS is not needed for it either.
    server.answer(Response::redirect(307, "https://example.com/v1/reports"));
    let (code, _, stderr) = send(&server.url());
    assert!(code == 3 && stderr.contains("status 307"), "{stderr}");
}

#[test]
fn a_bundle_carries_reports_from_one_site_to_another() {
    let (inside, outside, server) = (User::new(), User::new(), Http::start());
    let url = server.url();
    server.answer(Response::new(503));
    assert_eq!(inside.send(&url, "--send-timeout 1s").0, 3);
    let first = server.requests()[0].body().unwrap();
    server.answer(Response::new(200));
    let bundle = inside.path("bundle");
    let file = bundle.display();
    assert_eq!(inside.ktel(&format!("bundle export {file}")).0, 0);
    assert!(inside.waiting().is_empty());
    let (code, _, stderr) = outside.ktel(&format!("bundle import {file}"));
    assert!(code == 2 && stderr.contains(&format!("--report-server '{url}'")), "{stderr}");
    for _ in 0..2 {
        let (code, _, stderr) =
            outside.ktel(&format!("bundle import {file} --report-server {url}"));
        assert_eq!(code, 0, "{stderr}");
    }
    let before = server.requests().len();
    assert_eq!(outside.ktel("outbox flush").0, 0);
    let sent = &server.requests()[before..];
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].body().unwrap(), first);
}

#[test]
fn without_a_spool_nothing_is_left_behind() {
    let user = User::new();
    let (code, _, stderr) = user.send("http://127.0.0.1:1", "--no-spool --send-timeout 1s");
    assert!(code == 3 && stderr.contains("the report was not kept"), "{stderr}");
    assert_eq!(user.home.path().read_dir().unwrap().count(), 0);
}

/// Sends a report from a home on a disk that is really read-only. This ends with the command.
#[cfg(target_os = "linux")]
fn from_a_read_only_disk(user: &User, server: &str, more: &str) -> (i32, String, String) {
    let script =
        "mount --bind \"$HOME\" \"$HOME\" && mount -o remount,ro,bind \"$HOME\" && exec \"$@\"";
    let words = format!(
        "workflows run --jobs cluster-state --snapshot {CLUSTER} --report-server {server} {more}"
    );
    let ktel = user.command(&words);
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", script, "sh"]);
    command.arg(ktel.get_program()).args(ktel.get_args());
    command.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", user.home.path());
    run(command, b"")
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_disk_is_said_before_anything_else_and_the_report_still_goes_out() {
    let (user, server) = (User::new(), Http::start());
    let (code, _, stderr) = from_a_read_only_disk(&user, &server.url(), "");
    assert_eq!(code, 0, "{stderr}");
    let first = stderr.lines().next().unwrap_or_default();
    assert!(first.contains("reports cannot be kept") && first.contains("Read-only"), "{stderr}");
    assert!(stderr.contains("use `--no-spool`") && stderr.contains("within 30 s"), "{stderr}");
    assert_eq!(stderr.matches("cannot be kept").count(), 1, "{stderr}");
    assert_eq!(server.requests().len(), 1);
    let (code, _, stderr) = from_a_read_only_disk(&user, &server.url(), "--no-spool");
    assert!(code == 0 && !stderr.contains("kept"), "{stderr}");
    assert_eq!(server.requests().len(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_spool_it_is_tried_again_within_its_time_and_then_fails_with_the_reason() {
    let (user, server) = (User::new(), Http::start());
    for _ in 0..2 {
        server.answer_next(Response::new(503));
    }
    let (code, _, stderr) = from_a_read_only_disk(&user, &server.url(), "--no-spool");
    assert_eq!((code, server.requests().len()), (0, 3), "{stderr}");
    let away = "--no-spool --send-timeout 1s";
    let (code, _, stderr) = from_a_read_only_disk(&user, "http://127.0.0.1:1", away);
    assert!(code == 3 && stderr.contains("does not have the report"), "{stderr}");
}

#[test]
fn a_dry_run_prints_every_byte_and_sends_none() {
    let (user, splunk, server) = (User::new(), Splunk::start(), Http::start());
    let url = format!("splunk+http://{} --report-server {}", splunk.address(), server.url());
    let (code, stdout, stderr) = user.send(&url, "--dry-run");
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("{\"time\":") && stdout.contains("\"schema\":\"ktel/report\""));
    assert!(splunk.requests().is_empty() && server.requests().is_empty());
    assert_eq!(user.home.path().read_dir().unwrap().count(), 0);
}

#[test]
fn consent_that_is_asked_for_is_respected() {
    let (user, server) = (User::new(), Http::start());
    let words = format!(
        "workflows run --jobs cluster-state --snapshot {CLUSTER} --report-server {}",
        server.url()
    );
    for (variable, value, respected, sent) in [
        ("DO_NOT_TRACK", "true", true, 0),
        ("SHOP_NO_TELEMETRY", "1", true, 0),
        ("DO_NOT_TRACK", "0", true, 1),
        ("DO_NOT_TRACK", "1", false, 2),
    ] {
        let respect = if respected { "--product shop --respect-consent" } else { "" };
        let mut command = user.command(&format!("{words} {respect}"));
        command.env(variable, value);
        let (code, stdout, stderr) = run(command, b"");
        assert_eq!(code, 0, "{stderr}");
        assert!(report(&stdout)["cluster-state"].is_object(), "it is printed all the same");
        assert_eq!(server.requests().len(), sent, "{variable}={value}: {stderr}");
    }
}

#[test]
fn a_proxy_of_the_environment_is_used_and_can_be_left_out() {
    let (user, proxy) = (User::new(), Http::start());
    let words = format!(
        "workflows run --jobs cluster-state --snapshot {CLUSTER} --no-spool --send-timeout 2s \
         --report-server http://reports.example.com/hook?insecure"
    );
    for (names, through) in [("", true), ("example.com", false)] {
        let mut command = user.command(&words);
        command.env("HTTP_PROXY", proxy.url()).env("http_proxy", proxy.url());
        command.env("NO_PROXY", names).env("KTEL_TOKEN", "hunter2");
        let (code, ..) = run(command, b"");
        assert_eq!((code == 0, proxy.requests().len()), (through, 1), "NO_PROXY={names}");
    }
    let request = &proxy.requests()[0];
    assert_eq!(request.header("Host"), Some("reports.example.com"));
}

#[test]
fn no_secret_is_ever_printed() {
    let (user, server) = (User::new(), Http::start());
    server.answer(Response::new(401).with_body("who is hunter2, with s3cr3t?"));
    let headers = user.path("headers");
    std::fs::write(&headers, "X-Key: s3cr3t\n").unwrap();
    let url = format!("{}?headers_file={}", server.url(), headers.display());
    let (code, stdout, stderr) = user.ktel(&format!(
        "-vv workflows run --jobs cluster-state --snapshot {CLUSTER} --report-server {url}"
    ));
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("who is …, with …?"), "{stderr}");
    let said = stderr + &stdout;
    assert!(!said.contains("hunter2") && !said.contains("s3cr3t"), "{said}");
    let (code, _, stderr) = user.send("https://user:pa55word@example.com", "");
    assert!(code == 2 && !stderr.contains("pa55word"), "{stderr}");
}
