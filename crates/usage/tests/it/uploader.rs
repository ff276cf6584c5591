//! What goes out in one upload.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use ktel_delivery::Secret;
use ktel_delivery::courier::{self, Clock};
use ktel_delivery::gzip::compress;
use ktel_delivery::limits::SLOW_DOWN;
use ktel_delivery::spool::{Drops, Full, Settings, Spool};
use ktel_delivery::verdict::Hold;
use ktel_destination::outbox::SETTINGS;
use ktel_destination::{Remote, ReportServer, Sender, Tokens};
use ktel_testkit::capture::Http;
use ktel_testkit::certificates::Identity;
use ktel_testkit::http::Response;
use ktel_testkit::tls::ServerTls;
use ktel_usage::event::{Event, EventSchema, Version, Vocabulary};
use ktel_usage::sink::{Record, Sink};
use ktel_usage::uploader::{NextBatch, Uploaded, Uploader};
use serde_json::{Value, json};
use tokio::time::Instant;

const COMMANDS: [&str; 6] = ["get apis", "get services", "get routes", "plan", "apply", "login"];
pub(crate) const BEGIN: i64 = 1_790_000_000;

fn server() -> Box<Remote> {
    let Ok(ReportServer::Remote(remote)) = "https://example.com".parse() else {
        panic!("a server behind a network")
    };
    Box::new(remote.for_events())
}

pub(crate) fn schema() -> EventSchema {
    let vocabulary = Vocabulary::new("acme", COMMANDS).unwrap();
    EventSchema::new(&"acme".parse().unwrap(), &vocabulary, Version::One)
}

/// A day of somebody who works with the tool: commands minutes apart, none as the one before. Gives the
/// time of the last one.
fn record(uploader: &Uploader, events: usize) -> Duration {
    let mut sink = uploader.sink();
    let (mut seconds, mut random) = (BEGIN, 7_u64);
    for _ in 0..events {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let dice = usize::try_from(random >> 33).unwrap();
        seconds += 5 + i64::try_from(dice % 400).unwrap();
        let time = Timestamp::from_second(seconds).unwrap();
        let event = Event::new(time, "1.2.3", COMMANDS[(dice >> 9) % COMMANDS.len()]);
        sink.emit(&Record::of(&event)).unwrap();
    }
    Duration::from_secs(u64::try_from(seconds).unwrap())
}

fn batch(uploader: &Uploader, events: usize) -> NextBatch {
    let now = record(uploader, events);
    uploader.next_batch(&server(), &schema(), date(2026, 11, 21), now).unwrap().unwrap()
}

/// The clock stands still: pauses are those of tokio.
pub(crate) fn clock() -> Clock {
    static JITTER: AtomicU64 = AtomicU64::new(1);
    Clock {
        now: || Duration::from_secs(u64::try_from(BEGIN).unwrap() + 10_000),
        jitter: || (JITTER.fetch_add(7919, Ordering::Relaxed) % 1000) as f64 / 1000.0,
    }
}

pub(crate) fn remote(url: &str) -> (Remote, Sender) {
    let Ok(ReportServer::Remote(remote)) = url.parse() else { panic!("a server behind a network") };
    let remote = remote.for_events();
    let tokens = Tokens { splunk: Some(Secret::new("hunter2")), ..Tokens::default() };
    let sender = remote.sender(&tokens, clock().now).unwrap();
    (remote, sender)
}

pub(crate) async fn upload(uploader: &Uploader, (remote, sender): &(Remote, Sender)) -> Uploaded {
    let deadline = Instant::now() + Duration::from_secs(60);
    let (schema, today) = (schema(), date(2026, 11, 21));
    uploader.upload((remote, sender), &schema, today, deadline, clock()).await.unwrap()
}

#[tokio::test]
async fn the_courier_and_the_uploader_both_stop_at_a_server_that_is_not_trusted() {
    let untrusted = Http::start_tls(&ServerTls::new(&Identity::self_signed()));
    let state = tempfile::tempdir().unwrap();
    // Any authority: the server's certificate is not of it.
    let other = state.path().join("ca.pem");
    std::fs::write(&other, Identity::self_signed().certificate_pem()).unwrap();
    let server = remote(&format!("{}?ca={}", untrusted.url(), other.display()));
    let uploader = Uploader::of(state.path().join("acme"));
    record(&uploader, 3);
    let uploaded = upload(&uploader, &server).await;
    let is_untrusted = |hold: Option<Hold>| assert_eq!(hold, Some(Hold::Untrusted));
    is_untrusted(uploaded.held.map(|held| held.hold));
    assert_eq!((uploaded.accepted, uploaded.rejected, uploaded.waiting), (0, 0, 3));
    assert_eq!(untrusted.connections(), 1, "it was tried once");

    let spool = Spool::in_memory(Settings { full: Full::RejectNew, ..SETTINGS });
    let parcel = server.0.events("acme", "key".into(), &[]).unwrap();
    spool.push(&parcel, (clock().now)()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let account = courier::deliver(&spool, &server.1, deadline, clock(), |_, _| ()).await.unwrap();
    is_untrusted(account.held.map(|held| held.hold));
    assert_eq!(untrusted.connections(), 2, "it was tried once");
    assert!(untrusted.requests().is_empty());
}

#[tokio::test]
async fn the_uploader_sends_more_slowly_when_the_server_asks_for_it() {
    let (state, server) = (tempfile::tempdir().unwrap(), Http::start());
    let uploader = Uploader::of(state.path());
    let remote = remote(&format!("splunk+http://{}", server.address()));
    let events = remote.0.events_at_once() + 1;
    record(&uploader, events);
    let nearly_full = json!({"text": "HEC queue is approaching capacity", "code": 24});
    server.answer(Response::json(200, &nearly_full));
    let begin = Instant::now();
    let uploaded = upload(&uploader, &remote).await;
    let took = begin.elapsed();
    let all = u64::try_from(events).unwrap();
    assert_eq!(uploaded, Uploaded { accepted: all, ..Uploaded::default() });
    assert_eq!(server.requests().len(), 2, "two batches");
    assert!(took >= SLOW_DOWN, "{took:?}");
}

#[tokio::test]
async fn no_event_is_lost_to_a_401() {
    let (state, server) = (tempfile::tempdir().unwrap(), Http::start());
    let uploader = Uploader::of(state.path());
    let remote = remote(&server.url());
    record(&uploader, 3);
    server.answer(Response::new(401));
    for tries in 1..=2 {
        let uploaded = upload(&uploader, &remote).await;
        assert_eq!((uploaded.accepted, uploaded.rejected, uploaded.waiting), (0, 0, 3));
        assert_eq!(uploaded.held.as_ref().map(|held| held.hold), Some(Hold::Unauthorized));
        assert_eq!(uploader.spool().held().unwrap(), uploaded.held);
        assert_eq!(server.requests().len(), tries, "once in each upload");
    }
    server.answer(Response::new(200));
    let uploaded = upload(&uploader, &remote).await;
    assert_eq!(uploaded, Uploaded { accepted: 3, ..Uploaded::default() });
    assert_eq!(uploader.spool().held().unwrap(), None);
    assert_eq!(uploader.spool().status().unwrap().drops, Drops::default());
}

#[test]
fn equal_commands_lie_side_by_side_and_what_is_said_of_a_batch_is_what_it_holds() {
    let state = tempfile::tempdir().unwrap();
    let batch = batch(&Uploader::of(state.path()), 20);
    let sent: Value = serde_json::from_slice(&batch.parcel.unwrap().body).unwrap();
    assert_eq!(sent["events"], serde_json::to_value(&batch.events).unwrap());
    let order: Vec<(&str, &str)> = batch
        .events
        .iter()
        .map(|event| {
            (event["command_path"].as_str().unwrap(), event["timestamp"].as_str().unwrap())
        })
        .collect();
    assert_eq!(order.len(), 20);
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn a_hundred_events_compress_to_less_than_eight_bytes_each() {
    let state = tempfile::tempdir().unwrap();
    let parcel = batch(&Uploader::of(state.path()), 100).parcel.unwrap();
    let (sent, plain) = (compress(&parcel.body).len(), parcel.body.len());
    assert!(sent < 800, "{sent} of {plain}");
}
