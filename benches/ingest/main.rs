//! How many reports a second does a receiver keep? Prints budgets and ratios and writes them to
//! `benches/ingest.md`.
//!
//! Client, receiver and database share the machine's two cores. Budgets: at least ten times the rows
//! that the ancestor's way really stores in the same PostgreSQL under the same clients; every row
//! that was answered is there.

mod ancestor;
mod load;
mod receiver;

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use ktel_testkit::postgres::Postgres;

use crate::load::{Answered, Load};

/// How long each run sends.
const SENDING: Duration = Duration::from_secs(10);
/// How many connections send, each one request after the other.
const CONNECTIONS: usize = 64;
/// How many reports one request holds where they come in batches.
const BATCH: usize = 100;
/// The pace at which latency is looked at.
const PACE_PER_SECOND: usize = 1000;

fn main() -> anyhow::Result<()> {
    let mut page = String::from(
        "# Bench of ingest

Written by `make bench`. Times are of one machine with two cores on one day; client, receiver and database share
them. What counts is the ratio, since all runs are of the same quarter of an hour.

",
    );
    writeln!(
        page,
        "{CONNECTIONS} connections, each one request after the other for {SENDING:?}.\n"
    )?;
    let Some(postgres) = Postgres::shared() else {
        show("SKIPPED: there is no PostgreSQL");
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let ancestor = ancestor::run(&postgres.database(), Load::closed(1)).await?;
        let folder = tempfile::tempdir()?;
        let place = |name: &str| folder.path().join(name).display().to_string();
        let on_postgres = receiver::run(&postgres.database(), Load::closed(1)).await?;
        let on_sqlite = receiver::run(&place("closed"), Load::closed(1)).await?;
        let batches_postgres = receiver::run(&postgres.database(), Load::closed(BATCH)).await?;
        let batches_sqlite = receiver::run(&place("batches"), Load::closed(BATCH)).await?;
        page += "| | answered | really there | stored a second |\n|---|---|---|---|\n";
        for (name, run) in [
            ("the ancestor's way, PostgreSQL", &ancestor),
            ("ktel, PostgreSQL", &on_postgres),
            ("ktel, SQLite", &on_sqlite),
            ("ktel, PostgreSQL, 100 reports a request", &batches_postgres),
            ("ktel, SQLite, 100 reports a request", &batches_sqlite),
        ] {
            let rate = run.rate();
            writeln!(page, "| {name} | {} | {} | {rate:.0} |", run.answered.reports, run.there)?;
        }
        page += "\n| what | budget | measured | holds |\n|---|---|---|---|\n";
        let base = ancestor.rate();
        for (what, run) in [
            ("stored a second, PostgreSQL, against the ancestor's way", &on_postgres),
            ("the same, 100 reports a request", &batches_postgres),
            ("the same, SQLite", &on_sqlite),
            ("the same, SQLite, 100 reports a request", &batches_sqlite),
        ] {
            let ratio = run.rate() / base;
            line(&mut page, what, "10 times", &format!("{ratio:.1} times"), ratio >= 10.0);
        }
        let ours = [&on_postgres, &on_sqlite, &batches_postgres, &batches_sqlite];
        let lost: usize = ours.iter().map(|run| run.answered.reports - run.there).sum();
        line(&mut page, "answered and not there", "0", &lost.to_string(), lost == 0);
        let lost = ancestor.answered.reports - ancestor.there;
        line(&mut page, "the same, the ancestor's way", "-", &lost.to_string(), true);
        for (name, url) in [("PostgreSQL", postgres.database()), ("SQLite", place("pace"))] {
            let run = receiver::run(&url, Load::paced(PACE_PER_SECOND)).await?;
            let Answered { reports, mut latencies } = run.answered;
            for (part, word) in [(0.5, "median"), (0.99, "99th percentile")] {
                let what = format!(
                    "an answer at {PACE_PER_SECOND} reports a second, {name}, {word} of {reports}"
                );
                let measured = load::percentile(&mut latencies, part).as_secs_f64() * 1000.0;
                line(&mut page, &what, "-", &format!("{measured:.1} ms"), true);
            }
        }
        anyhow::Ok(())
    })?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("ingest.md");
    std::fs::write(file, &page)?;
    show(&page);
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
