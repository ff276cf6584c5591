//! What goes out in one upload.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use ktel_delivery::gzip::compress;
use ktel_destination::{Remote, ReportServer};
use ktel_usage::event::{Event, EventSchema, Version, Vocabulary};
use ktel_usage::sink::{Record, Sink};
use ktel_usage::uploader::{NextBatch, Uploader};
use serde_json::Value;

const COMMANDS: [&str; 6] = ["get apis", "get services", "get routes", "plan", "apply", "login"];
const BEGIN: i64 = 1_790_000_000;

fn server() -> Box<Remote> {
    let Ok(ReportServer::Remote(remote)) = "https://example.com".parse() else {
        panic!("a server behind a network")
    };
    Box::new(remote.for_events())
}

/// A day of somebody who works with the tool: commands minutes apart, none as the one before.
fn batch(uploader: &Uploader, events: usize) -> NextBatch {
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
    let vocabulary = Vocabulary::new("acme", COMMANDS).unwrap();
    let schema = EventSchema::new(&"acme".parse().unwrap(), &vocabulary, Version::One);
    let now = Duration::from_secs(u64::try_from(seconds).unwrap());
    uploader.next_batch(&server(), &schema, date(2026, 11, 21), now).unwrap().unwrap()
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
