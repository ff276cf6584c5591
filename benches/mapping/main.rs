//! How fast does the exporter make OTLP of a slice, beside `opentelemetry-proto`? Prints points a second and writes them to
//! `benches/mapping.md`.
//!
//! Both write the same gauges: series of eight labels with some points each, from samples in memory to whole requests. The
//! points of both are read back and counted. Histograms are measured by themselves: nobody else puts them together. Compression
//! has a table of its own.
//! The time is that on the processor, so that other programs matter little.

mod compression;
mod corpus;
mod ours;
mod theirs;
mod timing;

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use corpus::Corpus;
use timing::time;

/// How many times faster the mapping has to be than structs that are built and encoded.
const BUDGET: f64 = 10.0;

fn main() -> anyhow::Result<()> {
    let mut page = String::from(
        "# Bench of the exporter's mapping

Written by `make bench`. Of one machine with two cores on one day; what counts is the ratio. Series of eight labels, requests
of 10 000 points, time on the processor of one thread. A slice is sorted before; both begin at its samples. What is written is
dropped at once.

| what | bytes a point | structs of prost, built and encoded | only encoded | ktel | beside built | holds |
|---|---|---|---|---|---|---|
",
    );
    for points in [1, 4, 20] {
        let corpus = Corpus::gauges(40_000 / points, points);
        let slice = corpus.slice();
        let mut bodies = Vec::new();
        ours::encode(&slice, &mut |batch| bodies.push(batch.body));
        anyhow::ensure!(theirs::points(&bodies)? == corpus.points(), "points are missing");
        let length: usize = bodies.iter().map(bytes::Bytes::len).sum();
        let built = theirs::build(&corpus);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        let [theirs, encoded, ours] = compare(
            || theirs::encode(&theirs::build(&corpus), &mut one),
            || theirs::encode(&built, &mut other),
            || ours::encode(&slice, &mut drop),
        );
        let faster = theirs.as_secs_f64() / ours.as_secs_f64();
        let holds = if faster >= BUDGET { "yes" } else { "**no**" };
        let rate = |time: Duration| corpus.points() as f64 / time.as_secs_f64() / 1e6;
        writeln!(
            page,
            "| {points} points a series | {} | {:.2} M/s | {:.2} M/s | {:.1} M/s | {faster:.0} times | {holds} |",
            length / corpus.points(),
            rate(theirs),
            rate(encoded),
            rate(ours),
        )?;
    }
    let corpus = Corpus::histograms(250, 10, 4);
    let slice = corpus.slice();
    let [time, ..] = compare(|| ours::encode(&slice, &mut drop), || 0, || 0);
    writeln!(
        page,
        "
Classic histograms of 10 buckets, 4 points a series: {:.1} million samples a second become {:.1} million points.",
        slice.samples() as f64 / time.as_secs_f64() / 1e6,
        1000.0 / time.as_secs_f64() / 1e6,
    )?;
    compression::table(&mut page)?;
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("mapping.md"), &page)?;
    show(&page);
    Ok(())
}

/// Gives the time of each of three sides, one after another.
fn compare<T, E, O>(
    first: impl FnMut() -> T,
    second: impl FnMut() -> E,
    third: impl FnMut() -> O,
) -> [Duration; 3] {
    [time(first), time(second), time(third)]
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn show(page: &str) {
    println!("{page}");
}
