//! How fast is `ktel-otlp` beside `opentelemetry-proto`? Prints ratios and writes them to `benches/otlp.md`.
//!
//! Both write 1000 log records and 1000 gauge points out of the same values, and read them again: every
//! number and the length of every text is added up. The bytes and the sums have to be equal. Rounds
//! alternate, so that a busy machine slows both.

mod corpus;
mod ours;
mod theirs;

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use corpus::ITEMS;

/// How often each side is measured.
const ROUNDS: usize = 501;
/// How often what is measured is done in one round, so that the clock's steps do not matter.
const TIMES: u32 = 4;
/// How many times faster `ktel-otlp` has to be: what borrows must not be slower than what builds.
const BUDGET: f64 = 1.0;

fn main() -> anyhow::Result<()> {
    let (lines, gauges) = (corpus::lines(), corpus::gauges());
    let (logs, metrics) = (ours::write_logs(&lines), ours::write_gauges(&gauges));
    anyhow::ensure!(logs == theirs::write_logs(&lines), "logs are written differently");
    anyhow::ensure!(metrics == theirs::write_gauges(&gauges), "gauges are written differently");
    anyhow::ensure!(ours::read_logs(&logs)? == theirs::read_logs(&logs)?, "logs");
    anyhow::ensure!(ours::read_gauges(&metrics)? == theirs::read_gauges(&metrics)?, "gauges");

    let mut page = String::from(
        "# Bench of OTLP

Written by `make bench`. Times are of one machine with two cores on one day; what counts is the ratio, since both sides
took turns in one run. Both write the same bytes out of the same values, and read all of them. Medians.

| what | bytes | `opentelemetry-proto` | `ktel-otlp` | budget | measured | holds |
|---|---|---|---|---|---|---|
",
    );
    let rows = [
        (
            format!("write {ITEMS} log records"),
            logs.len(),
            compare(|| theirs::write_logs(&lines), || ours::write_logs(&lines)),
        ),
        (
            format!("write {ITEMS} gauge points"),
            metrics.len(),
            compare(|| theirs::write_gauges(&gauges), || ours::write_gauges(&gauges)),
        ),
        (
            format!("read {ITEMS} log records"),
            logs.len(),
            compare(|| theirs::read_logs(&logs), || ours::read_logs(&logs)),
        ),
        (
            format!("read {ITEMS} gauge points"),
            metrics.len(),
            compare(|| theirs::read_gauges(&metrics), || ours::read_gauges(&metrics)),
        ),
    ];
    for (what, bytes, (theirs, ours)) in rows {
        let faster = theirs.as_secs_f64() / ours.as_secs_f64();
        let holds = if faster >= BUDGET { "yes" } else { "**no**" };
        writeln!(
            page,
            "| {what} | {bytes} | {} | {} | {BUDGET} times as fast | {faster:.1} times | {holds} |",
            microseconds(theirs),
            microseconds(ours),
        )?;
    }
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("otlp.md"), &page)?;
    show(&page);
    Ok(())
}

/// Gives the medians of both sides, which take turns.
fn compare<T, O>(theirs: impl Fn() -> T, ours: impl Fn() -> O) -> (Duration, Duration) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        first.push(time(&theirs));
        second.push(time(&ours));
    }
    (median(first), median(second))
}

fn time<T>(what: impl Fn() -> T) -> Duration {
    let began = Instant::now();
    for _ in 0..TIMES {
        drop(black_box(what()));
    }
    began.elapsed() / TIMES
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn microseconds(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn show(page: &str) {
    println!("{page}");
}
