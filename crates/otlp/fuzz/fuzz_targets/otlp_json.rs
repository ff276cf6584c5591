//! Whatever the text: reading does not panic, and what is read is protobuf that `prost` reads.
#![no_main]

use ktel_otlp::{Accepted, LogsData, MetricsData, Signal, Status, json};
use libfuzzer_sys::fuzz_target;
use opentelemetry_proto::tonic::{logs, metrics};
use prost::Message;

fuzz_target!(|text: &[u8]| {
    drop(Accepted::from_json(text, Signal::Logs));
    drop(Status::from_json(text));
    if let Ok(bytes) = json::to_protobuf::<LogsData<'_>>(text) {
        assert!(bytes.len() <= 4 * text.len());
        // It merges messages that are there twice, and cannot always.
        drop(logs::v1::LogsData::decode(&bytes[..]).expect("we wrote it"));
    }
    if let Ok(bytes) = json::to_protobuf::<MetricsData<'_>>(text) {
        assert!(bytes.len() <= 4 * text.len());
        drop(metrics::v1::MetricsData::decode(&bytes[..]).expect("we wrote it"));
    }
});
