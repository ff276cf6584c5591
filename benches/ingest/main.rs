//! How many reports a second does a receiver keep? Prints budgets and ratios and writes them to
//! `benches/ingest.md`.
//!
//! Client, receiver and database share the machine's two cores. Budgets: at least ten times the rows
//! that Kamaji's way really stores in the same PostgreSQL under the same clients; every row
//! that was answered is there.

mod bare;
mod kamaji;
mod load;
mod receiver;
mod run;
mod same;

use std::fmt::Write;
use std::path::Path;

use ktel_testkit::postgres::Postgres;

use crate::load::{Answered, Load};
use crate::run::Run;
use crate::same::{CONNECTIONS_OF_FEW, SENDING};

/// How often all take turns; the machine is another one each minute.
const ROUNDS: usize = 3;
/// How many connections send single reports, each one request after the other.
const CONNECTIONS: [usize; 3] = [CONNECTIONS_OF_FEW, 256, 1000];
/// How many reports one request holds where they come in batches.
const BATCH: usize = 100;
/// The pace at which latency is looked at.
const PACE_PER_SECOND: usize = 1000;

fn main() -> anyhow::Result<()> {
    let mut page = format!(
        "# Bench of ingest

Written by `make bench`. Times are of one machine with two cores on one day; client, receiver and database share
them. What counts is the ratio: each is that of one round, in which all take turns, and the median of {ROUNDS} rounds.

Each connection sends one request after the other for {SENDING:?}. A report of two sections is three rows of ours, one for
itself and one for each section, and one of Kamaji's, which keeps it as it came. Both are counted in the database.

"
    );
    let postgres = Postgres::shared();
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

/// How many reports a second are stored, by us and by Kamaji, under the same clients.
async fn throughput(postgres: &Postgres, page: &mut String) -> anyhow::Result<()> {
    let mut verdicts = String::new();
    let mut lost = 0;
    for connections in CONNECTIONS {
        let load = Load::closed(connections, 1);
        let batches = Load::closed(CONNECTIONS_OF_FEW, BATCH);
        let mut all = vec![
            Contender::new(Receiver::Kamaji, load),
            Contender::new(Receiver::OursOnPostgres, load),
            Contender::new(Receiver::OursOnSqlite, load),
        ];
        if connections == CONNECTIONS_OF_FEW {
            all.push(Contender::of_batches(Receiver::OursOnPostgres, batches));
            all.push(Contender::of_batches(Receiver::OursOnSqlite, batches));
        }
        let mut bare = Vec::new();
        for _ in 0..ROUNDS {
            bare.push(bare::run(load).await?.reports as f64 / SENDING.as_secs_f64());
            for contender in &mut all {
                contender.turn(postgres).await?;
            }
        }
        writeln!(
            page,
            "{connections} connections: an answer to each request and nothing else, {:.0} a second. No \
             receiver of one report a request can be faster.\n\n\
             | | answered | really there | reports a second | rows a second | times Kamaji's reports | times its rows |\n\
             |---|---|---|---|---|---|---|",
            median(bare)
        )?;
        let (kamaji, ours) = all.split_first().expect("there is one");
        kamaji.row(page, kamaji)?;
        for contender in ours {
            contender.row(page, kamaji)?;
            for (what, times) in [
                ("reports", contender.times(kamaji, Run::rate)),
                ("rows", contender.times(kamaji, Run::rows_rate)),
            ] {
                let what = format!(
                    "{what} stored a second by {}, {connections} connections",
                    contender.name
                );
                let measured = format!("{times:.1} times Kamaji's");
                line(&mut verdicts, &what, "10 times", &measured, times >= 10.0);
            }
            lost += contender.lost();
        }
        writeln!(page, "\nAnswered by Kamaji and not there: {}.\n", kamaji.lost())?;
    }
    *page += "| what | budget | measured | holds |\n|---|---|---|---|\n";
    *page += &verdicts;
    line(page, "answered and not there", "0", &lost.to_string(), lost == 0);
    Ok(())
}

/// Who receives, and where it stores.
#[derive(Debug, Clone, Copy)]
enum Receiver {
    Kamaji,
    OursOnPostgres,
    OursOnSqlite,
}

/// A receiver with its load, and what came of each of its turns.
struct Contender {
    receiver: Receiver,
    name: String,
    load: Load,
    runs: Vec<Run>,
}

impl Contender {
    fn new(receiver: Receiver, load: Load) -> Self {
        let name = match receiver {
            Receiver::Kamaji => "Kamaji's way, PostgreSQL",
            Receiver::OursOnPostgres => "ktel, PostgreSQL",
            Receiver::OursOnSqlite => "ktel, SQLite",
        };
        Self { receiver, name: name.to_owned(), load, runs: Vec::new() }
    }

    fn of_batches(receiver: Receiver, load: Load) -> Self {
        let single = Self::new(receiver, load);
        Self { name: format!("{}, {BATCH} reports a request", single.name), ..single }
    }

    async fn turn(&mut self, postgres: &Postgres) -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("store").display().to_string();
        let run = match self.receiver {
            Receiver::Kamaji => kamaji::run(&postgres.database(), self.load).await?,
            Receiver::OursOnPostgres => receiver::run(&postgres.database(), self.load).await?,
            Receiver::OursOnSqlite => receiver::run(&file, self.load).await?,
        };
        self.runs.push(run);
        Ok(())
    }

    /// How many times faster it was than another one in the same round, in the median of all rounds.
    fn times(&self, other: &Self, rate: fn(&Run) -> f64) -> f64 {
        median(
            self.runs.iter().zip(&other.runs).map(|(run, other)| rate(run) / rate(other)).collect(),
        )
    }

    fn lost(&self) -> usize {
        self.runs.iter().map(|run| run.answered.reports - run.there).sum()
    }

    fn row(&self, page: &mut String, kamaji: &Self) -> anyhow::Result<()> {
        let sum = |part: fn(&Run) -> usize| -> usize { self.runs.iter().map(part).sum() };
        let middle = |rate: fn(&Run) -> f64| median(self.runs.iter().map(rate).collect());
        writeln!(
            page,
            "| {} | {} | {} | {:.0} | {:.0} | {:.1} | {:.1} |",
            self.name,
            sum(|run| run.answered.reports),
            sum(|run| run.there),
            middle(Run::rate),
            middle(Run::rows_rate),
            self.times(kamaji, Run::rate),
            self.times(kamaji, Run::rows_rate),
        )?;
        Ok(())
    }
}

fn median(mut measured: Vec<f64>) -> f64 {
    measured.sort_by(f64::total_cmp);
    measured[measured.len() / 2]
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

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn show(page: &str) {
    println!("{page}");
}

/// One line of the table: what, budget, measured, and whether it holds.
fn line(out: &mut String, what: &str, budget: &str, measured: &str, holds: bool) {
    let verdict = if holds { "yes" } else { "**no**" };
    writeln!(out, "| {what} | {budget} | {measured} | {verdict} |").expect("a string takes all");
}
