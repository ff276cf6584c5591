//! What do 10 000 slow connections cost a receiver, and those who send beside them? Prints budgets and
//! writes them to `benches/receiver.md`.
//!
//! A third of them say nothing, a third send their head a byte at a time, a third their body; whoever
//! is ended comes again, so that some are always between two. They come from 160 client subnets of
//! loopback. Budgets: no more memory for longer, less than 16 KiB for each, and everybody else is served.

mod load;
mod program;

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use crate::load::CONNECTIONS;
use crate::program::{PROFILE, Program};

/// How long they stay before the first look, and again before the second.
const STAY: Duration = Duration::from_secs(20);
/// How many reports are sent beside them.
const REPORTS: usize = 500;

fn main() -> anyhow::Result<()> {
    let mut program = Program::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let rows = runtime.block_on(async {
        let address = program.address;
        let mut alone = load::report_latencies(address, &program.token, 0, REPORTS).await?;
        let before = program.memory_kib()?;
        let load = load::Load::start(address).await?;
        tokio::time::sleep(STAY).await;
        let (first, open) = (program.memory_kib()?, program.connections()?);
        let mut beside = load::report_latencies(address, &program.token, REPORTS, REPORTS).await?;
        tokio::time::sleep(STAY).await;
        let second = program.memory_kib()?;
        load.end().await;
        anyhow::Ok(Rows {
            open,
            memory: [before, first, second],
            alone: [percentile(&mut alone, 0.5), percentile(&mut alone, 0.99)],
            beside: [percentile(&mut beside, 0.5), percentile(&mut beside, 0.99)],
        })
    })?;
    program.end()?;
    let page = rows.page();
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("receiver.md"), &page)?;
    show(&page);
    Ok(())
}

/// What was measured.
struct Rows {
    open: usize,
    memory: [u64; 3],
    alone: [Duration; 2],
    beside: [Duration; 2],
}

impl Rows {
    fn page(&self) -> String {
        let Self { open, memory: [before, first, second], alone, beside } = self;
        let mut page = format!(
            "# Bench of slow connections

Written by `make bench`. Times are of one machine with two cores on one day; clients and receiver share them.
The program is built with the profile `{PROFILE}`.

{CONNECTIONS} connections from 160 networks: a third says nothing, a third sends its head a byte at a time, a third
its body. Whoever is ended comes again.

| what | budget | measured | holds |
|---|---|---|---|
"
        );
        let mib = |kib: u64| format!("{:.1} MiB", kib as f64 / 1024.0);
        let ms = |took: Duration| format!("{:.1} ms", took.as_secs_f64() * 1e3);
        let most = CONNECTIONS * 9 / 10;
        line(&mut page, "open at once", &format!("{most}"), &open.to_string(), *open >= most);
        line(&mut page, "memory without them", "-", &mib(*before), true);
        line(&mut page, &format!("memory with them, after {STAY:?}"), "-", &mib(*first), true);
        let grown = *second as f64 / *first as f64;
        let what = format!("memory after {STAY:?} more");
        line(
            &mut page,
            &what,
            "1.1 times",
            &format!("{}, {grown:.2} times", mib(*second)),
            grown < 1.1,
        );
        let each = second.saturating_sub(*before) as f64 / CONNECTIONS as f64;
        line(&mut page, "for each of them", "16 KiB", &format!("{each:.1} KiB"), each < 16.0);
        for (word, alone, beside) in
            [("median", alone[0], beside[0]), ("99th percentile", alone[1], beside[1])]
        {
            line(&mut page, &format!("a report without them, {word}"), "-", &ms(alone), true);
            let holds = beside < Duration::from_secs(1);
            line(&mut page, &format!("a report beside them, {word}"), "1 s", &ms(beside), holds);
        }
        page
    }
}

fn percentile(measured: &mut [Duration], part: f64) -> Duration {
    measured.sort_unstable();
    let last = measured.len() - 1;
    measured[(last as f64 * part) as usize]
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn show(page: &str) {
    println!("{page}");
}

/// One line of the table: what, budget, measured, and whether it holds.
fn line(out: &mut String, what: &str, budget: &str, measured: &str, holds: bool) {
    let verdict = if holds { "yes" } else { "**no**" };
    writeln!(out, "| {what} | {budget} | {measured} | {verdict} |").expect("a string takes all");
}
