//! A receiver as its operators start it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::{CLUSTER, command, run};

pub(crate) struct Served {
    process: Child,
    out: BufReader<ChildStdout>,
    pub(crate) ingest: Option<String>,
    pub(crate) url: String,
    metrics: Option<String>,
}

impl Served {
    pub(crate) fn start(store: &Path) -> Self {
        Self::start_with(store, &[])
    }

    pub(crate) fn start_with(store: &Path, more: &[&str]) -> Self {
        let mut serve = command("serve --listen 127.0.0.1:0 --store");
        serve.arg(store).args(more);
        Self::of(serve, more.contains(&"--listen-metrics"))
    }

    fn of(mut serve: Command, with_metrics: bool) -> Self {
        serve.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = serve.spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut ingest = None;
        let mut listening = None;
        loop {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "it ended without listening");
            match line.trim().rsplit_once("  ") {
                Some(("ingest token", token)) => ingest = Some(token.to_owned()),
                Some(("listening on", url)) if !with_metrics => {
                    let url = url.to_owned();
                    return Self { process, out, ingest, url, metrics: None };
                }
                Some(("listening on", url)) => listening = Some(url.to_owned()),
                Some(("metrics on", url)) => {
                    let url_of_all = listening.expect("the first listener is named first");
                    let metrics = Some(url.trim_end_matches("/metrics").to_owned());
                    return Self { process, out, ingest, url: url_of_all, metrics };
                }
                _ => {}
            }
        }
    }

    /// Asks the listener of the metrics, or else that of all routes.
    fn get(&self, path: &str) -> String {
        Self::ask_at(self.metrics.as_ref().unwrap_or(&self.url), &format!("GET {path}"), "", "")
    }

    /// Asks over a connection of its own, and gives the whole answer.
    pub(crate) fn ask(&self, request: &str, headers: &str, body: &str) -> String {
        Self::ask_at(&self.url, request, headers, body)
    }

    fn ask_at(url: &str, request: &str, headers: &str, body: &str) -> String {
        let address = url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn stop(&mut self) -> (i32, String) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let code = self.process.wait().unwrap().code().unwrap();
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (code, rest)
    }
}

/// A test that fails leaves nothing behind.
impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().ok(); // it may have ended
        self.process.wait().ok();
    }
}

fn ship(served: &Served, token: &str) -> (i32, String, String) {
    let words = format!(
        "workflows run --jobs cluster-state --snapshot {CLUSTER} --no-spool --report-server"
    );
    let mut workflow = command(&words);
    workflow.arg(format!("{}/v1/reports", served.url)).env("KTEL_TOKEN", token);
    run(workflow, b"")
}

#[test]
fn a_report_of_the_program_is_stored_and_tokens_are_shown_once() {
    let place = tempfile::tempdir().unwrap();
    let store = place.path().join("received");
    let mut served = Served::start_with(&store, &["--listen-metrics", "127.0.0.1:0"]);
    let token = served.ingest.clone().expect("the first start makes a token");
    let (code, _, errors) = ship(&served, &token);
    assert_eq!(code, 0, "{errors}");
    let metrics = served.get("/metrics");
    assert!(metrics.contains("ktel_server_items_total{result=\"stored\"} 1"), "{metrics}");
    // They are on a listener of their own, whose connections are not counted.
    assert!(metrics.contains("ktel_server_connections 0"), "{metrics}");
    assert!(served.get("/readyz").starts_with("HTTP/1.1 200"));
    assert!(served.get("/v1/keys").starts_with("HTTP/1.1 404"));
    assert!(metrics.contains("ktel_server_rejected_connections_total 0"), "{metrics}");
    assert_eq!(served.stop(), (0, String::new()));

    let mut served = Served::start(&store);
    assert_eq!(served.ingest, None, "a token is shown once");
    assert_eq!(ship(&served, &token).0, 0, "and works on");
    let (code, _, errors) = ship(&served, "00000000-0000-4000-8000-000000000000");
    assert_eq!(code, 3, "{errors}");
    assert_eq!(served.stop().0, 0);
}

#[test]
fn a_token_that_was_added_is_listed_without_showing_it() {
    let place = tempfile::tempdir().unwrap();
    let token = |words: &str| {
        let mut command = command(&format!("token {words}"));
        command.env("KTEL_STORE", place.path());
        run(command, b"")
    };
    let (code, secret, _) = token("add --role ingest --product acme");
    assert_eq!((code, secret.trim().len()), (0, 36));
    let (_, listed, _) = token("list");
    assert!(listed.ends_with("  ingest  acme\n") && !listed.contains(secret.trim()), "{listed}");
    let id = listed.lines().last().and_then(|line| line.split_whitespace().next()).unwrap();
    assert_eq!(token("revoke 0000").0, 2, "no such token");
    assert_eq!(token(&format!("revoke {id}")).0, 0);
    assert_eq!(token("list --output json").1, "[]\n", "it was taken back");
    let (code, _, errors) = token("add --role owner");
    assert!(
        code == 2 && errors.contains("expected one of: ingest, public, events, reader, admin"),
        "{errors}"
    );
}

#[test]
fn tokens_of_a_folder_are_accepted_and_none_is_printed() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("tokens");
    std::fs::create_dir(&folder).unwrap();
    let store = place.path().join("received");
    let serve = |listen: &str| {
        let mut serve = command(&format!("serve --listen {listen} --tokens"));
        serve.arg(&folder).arg("--store").arg(&store);
        serve
    };
    // An address that nobody has ends what would otherwise serve.
    let rejected = |because: &str| {
        let (code, printed, said) = run(serve("192.0.2.1:1"), b"");
        assert!(code == 2 && printed.is_empty() && said.contains(because), "{printed}{said}");
    };
    rejected("has no token");
    std::fs::write(folder.join("ingest"), "hunter2\n").unwrap();
    rejected("can be guessed");
    let token = "0123456789abcdef0123456789abcdef";
    std::fs::write(folder.join("ingest"), format!("{token}\n")).unwrap();
    for _ in ["the first start", "a restart"] {
        let mut served = Served::of(serve("127.0.0.1:0"), false);
        assert_eq!(served.ingest, None);
        assert_eq!(ship(&served, token).0, 0);
        assert_eq!(served.stop().0, 0);
    }
}

#[test]
fn a_store_is_asked_in_sql_and_row_by_row_and_remembers_who_did() {
    let place = tempfile::tempdir().unwrap();
    let mut served = Served::start(place.path());
    let token = served.ingest.clone().unwrap();
    for _ in 0..2 {
        assert_eq!(ship(&served, &token).0, 0);
    }
    assert_eq!(served.stop().0, 0);
    let query = |words: &[&str]| {
        let mut command = command("query");
        command.args(words).env("KTEL_STORE", place.path());
        run(command, b"")
    };
    let count = "SELECT count(*) AS groups FROM by_week";
    let (code, said, errors) = query(&[count, "--purpose", "planning"]);
    assert_eq!((code, &*said), (0, "groups\n0\n"), "two are too few: {errors}");
    let (code, said, errors) = query(&["SELECT number FROM by_week LIMIT 1", "--all-groups"]);
    assert_eq!((code, &*said), (0, "number\n2\n"), "{errors}");
    let (code, said, _) =
        query(&["SELECT title FROM schemas WHERE schema = 'ktel/cluster-state'", "-o", "csv"]);
    assert_eq!((code, &*said), (0, "title\r\nSize of the cluster\r\n"));
    let (code, said, _) = query(&["--rows", "ktel_cluster_state_v1", "--output", "ndjson"]);
    assert!(code == 0 && said.lines().count() == 2 && said.contains("\"pods\":"), "{said}");
    let (code, said, _) = query(&["--audit", "--output", "json"]);
    assert_eq!(code, 0);
    for part in ["ktel_cluster_state_v1", "planning", "operator", count] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(query(&["--tables"]).1.contains("CREATE TABLE by_week"));
    let site = tempfile::tempdir().unwrap();
    let (code, _, errors) = query(&["--site", site.path().to_str().unwrap()]);
    assert_eq!(code, 0, "{errors}");
    let list = std::fs::read_to_string(site.path().join("index.html")).unwrap();
    assert!(list.contains("Nothing is published yet"), "two are too few: {list}");
    for (words, part) in [
        (&["DELETE FROM by_week"][..], "one SELECT"),
        (&["SELECT x FROM by_week"], "ktel query --tables"),
        (&["--rows", "ktel_tokens"], "there is no table `ktel_tokens`"),
        (&[], "required"),
        (&["--audit", "--all-groups"], "cannot be used with"),
    ] {
        let (code, _, errors) = query(words);
        assert!(code == 2 && errors.contains(part), "{words:?}: {errors}");
    }
}

#[test]
fn one_page_is_public_and_the_others_need_a_token() {
    let place = tempfile::tempdir().unwrap();
    let served = Served::start_with(place.path(), &["--public-page", "acme"]);
    assert!(served.get("/public/acme").contains("Nothing is published yet"));
    assert!(served.get("/").starts_with("HTTP/1.1 401"));
}

#[test]
fn a_table_of_ends_of_life_that_names_an_unknown_field_stops_the_start() {
    let place = tempfile::tempdir().unwrap();
    let table = place.path().join("ends.yaml");
    std::fs::write(&table, "ktel/identify-platform: {age: {v1.31: 2025-10-28}}\n").unwrap();
    let mut serve = command("serve --listen 127.0.0.1:0 --store");
    serve.arg(place.path().join("store")).arg("--end-of-life").arg(&table);
    let (code, _, errors) = run(serve, b"");
    assert!(code == 2 && errors.contains("has no field `age`"), "{errors}");
}

#[test]
fn what_was_decided_is_shown_and_a_list_that_cannot_be_read_stops_the_start() {
    let place = tempfile::tempdir().unwrap();
    let list = place.path().join("decisions.yaml");
    std::fs::write(&list, "- {date: 2026-11-21, what: \"No more <1.26>\"}\n").unwrap();
    let store = place.path().join("store");
    let served = Served::start_with(&store, &["--decisions", list.to_str().unwrap()]);
    let page = served.get("/transparency");
    assert!(page.contains("2026-11-21: No more &lt;1.26&gt;"), "{page}");
    std::fs::write(&list, "- {what: nothing}\n").unwrap();
    let mut again = command("serve --listen 127.0.0.1:0 --store");
    again.arg(&store).arg("--decisions").arg(&list);
    let (code, _, errors) = run(again, b"");
    assert!(code == 2 && errors.contains("decision 1 has no `date`"), "{errors}");
}
