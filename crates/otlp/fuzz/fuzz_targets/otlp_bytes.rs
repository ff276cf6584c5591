//! Whatever the bytes: reading does not panic, and what is read, `prost` reads as well, and as the same.
#![no_main]

use ktel_otlp::{Accepted, Limits, LogsData, MetricsData, Status, TracesData, grpc};
use libfuzzer_sys::fuzz_target;
use opentelemetry_proto::tonic::{logs, metrics, trace};
use prost::Message;

macro_rules! same {
    ($bytes:ident, $ours:ident, $theirs:ty) => {
        let mut merged = Vec::new();
        if let Ok(ours) = $ours::read_merged($bytes, &Limits::default(), &mut merged) {
            // A value that is an index belongs to profiles: `prost` keeps it, and it is unknown here.
            let Ok(theirs) = <$theirs>::decode($bytes) else { return };
            if format!("{theirs:?}").contains("StringValueStrindex") {
                return;
            }
            let canonical = theirs.encode_to_vec();
            let json = ours.to_json();
            let theirs = $ours::read(&canonical, &Limits::default()).expect("prost wrote it");
            // What is absent and what is zero are one in protobuf; JSON shows the difference.
            let again = <$theirs>::decode(&ours.to_vec()[..]).expect("it was read before");
            assert_eq!(again.encode_to_vec(), canonical, "{json} is not {}", theirs.to_json());
            ktel_otlp::json::to_protobuf::<$ours<'_>>(json.as_bytes()).expect("it was just written");
        }
    };
}

fuzz_target!(|bytes: &[u8]| {
    drop(Accepted::from_protobuf(bytes));
    drop(Status::from_protobuf(bytes));
    let _ = grpc::unframe(bytes);
    same!(bytes, LogsData, logs::v1::LogsData);
    same!(bytes, MetricsData, metrics::v1::MetricsData);
    same!(bytes, TracesData, trace::v1::TracesData);
});
