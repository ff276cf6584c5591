//! Made-up senders, over the real ingest endpoints and listeners: a word of nine honest senders stays below the floor in
//! every view, whatever the holder of one token sends, or anybody without one.

use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};
use ktel_model::batch;
use ktel_server::Store;
use ktel_server::app::kamaji::Responses;
use ktel_server::store::Place;
use ktel_server::token::{Role, TokenRecord};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::history::CATALOG;
use super::views::{Reader, Seen, numbers};
use crate::installations::{ask, seed};
use crate::lines::{LineServer, PING, rows};
use crate::published::FLOOR;
use crate::routes::{Server, TOKEN, senders};

/// The version that only a few report. No page has it but as a value.
const RARE: &str = "1.99";
const PUBLIC: &str = "00000000-0000-4000-8000-000000000004";
const KEY: &str = "00000000-0000-4000-8000-000000000005";
/// A week after the reports.
const LATER: Date = date(2026, 11, 28);
/// How many honest senders have it, one less than the floor.
const FEW: usize = FLOOR as usize - 1;
/// How many senders the attacker makes up in each way.
const MADE_UP: usize = 40;

fn report(id: &str, version: &str) -> String {
    json!({
        "schema": "ktel/report", "schema_version": "1.0.0", "id": format!("{id:0>16}"), "day": "2026-11-20",
        "product": {"name": "alpha", "ktel": "0.1.0"}, "form": "exact",
        "schemas": {"identify-platform": {"schema": "ktel/identify-platform", "version": "1.0.0"}},
        "failures": [], "omitted": {}, "user": [],
        "data": {"identify-platform": {"kubernetes_version": version}},
    })
    .to_string()
}

/// Twenty honest senders with a token each, of which a few have the rare version.
async fn honest(few: usize) -> (Server, PathBuf) {
    let keep = tempfile::tempdir().unwrap();
    let folder = keep.path().to_owned();
    let place = Place::Folder(folder.clone());
    let store = Store::open(&place, &CATALOG.tables()).unwrap();
    for (token, role, product) in
        [(PUBLIC, Role::Public, None), (KEY, Role::Events, Some("alpha".to_owned()))]
    {
        store.add_token(TokenRecord::of(token, role, product)).await.unwrap();
    }
    drop(store);
    let server = Server::start_with(CATALOG.clone(), &place, keep).await;
    for (number, token) in senders().iter().enumerate() {
        let version = if number < few { "v1.99.3" } else { "v1.33.2" };
        let report = report(&format!("honest{number}"), version);
        assert_eq!(server.post_as(token, "/v1/reports", report).await.0, 200);
    }
    (server, folder)
}

/// Sends to every endpoint and listener that needs no secret.
async fn without_a_secret(server: &Server) {
    for number in 0..MADE_UP {
        let report = report(&format!("public{number}"), "v1.99.3");
        assert_eq!(server.post_as(PUBLIC, "/v1/reports", report).await.0, 200);
        for (path, mut body) in seed() {
            body["kubernetes_version"] = json!("v1.99.3");
            if path == "/stats" {
                body["uuid"] = json!(format!("56279633-3131-436b-b8f2-{number:0>12}"));
            }
            assert_eq!(ask(server, Responses::Strict, "POST", path, &body.to_string()).await, 200);
        }
        let event = json!({
            "schema_version": 1, "timestamp": "2026-11-20T14:30:45Z", "version": "1.99.3",
            "os": "linux", "arch": "amd64", "command_path": "plan",
        });
        let events = [event.as_object().unwrap().clone()];
        let batch = batch::document("alpha", &format!("batch{number:0>16}"), &events).to_string();
        let (status, answer) = server.post_as(KEY, "/v1/events", batch).await;
        assert_eq!(status, 200, "{answer}");
    }
    let listener = LineServer::streams(server, None).await;
    let mut stream = TcpStream::connect(listener.address).await.unwrap();
    for number in 0..MADE_UP {
        let line = PING
            .replace("v1.2.3", "v1.99.3")
            .replace("b8f2-9008a49a2f12", &format!("b8f2-{number:0>12}"));
        stream.write_all(line.as_bytes()).await.unwrap();
    }
    stream.shutdown().await.unwrap();
    rows(server, "ktel/kic-ping", MADE_UP).await;
    listener.close().await;
}

async fn look(folder: &Path) -> Vec<Seen> {
    let reader = Reader::on(folder, LATER).await;
    reader.publish().await;
    reader.see_all(1).await
}

fn is_apart(seen: &Seen) -> bool {
    seen.address.contains("unauthenticated")
}

/// What a view says of senders with a secret. Public pages show the others below.
fn of_authenticated(seen: &Seen) -> String {
    if seen.address.ends_with("values.csv") {
        let lines = seen.text.lines().filter(|line| !line.starts_with("unauthenticated,"));
        return lines.collect::<Vec<_>>().join("\n");
    }
    let is_public = ["/public/", "site "].iter().any(|begin| seen.address.starts_with(begin));
    let own = seen.text.split_once("Anybody can add").filter(|_| is_public);
    own.map_or(seen.text.as_str(), |(own, _others)| own).to_owned()
}

#[track_caller]
fn check(all: &[Seen]) {
    let mut shown = 0;
    for seen in all.iter().filter(|seen| !is_apart(seen)) {
        let text = of_authenticated(seen);
        assert!(!text.contains(RARE), "{}: {text}", seen.address);
        shown += usize::from(text.contains("v1.33") && !numbers(seen).is_empty());
    }
    assert!(shown > 0, "the version of the others is published");
}

/// Sends many reports of the rare version with each of some tokens.
async fn make_up(server: &Server, tokens: &[String]) {
    for (holder, token) in tokens.iter().enumerate() {
        for number in 0..MADE_UP {
            let report = report(&format!("{holder}made-up{number}"), "v1.99.3");
            assert_eq!(server.post_as(token, "/v1/reports", report).await.0, 200);
        }
    }
}

#[tokio::test]
async fn one_token_brings_no_word_over_the_floor_in_any_view() {
    let (server, folder) = honest(FEW).await;
    make_up(&server, &[TOKEN.to_owned()]).await;
    let all = look(&folder).await;
    check(&all);
    let apart = all.iter().filter(|seen| is_apart(seen) && seen.text.contains(RARE));
    assert_eq!(apart.count(), 0, "it has a secret");
}

#[tokio::test]
async fn a_token_counts_once_in_any_view_with_any_number_of_senders() {
    // With seven honest senders, three tokens make ten. More than ten are needed.
    for (tokens, is_shown) in [(3, false), (4, true)] {
        let (server, folder) = honest(FEW - 2).await;
        let senders = senders();
        make_up(&server, &senders[senders.len() - tokens..]).await;
        let all = look(&folder).await;
        let is_rare = |seen: &&Seen| of_authenticated(seen).contains(RARE);
        assert_eq!(all.iter().any(|seen| is_rare(&seen)), is_shown, "{tokens} tokens");
    }
}

#[tokio::test]
async fn senders_without_a_secret_change_nothing_that_is_said_of_those_with_one() {
    let (_quiet, quiet_folder) = honest(FEW).await;
    let (server, folder) = honest(FEW).await;
    without_a_secret(&server).await;
    let (before, after) = (look(&quiet_folder).await, look(&folder).await);
    check(&after);
    // It would prove nothing if they were not published either.
    let apart = |begin: &str| {
        let is_it = |seen: &&Seen| seen.address.starts_with(begin) && seen.text.contains(RARE);
        after.iter().filter(|seen| is_apart(seen)).find(is_it)
    };
    for begin in ["/?", "SELECT * FROM unauthenticated_values_by_week "] {
        assert!(apart(begin).is_some(), "nothing in {begin}");
    }
    // Numbers and drawings are the same to the byte; pages may also say that there is something else.
    let is_number = |seen: &&Seen| {
        let forms = ["/v1/counts", "/v1/series", "/chart.svg", "SELECT"];
        !is_apart(seen) && forms.iter().any(|form| seen.address.starts_with(form))
    };
    let find = |address: &str| after.iter().find(|seen| seen.address == address);
    for seen in before.iter().filter(is_number) {
        assert_eq!(find(&seen.address), Some(seen));
    }
    assert!(before.iter().filter(is_number).flat_map(numbers).any(|number| number > 0));
}
