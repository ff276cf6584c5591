//! Messages out of random bytes: `prost` and this crate write the same bytes and read the same messages.
#![no_main]

use ktel_otlp::{Limits, LogsData, MetricsData, TracesData};
use libfuzzer_sys::fuzz_target;
use prost::Message;

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/ours.rs"]
mod ours;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/random.rs"]
mod random;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/theirs.rs"]
mod theirs;

use ours::ToOurs;
use random::Entropy;
use theirs::ToTheirs;

macro_rules! same {
    ($message:expr, $ours:ident) => {
        let message = $message;
        let bytes = message.encode_to_vec();
        let read = $ours::read(&bytes, &Limits::default()).expect("prost wrote it");
        assert_eq!(read.theirs().encode_to_vec(), bytes);
        if bytes.len() < 1000 {
            // What is ours is leaked, see there: not too much of it.
            assert_eq!(message.ours().to_vec(), bytes);
        }
    };
}

fuzz_target!(|bytes: &[u8]| {
    same!(Entropy::new(bytes).logs(), LogsData);
    same!(Entropy::new(bytes).metrics(), MetricsData);
    same!(Entropy::new(bytes).traces(), TracesData);
});
