//! A real server that cannot process some events or reports, ever. The others arrive, and none is lost.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use ktel_delivery::Parcel;
use ktel_delivery::courier::Clock;
use ktel_delivery::limits::{HELD_ONE_BY_ONE_MAX, HELD_PAUSE};
use ktel_delivery::spool::{Drop, Drops};
use ktel_delivery::verdict::Hold;
use ktel_destination::outbox::{Fate, Outbox, Shipment, ship};
use ktel_testkit::capture::Http;
use ktel_testkit::http::{Request, Response};
use ktel_usage::event::Event;
use ktel_usage::sink::{Record, Sink};
use ktel_usage::uploader::{Uploaded, Uploader};
use tokio::time::Instant;

use crate::uploader::{BEGIN, clock, remote, upload};

/// The version of a program whose events the server cannot process.
const BAD: &str = "6.6.6";

/// A server that answers with this status to whatever holds a bad event or report, until it is mended.
struct Broken {
    http: Http,
    is_mended: Arc<AtomicBool>,
}

fn is_bad(request: &Request) -> bool {
    String::from_utf8(request.body().unwrap()).unwrap().contains(BAD)
}

impl Broken {
    fn start(status: u16) -> Self {
        let (http, is_mended) = (Http::start(), Arc::new(AtomicBool::new(false)));
        let mended = Arc::clone(&is_mended);
        http.answer_by(move |request| {
            let fails = is_bad(request) && !mended.load(Ordering::SeqCst);
            Response::new(if fails { status } else { 200 }).into()
        });
        Self { http, is_mended }
    }

    fn mend(&self) {
        self.is_mended.store(true, Ordering::SeqCst);
    }

    /// How often each good event came in a request that was accepted.
    fn good(&self) -> BTreeMap<String, usize> {
        let mut good = BTreeMap::new();
        for request in self.http.requests().iter().filter(|request| !is_bad(request)) {
            for event in request.json()["events"].as_array().unwrap() {
                *good.entry(event["timestamp"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
        good
    }

    fn keys(&self) -> Vec<String> {
        let requests = self.http.requests().into_iter();
        requests.map(|request| request.header("Idempotency-Key").unwrap().to_owned()).collect()
    }
}

/// Records an event for each of these seconds; those of some seconds are bad.
fn record(uploader: &Uploader, seconds: std::ops::Range<i64>, bad: &[i64]) {
    let mut sink = uploader.sink();
    for second in seconds {
        let version = if bad.contains(&second) { BAD } else { "1.2.3" };
        let event = Event::new(Timestamp::from_second(BEGIN + second).unwrap(), version, "plan");
        sink.emit(&Record::of(&event)).unwrap();
    }
}

fn numbers(uploaded: &Uploaded) -> (u64, u64, u64) {
    (uploaded.accepted, uploaded.rejected, uploaded.waiting)
}

#[tokio::test]
async fn an_event_that_always_gets_500_stops_no_other_and_is_not_lost() {
    let (state, server) = (tempfile::tempdir().unwrap(), Broken::start(500));
    let (uploader, remote) = (Uploader::of(state.path()), remote(&server.http.url()));
    let most = i64::try_from(remote.0.events_at_once()).unwrap();
    record(&uploader, 0..most + 200, &[300]);
    let uploaded = upload(&uploader, &remote).await;
    assert_eq!(numbers(&uploaded), (u64::try_from(most).unwrap() + 199, 0, 1));
    assert_eq!(uploaded.held.as_ref().map(|held| held.hold), Some(Hold::Unprocessed));
    assert_eq!(uploader.spool().held().unwrap(), uploaded.held, "`events status` shows it");
    assert!(!uploaded.is_complete(), "the exit code says it");
    // Each half of a batch is two exchanges less than half of the one before.
    let exchanges = server.http.requests().len();
    assert!(exchanges <= 2 + 2 * 10, "{exchanges}");
    let good = server.good();
    assert_eq!(good.len(), usize::try_from(most + 199).unwrap());
    assert!(good.values().all(|times| *times == 1), "{good:?}");
    // What comes later goes first.
    record(&uploader, most + 200..most + 205, &[]);
    let uploaded = upload(&uploader, &remote).await;
    assert_eq!(numbers(&uploaded), (5, 0, 1));
    assert_eq!(server.http.requests().len(), exchanges + 2);
    server.mend();
    let uploaded = upload(&uploader, &remote).await;
    assert_eq!(uploaded, Uploaded { accepted: 1, ..Uploaded::default() });
    assert_eq!(uploader.spool().held().unwrap(), None);
    assert_eq!(uploader.spool().status().unwrap().drops, Drops::default());
}

#[tokio::test]
async fn an_event_that_is_rejected_costs_no_other_one() {
    let (state, server) = (tempfile::tempdir().unwrap(), Broken::start(400));
    let (uploader, remote) = (Uploader::of(state.path()), remote(&server.http.url()));
    record(&uploader, 0..200, &[50, 150]);
    assert_eq!(numbers(&upload(&uploader, &remote).await), (198, 2, 0));
    assert_eq!(uploader.spool().held().unwrap(), None, "nobody has to correct anything");
    assert_eq!(uploader.spool().status().unwrap().drops.of(Drop::Rejected), 2);
    let good = server.good();
    assert_eq!((good.len(), good.values().sum::<usize>()), (198, 198), "{good:?}");
}

#[tokio::test]
async fn a_server_that_rejects_everything_costs_few_exchanges_and_few_events_in_each_upload() {
    let (state, server) = (tempfile::tempdir().unwrap(), Broken::start(400));
    let (uploader, remote) = (Uploader::of(state.path()), remote(&server.http.url()));
    record(&uploader, 0..200, &(0..200).collect::<Vec<_>>());
    for _ in 0..3 {
        let before = server.http.requests().len();
        assert_eq!(numbers(&upload(&uploader, &remote).await), (0, 0, 200));
        let exchanges = server.http.requests().len() - before;
        assert!(exchanges <= HELD_ONE_BY_ONE_MAX, "{exchanges}");
    }
    server.mend();
    assert_eq!(numbers(&upload(&uploader, &remote).await), (200, 0, 0));
}

#[tokio::test]
async fn a_batch_that_is_alone_is_tried_once_more_with_its_key_and_then_in_parts() {
    let (state, server) = (tempfile::tempdir().unwrap(), Broken::start(500));
    let (uploader, remote) = (Uploader::of(state.path()), remote(&server.http.url()));
    record(&uploader, 0..8, &[7]);
    assert_eq!(numbers(&upload(&uploader, &remote).await), (0, 0, 8));
    assert_eq!(server.keys().len(), 1);
    assert_eq!(numbers(&upload(&uploader, &remote).await), (7, 0, 1));
    let keys = server.keys();
    assert_eq!(keys[0], keys[1], "it may have arrived");
    let mut others = keys[1..].to_vec();
    others.sort();
    others.dedup();
    assert_eq!(others.len(), keys.len() - 1, "other events have another key: {keys:?}");
}

#[tokio::test]
async fn a_server_that_always_fails_costs_few_exchanges_and_loses_nothing() {
    let (state, server) = (tempfile::tempdir().unwrap(), Broken::start(500));
    let (uploader, remote) = (Uploader::of(state.path()), remote(&server.http.url()));
    let all: Vec<i64> = (0..40).collect();
    record(&uploader, 0..40, &all);
    for _ in 0..6 {
        let before = server.http.requests().len();
        assert_eq!(numbers(&upload(&uploader, &remote).await), (0, 0, 40));
        let exchanges = server.http.requests().len() - before;
        assert!(exchanges <= HELD_ONE_BY_ONE_MAX, "{exchanges}");
    }
    server.mend();
    let uploaded = upload(&uploader, &remote).await;
    assert_eq!(uploaded, Uploaded { accepted: 40, ..Uploaded::default() });
    assert_eq!(uploader.spool().status().unwrap().drops, Drops::default());
}

/// Sends a report that the server takes, or not.
async fn report(outbox: &Outbox, server: &Broken, key: &str, clock: Clock) -> Shipment {
    let (remote, sender) = remote(&server.http.url());
    let (to, content_type) = (remote.url().to_owned(), "application/json".to_owned());
    let version = if key.starts_with("bad") { BAD } else { "1.2.3" };
    let body = format!("{{\"version\": \"{version}\"}}").into();
    let parcel = Parcel { to, key: key.to_owned(), content_type, body };
    let deadline = Instant::now() + Duration::from_secs(60);
    ship(Some(outbox), &remote, &sender, &parcel, deadline, clock).await
}

#[tokio::test]
async fn any_number_of_reports_that_get_500_lets_new_ones_through() {
    let (state, server) = (tempfile::tempdir().unwrap(), Broken::start(500));
    let outbox = Outbox::at(state.path());
    let bad = 2 * HELD_ONE_BY_ONE_MAX + 3;
    for number in 0..bad {
        let shipment = report(&outbox, &server, &format!("bad-{number}"), clock()).await;
        assert!(matches!(shipment.fate, Fate::Waits { .. }), "{shipment:?}");
    }
    let later = || Duration::from_secs(u64::try_from(BEGIN).unwrap() + 20_000) + HELD_PAUSE;
    for (key, clock) in [("good-0", clock()), ("good-1", Clock { now: later, ..clock() })] {
        let before = server.http.requests().len();
        let shipment = report(&outbox, &server, key, clock).await;
        assert!(matches!(shipment.fate, Fate::Delivered), "{shipment:?}");
        assert_eq!(shipment.account.held.map(|held| held.hold), Some(Hold::Unprocessed));
        let keys = server.keys()[before..].to_vec();
        assert_eq!(keys[0], key, "it goes first");
        assert!(keys.len() <= 1 + HELD_ONE_BY_ONE_MAX, "{keys:?}");
    }
    server.mend();
    let after = || Duration::from_secs(u64::try_from(BEGIN).unwrap() + 40_000);
    let shipment = report(&outbox, &server, "good-2", Clock { now: after, ..clock() }).await;
    assert_eq!((shipment.account.accepted, shipment.account.held), (bad as u64 + 1, None));
    assert!(outbox.waiting(after()).unwrap().is_empty());
}
