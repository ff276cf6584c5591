//! What do events and delivery cost? Prints budgets and ratios and writes them to `benches/delivery.md`.
//!
//! Budgets: off costs 1 us, on 20 us in the median and 1 ms at the 99th percentile; a server that never
//! answers delays no command; 100 events in one upload take 8 bytes each; memory stays flat over an outage of
//! 100 000 parcels.

mod events;
mod outage;

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

fn main() -> anyhow::Result<()> {
    let mut page = String::from(
        "# Benches of events and delivery

Written by `make bench`. Times are of one machine on one day, and medians unless something else is said.

| what | budget | measured | holds |
|---|---|---|---|
",
    );
    events::lines(&mut page)?;
    outage::lines(&mut page)?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("delivery.md");
    std::fs::write(file, &page)?;
    show(&page);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn show(page: &str) {
    println!("{page}");
}

/// The value below which this part of some measurements lies.
fn percentile(measured: &mut [Duration], part: f64) -> Duration {
    measured.sort_unstable();
    let last = measured.len() - 1;
    measured[(last as f64 * part) as usize]
}

/// One line of the table: what, budget, measured, and whether it holds.
fn line(out: &mut String, what: &str, budget: &str, measured: &str, holds: bool) {
    let verdict = if holds { "yes" } else { "**no**" };
    writeln!(out, "| {what} | {budget} | {measured} | {verdict} |").expect("a string takes all");
}

fn micros(time: Duration) -> String {
    format!("{:.2} us", time.as_secs_f64() * 1e6)
}
