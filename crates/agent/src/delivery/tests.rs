//! What goes to whom, and in which form.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ktel_delivery::courier::Clock;
use ktel_delivery::limits::HELD_PAUSE;
use ktel_model::envelope::{Envelope, Installation, Product};
use ktel_model::report::Report;
use ktel_model::signature;
use ktel_model::standard::schema::Form as ValueForm;
use serde_json::{Value, json};

use super::{Delivery, Destination, Form, Item, Route, State};
use crate::identity::Identity;
use crate::status::Status;
use ktel_destination::Tokens;
use ktel_testkit::capture::Http;
use ktel_testkit::http::Response;

const CLOCK: Clock = Clock { now: || Duration::from_secs(1_800_000_000), jitter: || 0.5 };

fn destination(url: &str, form: Form) -> Destination {
    Destination { server: url.parse().unwrap(), form }
}

/// Hands an event over, and gives what each server would get.
fn printed(destinations: &[Destination], identity: &Identity) -> Vec<(String, Vec<u8>)> {
    let printed = Mutex::new(Vec::new());
    let delivery =
        Delivery::new(destinations, None, &Tokens::default(), CLOCK, Status::default()).unwrap();
    let delivery = delivery.printing(Box::new(|server, bytes| {
        printed.lock().unwrap().push((server.to_owned(), bytes.to_vec()));
    }));
    hand_over(&delivery, identity);
    drop(delivery);
    printed.into_inner().unwrap()
}

fn hand_over(delivery: &Delivery<'_>, identity: &Identity) {
    let mut report = Report::default();
    let section = json!({"tcp_version": "v1.30.0"});
    let section = section.as_object().unwrap();
    report.push("kamaji-create", section.clone());
    let product = Product { name: Some("kamaji".into()), ktel: "0" };
    let day = jiff::civil::date(2026, 11, 21);
    let mut envelope = Envelope::new(&report, product, &[], Vec::new(), &[], ValueForm::Exact, day);
    envelope.id = Some("key".into());
    envelope.installation = Some(Installation::clone(&identity.installation));
    let bare = Some((Route::Create, section.clone()));
    let time = "2026-11-21T12:00:00Z".parse().unwrap();
    let item = Item { report, envelope, time, key: "key".into(), bare };
    delivery.hand_over(&[item], identity);
}

#[track_caller]
fn verified(bytes: &[u8], identity: &Identity) -> Value {
    let signed = signature::split(bytes).expect("it is signed");
    assert_eq!(signature::installation_id(&signed.key), identity.installation.id);
    serde_json::from_slice(&signed.bytes).unwrap()
}

#[test]
fn an_envelope_is_signed_and_kamaji_gets_the_bare_document_on_its_route() {
    let identity = Identity::ephemeral();
    let all = printed(
        &[
            destination("https://one.example.com/v1/reports", Form::Envelope),
            destination("https://two.example.com", Form::Kamaji),
            destination("file:/nowhere/at-all", Form::Envelope),
        ],
        &identity,
    );
    let to: Vec<&str> = all.iter().map(|(server, _)| server.as_str()).collect();
    let expected = [
        "file:/nowhere/at-all",
        "https://one.example.com/v1/reports",
        "https://two.example.com/create",
    ];
    assert_eq!(to, expected);
    for (_, bytes) in &all[..2] {
        let item = verified(bytes.trim_ascii_end(), &identity);
        assert_eq!(item["data"], json!({"kamaji-create": {"tcp_version": "v1.30.0"}}));
        assert_eq!(item["id"], "key");
    }
    assert_eq!(all[2].1, br#"{"tcp_version":"v1.30.0"}"#);
}

#[test]
fn what_waits_outlives_the_agent_and_a_preview_keeps_nothing() {
    let (place, identity) = (tempfile::tempdir().unwrap(), Identity::ephemeral());
    let servers = [destination("https://one.example.com/v1/reports", Form::Envelope)];
    let open = || {
        Delivery::new(&servers, Some(place.path()), &Tokens::default(), CLOCK, Status::default())
    };
    let waiting = || {
        let delivery = open().unwrap();
        let status = delivery.lanes[0].spool.status().unwrap();
        status.parcels
    };
    hand_over(&open().unwrap().printing(Box::new(|_, _| ())), &identity);
    assert_eq!(waiting(), 0);
    hand_over(&open().unwrap(), &identity);
    assert_eq!(waiting(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_courier_that_is_asked_to_end_does_so_though_nobody_answers() {
    let servers = [destination("https://127.0.0.1:1/v1/reports", Form::Envelope)];
    let delivery =
        Delivery::new(&servers, None, &Tokens::default(), CLOCK, Status::default()).unwrap();
    hand_over(&delivery, &Identity::ephemeral());
    delivery.end();
    let within = Duration::from_secs(2 * crate::limits::COURIER_TURN.as_secs());
    tokio::time::timeout(within, delivery.carry()).await.expect("it ends");
}

#[tokio::test]
async fn a_server_that_holds_is_not_tried_again_for_each_new_report() {
    let server = Http::start();
    server.answer(Response::new(401));
    let servers = [destination(&format!("{}/v1/reports", server.url()), Form::Envelope)];
    let delivery =
        Delivery::new(&servers, None, &Tokens::default(), CLOCK, Status::default()).unwrap();
    let lane = &delivery.lanes[0];
    let held = lane.deliver(CLOCK, &delivery.status, State::Delivered, true);
    hand_over(&delivery, &Identity::ephemeral());
    assert_eq!(held.await, State::Held);
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    // The hand-over above has woken it, and this one does so again.
    hand_over(&delivery, &Identity::ephemeral());
    lane.wait_for_end(HELD_PAUSE).await;
    let waited = start.elapsed();
    assert!(waited >= HELD_PAUSE, "{waited:?}");
    delivery.end();
    lane.wait_for_end(HELD_PAUSE).await;
    assert_eq!(start.elapsed(), waited, "an agent that ends waits for nothing");
    assert_eq!((server.requests().len(), lane.spool.status().unwrap().parcels), (1, 2));
}

#[tokio::test]
async fn a_report_that_the_server_cannot_process_delays_no_other_one() {
    let (server, asked) = (Http::start(), AtomicUsize::new(0));
    server.answer_by(move |_| {
        let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        Response::new(if is_first { 500 } else { 200 }).into()
    });
    let servers = [destination(&format!("{}/v1/reports", server.url()), Form::Envelope)];
    let delivery =
        Delivery::new(&servers, None, &Tokens::default(), CLOCK, Status::default()).unwrap();
    hand_over(&delivery, &Identity::ephemeral());
    let waits = async |parcels| {
        while delivery.lanes[0].spool.status().unwrap().parcels != parcels
            || delivery.lanes[0].spool.held().unwrap().is_none()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let sends = async {
        waits(1).await; // the first one is held
        hand_over(&delivery, &Identity::ephemeral());
        while server.requests().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        waits(1).await; // the second one arrived
    };
    tokio::select! {
        () = delivery.carry() => panic!("it goes on"),
        done = tokio::time::timeout(HELD_PAUSE / 2, sends) => done.expect("without a pause"),
    }
    assert_eq!(server.requests().len(), 2, "the first one has its pause");
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_writes_into_a_file_alone_goes_on_until_it_is_ended() {
    let servers = [destination("file:/nowhere/at-all", Form::Envelope)];
    let delivery =
        Delivery::new(&servers, None, &Tokens::default(), CLOCK, Status::default()).unwrap();
    let mut carrying = std::pin::pin!(delivery.carry());
    let hour = Duration::from_secs(3600);
    assert!(tokio::time::timeout(hour, &mut carrying).await.is_err(), "it goes on");
    delivery.end();
    tokio::time::timeout(hour, carrying).await.expect("it ends");
}
