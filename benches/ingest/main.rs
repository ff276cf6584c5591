//! How many reports a second does a receiver keep? Prints budgets and ratios and writes them to
//! `benches/ingest.md`.
//!
//! Client, receiver and database share the machine's two cores. Budgets: at least ten times the rows
//! that the ancestor's way really stores in the same PostgreSQL under the same clients; every row
//! that was answered is there.

mod ancestor;
mod bare;
mod load;
mod receiver;

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use ktel_testkit::postgres::Postgres;

use crate::load::{Answered, Load};

/// How long each run sends.
const SENDING: Duration = Duration::from_secs(10);
/// How many connections send single reports, each one request after the other.
const CONNECTIONS: [usize; 3] = [CONNECTIONS_OF_FEW, 256, 1000];
/// How many send where each has more to say: so many batches are what a queue holds.
const CONNECTIONS_OF_FEW: usize = 64;
/// How many reports one request holds where they come in batches.
const BATCH: usize = 100;
/// The pace at which latency is looked at.
const PACE_PER_SECOND: usize = 1000;

fn main() -> anyhow::Result<()> {
    let mut page = format!(
        "# Bench of ingest

Written by `make bench`. Times are of one machine with two cores on one day; client, receiver and database share
them. What counts is the ratio, since all runs are of the same quarter of an hour.

Each connection sends one request after the other for {SENDING:?}. A report is three rows of ours and one of the
ancestor's; reports are counted.

"
    );
    let Some(postgres) = Postgres::shared() else {
        show("SKIPPED: there is no PostgreSQL");
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        throughput(postgres, &mut page).await?;
        latency(postgres, &mut page).await
    })?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("ingest.md");
    std::fs::write(file, &page)?;
    show(&page);
    Ok(())
}

/// How many reports a second are stored, by us and by the ancestor, under the same clients.
async fn throughput(postgres: &Postgres, page: &mut String) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let place = |name: &str| folder.path().join(name).display().to_string();
    let mut runs = Vec::new();
    for connections in CONNECTIONS {
        let load = Load::closed(connections, 1);
        let bare = bare::run(load).await?.reports as f64 / SENDING.as_secs_f64();
        let ancestor = ancestor::run(&postgres.database(), load).await?;
        let base = ancestor.rate();
        writeln!(
            page,
            "{connections} connections: an answer to each request and nothing else, {bare:.0} a second. No \
             receiver of one report a request can be faster.\n\n\
             | | answered | really there | stored a second | times the ancestor's |\n|---|---|---|---|---|"
        )?;
        row(page, "the ancestor's way, PostgreSQL", &ancestor, base);
        let batches = Load::closed(CONNECTIONS_OF_FEW, BATCH);
        let single = |name: &str| (format!("ktel, {name}"), load);
        let many = |name: &str| (format!("ktel, {name}, {BATCH} reports a request"), batches);
        let mut ours = vec![single("PostgreSQL"), single("SQLite")];
        if connections == CONNECTIONS_OF_FEW {
            ours.extend([many("PostgreSQL"), many("SQLite")]);
        }
        for (name, load) in ours {
            let url = match name.contains("PostgreSQL") {
                true => postgres.database(),
                false => place(&format!("{connections} {name}")),
            };
            let run = receiver::run(&url, load).await?;
            row(page, &name, &run, base);
            runs.push((connections, name, run, base));
        }
        page.push('\n');
        let lost = ancestor.answered.reports - ancestor.there;
        writeln!(page, "Answered by the ancestor and not there: {lost}.\n")?;
    }
    *page += "| what | budget | measured | holds |\n|---|---|---|---|\n";
    for (connections, name, run, base) in &runs {
        let ratio = run.rate() / base;
        let what = format!("stored a second by {name}, {connections} connections");
        let measured = format!("{ratio:.1} times the ancestor's");
        line(page, &what, "10 times", &measured, ratio >= 10.0);
    }
    let lost: usize = runs.iter().map(|(_, _, run, _)| run.answered.reports - run.there).sum();
    line(page, "answered and not there", "0", &lost.to_string(), lost == 0);
    Ok(())
}

fn row(page: &mut String, name: &str, run: &Run, base: f64) {
    let (answered, there, rate) = (run.answered.reports, run.there, run.rate());
    let times = rate / base;
    writeln!(page, "| {name} | {answered} | {there} | {rate:.0} | {times:.1} |")
        .expect("a string takes all");
}

/// How long an answer takes at a pace that leaves time.
async fn latency(postgres: &Postgres, page: &mut String) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let sqlite = folder.path().join("pace").display().to_string();
    for (name, url) in [("PostgreSQL", postgres.database()), ("SQLite", sqlite)] {
        let run = receiver::run(&url, Load::paced(PACE_PER_SECOND)).await?;
        let Answered { reports, mut latencies } = run.answered;
        for (part, word) in [(0.5, "median"), (0.99, "99th percentile")] {
            let what = format!(
                "an answer at {PACE_PER_SECOND} reports a second, {name}, {word} of {reports}"
            );
            let measured = load::percentile(&mut latencies, part).as_secs_f64() * 1000.0;
            line(page, &what, "-", &format!("{measured:.1} ms"), true);
        }
    }
    Ok(())
}

/// What came of a run.
pub(crate) struct Run {
    answered: Answered,
    /// How many reports the database holds in the end.
    there: usize,
    /// How long it took until they were there.
    took: Duration,
}

impl Run {
    fn rate(&self) -> f64 {
        self.there as f64 / self.took.as_secs_f64()
    }
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
