//! Whatever a store sends as frames, messages and chunks: no panic, and no more memory than is allowed.
#![no_main]

use ktel_exporter::plan::Tenant;
use ktel_exporter::source::check::Check;
use ktel_exporter::source::remote_read::frames::Frames;
use ktel_exporter::source::remote_read::{Collector, histogram, xor};
use ktel_exporter::source::{ReadError, Seen};
use ktel_exporter::time::{Millis, Window};
use ktel_metricsql::Selector;
use libfuzzer_sys::fuzz_target;

const WINDOW: Window = Window { start: Millis(i64::MIN), end: Millis(i64::MAX) };
const BYTES: usize = 64 * 1024;
/// One more series or histogram is taken before it is noticed; both come from the input.
const MARGIN: usize = 16 * 1024 * 1024;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let tenant = Tenant { name: String::new(), matchers: Vec::new(), path: None };
    let check = Check::new(&tenant, &[Selector::new(Vec::new())]);
    // As a message, without the checksum that nothing random has.
    let mut collector = Collector::new(&check, WINDOW, BYTES);
    let taken = collector.take(bytes);
    let builder = collector.finish();
    assert!(builder.bytes() <= BYTES + MARGIN);
    assert!(taken.is_err() || builder.bytes() <= BYTES);
    drop(builder.finish());
    let mut frames = Frames::default();
    for piece in bytes.chunks(usize::from(piece).max(1)) {
        if frames.feed(piece, |_| Ok::<_, ReadError>(())).is_err() {
            break;
        }
    }
    let mut count = 0_usize;
    if xor::decode(bytes, |_, _| count += 1).is_ok() {
        assert!(count <= usize::from(u16::MAX));
    }
    for is_float in [false, true] {
        let mut room = 1000_usize;
        let take = |_| {
            room = room
                .checked_sub(1)
                .ok_or(ReadError::TooLarge { bytes_max: BYTES, seen: Seen::default() })?;
            Ok(())
        };
        // An error is as good as histograms.
        drop(histogram::decode(bytes, is_float, take));
    }
});
