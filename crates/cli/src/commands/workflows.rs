//! `ktel workflows`: run jobs, print the report, ship it.

use std::io::{self, Read};

use ktel::catalog::SETS;
use ktel::merge::{self, Collision};
use ktel::server::ReportServer;
use ktel::workflow::Progress;
use ktel::{Outcome, Workflow};
use ktel_model::report::Report;
use ktel_model::standard::schema::Form;
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::arguments::{Merge, Output, Run, Workflows};
use crate::cluster;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::{clock, hints, progress, schemas};

mod output;

pub(super) use output::table;

pub(super) fn run(command: Workflows, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        Workflows::List => {
            let rows = SETS.iter().map(|set| {
                let jobs = if set.jobs.is_empty() { "all".into() } else { set.jobs.join(", ") };
                [set.name.to_owned(), set.title.to_owned(), jobs]
            });
            printer.out(table(["WORKFLOW", "WHAT", "JOBS"], rows))?;
            Ok(Exit::Done)
        }
        Workflows::Run(run) => execute(&run, printer),
    }
}

/// Checks everything that the user said before the cluster is touched; then runs and ships.
fn execute(run: &Run, printer: &mut Printer) -> Result<Exit, Failure> {
    let jobs = schemas::select(&run.selection, run.workflow.as_deref())?;
    let servers = servers(&run.report_servers)?;
    let names: Vec<String> = jobs.iter().map(|job| job.schema().name.clone()).collect();
    let workflow = Workflow::builder()
        .jobs(jobs)
        .concurrency(run.concurrency)
        .job_timeout(run.job_timeout)
        .deadline(run.timeout)
        .form(if run.coarse { Form::Coarse } else { Form::Exact })
        .build()
        .map_err(|error| Failure::usage(error, None::<String>))?;
    let user = user(run, &names)?;
    let Some(outcome) = super::runtime()?.block_on(collect(run, &workflow, printer))? else {
        return Ok(Exit::Interrupted);
    };
    if let Some(error) = hints::common(&outcome.failures, names.len()) {
        return Err(Failure::usage(
            anyhow::anyhow!(hints::text(error)),
            hints::of(error, &names[0]),
        ));
    }
    let mut report = outcome.report.clone();
    merge::merge(&mut report, user);
    let delivered = ship(run, &servers, &report, &outcome, printer)?;
    for failure in &outcome.failures {
        let text = format!("job `{}`: {}", failure.job, hints::text(&failure.error));
        printer.error(&text, hints::of(&failure.error, &failure.job).as_deref());
    }
    Ok(match (delivered, outcome.failures.is_empty()) {
        (false, _) => Exit::NotDelivered,
        (true, false) => Exit::JobsFailed,
        (true, true) => Exit::Done,
    })
}

fn servers(urls: &[String]) -> Result<Vec<ReportServer>, Failure> {
    let parse = |url: &String| {
        url.parse().map_err(|error: ktel::server::Error| {
            let hint = error.hint();
            Failure::usage(error, hint)
        })
    };
    urls.iter().map(parse).collect()
}

/// Reads what the user pipes in.
fn user(run: &Run, jobs: &[String]) -> Result<Map<String, Value>, Failure> {
    if run.input.is_none() {
        return Ok(Map::new());
    }
    let refused = |error: merge::Error| {
        let hint = error.hint();
        Failure::usage(error, hint)
    };
    let mut text = Vec::new();
    // One byte more than allowed tells too much from just enough.
    let limit = ktel::limits::USER_BYTES_MAX as u64 + 1;
    io::stdin().lock().take(limit).read_to_end(&mut text)?;
    let user = merge::parse(&text).map_err(refused)?;
    let collision = match run.merge {
        Merge::Refuse => Collision::Refuse,
        Merge::Override => Collision::Override,
    };
    if collision == Collision::Refuse {
        merge::check(&user, jobs.iter().map(String::as_str)).map_err(refused)?;
    }
    Ok(user)
}

/// Runs the jobs; `None` when a signal ended it.
async fn collect(
    run: &Run,
    workflow: &Workflow,
    printer: &mut Printer,
) -> Result<Option<Outcome>, Failure> {
    let client = cluster::connect(&run.cluster).await?;
    let cluster = ktel::Cluster::new(client, cluster::product(run));
    let (observed, seen) = watch::channel(Progress::default());
    let running = workflow.run_observed(&cluster, clock::now(), |progress| {
        observed.send_replace(progress);
    });
    let signal = ktel_process::signals::first()?;
    tokio::select! {
        outcome = Box::pin(progress::watch(running, seen, printer)) => Ok(Some(outcome)),
        () = signal => Ok(None),
    }
}

/// Sends the report to every server and prints it; gives whether all servers have it.
fn ship(
    run: &Run,
    servers: &[ReportServer],
    report: &Report,
    outcome: &Outcome,
    printer: &mut Printer,
) -> Result<bool, Failure> {
    let envelope = outcome.envelope(report);
    let mut delivered = true;
    let printed_by_server = servers.contains(&ReportServer::Stdout);
    let shows_servers = run.dry_run && !servers.is_empty();
    if !printed_by_server && !shows_servers {
        printer.out(print(report, run.output))?;
    }
    for server in servers {
        let bytes = server.render(report, &envelope);
        if run.dry_run {
            printer.say(&format!("to {server}, {} bytes:", bytes.len()));
            printer.out(bytes)?;
            continue;
        }
        match server.deliver(&bytes, &mut printer.stdout()) {
            Ok(()) => {}
            Err(ktel::server::Error::Write { source, .. })
                if source.kind() == io::ErrorKind::BrokenPipe =>
            {
                return Err(source.into());
            }
            Err(error) => {
                delivered = false;
                let hint = error.hint();
                printer.error(&format!("{:#}", anyhow::Error::new(error)), hint.as_deref());
            }
        }
    }
    Ok(delivered)
}

fn print(report: &Report, output: Output) -> String {
    match output {
        Output::Json => format!("{:#}\n", report.to_json()),
        Output::Yaml => output::yaml(&report.to_json()),
        Output::Table => output::report_table(report),
    }
}
