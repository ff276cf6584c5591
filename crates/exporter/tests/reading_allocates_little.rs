//! Lines of a store are collected without memory of their own. The real order of labels is not that of their names:
//! VictoriaMetrics writes `job` and `instance` first.

use std::alloc::System;

use ktel_exporter::plan::Tenant;
use ktel_exporter::source::check::Check;
use ktel_exporter::source::export::Collector;
use ktel_exporter::time::{Millis, Window};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const LINES: usize = 10_000;

fn line(number: usize, first: &str) -> String {
    format!(
        r#"{{"metric":{{"__name__":"up",{first},"pod":"pod-{number}","zone":"a"}},"values":[1],"timestamps":[1000]}}"#
    )
}

/// Gives how often memory was taken, and the labels of the first series.
fn collect(lines: &[String]) -> (usize, Vec<(String, String)>) {
    let tenant = Tenant { name: "t".into(), matchers: Vec::new(), path: None };
    let check = Check::new(&tenant, &["up".parse().expect("a selector")]);
    let window = Window { start: Millis(0), end: Millis(30_000) };
    let before = Region::new(ALLOCATOR);
    let mut collector = Collector::new(&check, window, usize::MAX);
    for line in lines {
        collector.take(line.as_bytes()).expect("a line");
    }
    let change = before.change();
    let slice = collector.finish().finish();
    assert_eq!(slice.len(), lines.len());
    let first = slice.series().next().expect("a series");
    let labels = first.labels().map(|(name, value)| (name.to_owned(), value.to_owned()));
    (change.allocations + change.reallocations, labels.collect())
}

fn main() {
    let sorted: Vec<String> =
        (0..LINES).map(|number| line(number, r#""instance":"i","job":"j""#)).collect();
    let as_stored: Vec<String> =
        (0..LINES).map(|number| line(number, r#""job":"j","instance":"i""#)).collect();
    let (few, labels) = collect(&sorted);
    assert!((1..200).contains(&few), "vectors grow {few} times");
    let (taken, same) = collect(&as_stored);
    assert!(taken <= few + 10, "{taken} for {LINES} lines, and {few} if they are sorted");
    assert_eq!(labels, same);
}
