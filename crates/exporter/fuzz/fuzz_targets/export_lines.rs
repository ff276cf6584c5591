//! Whatever a store sends as an export: no panic, the same from any pieces, and what JSON says where it is JSON.
#![no_main]

use ktel_exporter::plan::Tenant;
use ktel_exporter::source::ReadError;
use ktel_exporter::source::check::Check;
use ktel_exporter::source::export::Collector;
use ktel_exporter::source::export::line::{Line, Scratch};
use ktel_exporter::source::export::lines::Lines;
use ktel_exporter::time::{Millis, Window};
use ktel_metricsql::Selector;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const WINDOW: Window = Window { start: Millis(i64::MIN), end: Millis(i64::MAX) };
const BYTES: usize = 64 * 1024;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, stream) = input;
    let whole = collect(stream, stream.len().max(1));
    assert_eq!(whole, collect(stream, usize::from(piece).max(1)), "it depends on the pieces");
    for line in stream.split(|byte| *byte == b'\n') {
        compare(line);
    }
});

/// Gives what comes of a stream, or that it is an error.
fn collect(stream: &[u8], piece: usize) -> Option<Vec<(String, i64, u64)>> {
    let tenant = Tenant { name: String::new(), matchers: Vec::new(), path: None };
    let check = Check::new(&tenant, &[Selector::new(Vec::new())]);
    let (mut lines, mut collector) = (Lines::default(), Collector::new(&check, WINDOW, BYTES));
    for piece in stream.chunks(piece) {
        lines.feed(piece, |line| collector.take(line)).ok()?;
    }
    lines.end().map_err(ReadError::from).ok()?;
    let slice = collector.finish().finish();
    let mut samples = Vec::new();
    for series in slice.series() {
        let labels: Vec<_> = series.labels().collect();
        for sample in series.samples {
            samples.push((
                format!("{} {labels:?}", series.name()),
                sample.time.0,
                sample.value.to_bits(),
            ));
        }
    }
    Some(samples)
}

/// Compares a line that both read.
fn compare(line: &[u8]) {
    let mut scratch = Scratch::default();
    let Ok(read) = Line::read(line, &mut scratch) else { return };
    let mut samples = Vec::new();
    if read.samples(|sample| samples.push(sample)).is_err() {
        return;
    }
    let Ok(json) = serde_json::from_slice::<Value>(line) else { return };
    let labels: Vec<(&str, &str)> = read.labels.iter().collect();
    for (name, value) in json["metric"].as_object().expect("labels") {
        // Of a name that is there twice JSON keeps the last.
        let last = labels.iter().rev().find(|label| label.0 == name).map(|label| label.1);
        assert_eq!(last, value.as_str(), "{name}");
    }
    let values = json["values"].as_array().expect("values");
    assert_eq!(values.len(), samples.len());
    for (value, sample) in values.iter().zip(&samples) {
        if let Some(number) = value.as_f64() {
            // `serde_json` reads floats to the last bit but one.
            let error = (number - sample.value).abs();
            assert!(error <= number.abs() * 1e-15, "{number} {}", sample.value);
        }
    }
    for (time, sample) in json["timestamps"].as_array().expect("timestamps").iter().zip(&samples) {
        assert!(time.as_i64().is_none_or(|time| time == sample.time.0));
    }
}
