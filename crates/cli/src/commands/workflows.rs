//! `ktel workflows`: runs jobs, prints the report, and sends it.

use std::io::{self, Read};
use std::sync::Arc;

use ktel::catalog::{SETS, Set};
use ktel::consent;
use ktel::destination::Content;
use ktel::merge::{self, Collision};
use ktel::product_name::ProductName;
use ktel::workflow::Progress;
use ktel::{Catalog, Job, Outcome, Product, Workflow};
use ktel_model::report::Report;
use ktel_model::standard::schema::Form;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use arguments::{Merge, RunArguments, WorkflowsCommand};

use crate::arguments::shared::{Format, OutputFormat};
use crate::cluster;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::servers::Servers;
use crate::{clock, hints, listing, progress, schemas};

pub(super) mod arguments;
mod output;

pub(super) fn run(command: WorkflowsCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        WorkflowsCommand::List(Format { output }) => {
            let rows = SETS.iter().map(|set| {
                let jobs = if set.jobs.is_empty() { "all".into() } else { set.jobs.join(", ") };
                [set.name.to_owned(), set.title.to_owned(), jobs]
            });
            let one =
                |set: &Set| json!({"name": set.name, "title": set.title, "jobs": jobs_of(set)});
            let value: Value = SETS.iter().map(one).collect();
            printer.out(listing::list(output, ["WORKFLOW", "TITLE", "JOBS"], rows, &value))?;
            Ok(Exit::Done)
        }
        WorkflowsCommand::Run(run) => execute(&run, printer),
    }
}

/// Checks all arguments before it reads the cluster. Then it runs the jobs and sends the report.
fn execute(run: &RunArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let (jobs, note) = jobs(run)?;
    let servers = match objection(run)? {
        None => Servers::parse(&run.report_servers)?,
        Some(who) => {
            printer.say(&format!("nothing is sent: {who}"));
            Servers::none()
        }
    };
    let senders = if run.dry_run { None } else { Some(servers.ready(&run.sending, printer)?) };
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
    let runtime = runtime()?;
    let Some(outcome) = runtime.block_on(collect(run, &workflow, printer))? else {
        return Ok(Exit::Interrupted);
    };
    if let Some(error) = hints::common(&outcome.failures, names.len()) {
        return Err(Failure::usage(
            anyhow::anyhow!(hints::text(error)),
            hints::of(error, &names[0]),
        ));
    }
    if let Some(note) = note {
        printer.say(&note);
    }
    let mut report = outcome.report.clone();
    merge::merge(&mut report, user);
    let envelope = outcome.envelope(&report);
    let content = Content { report: &report, envelope: &envelope, time: clock::now() };
    let shows_servers = run.dry_run && !servers.is_empty();
    if !servers.print() && !shows_servers {
        printer.out(print(&report, run.output))?;
    }
    let delivered = match senders {
        None => servers.show(content, run.raw.as_deref(), printer)?,
        Some(senders) => {
            let shipped = async {
                tokio::select! {
                    delivered = Box::pin(senders.ship(content, printer)) => delivered.map(Some),
                    () = ktel_process::signals::first()? => Ok(None),
                }
            };
            let Some(delivered) = runtime.block_on(shipped)? else { return Ok(Exit::Interrupted) };
            delivered
        }
    };
    for failure in &outcome.failures {
        let job = match &failure.field {
            None => format!("job `{}`", failure.job),
            Some(field) => format!("job `{}`, field `{field}`", failure.job),
        };
        let text = format!("{job}: {}", hints::text(&failure.error));
        printer.error(&text, hints::of(&failure.error, &failure.job).as_deref());
    }
    Ok(match (delivered, outcome.failures.is_empty()) {
        (false, _) => Exit::NotDelivered,
        (true, false) => Exit::JobsFailed,
        (true, true) => Exit::Done,
    })
}

/// The jobs of a set by name; one without names has all jobs.
fn jobs_of(set: &Set) -> Vec<String> {
    if set.jobs.is_empty() {
        return Catalog::built_in().jobs().map(|job| job.schema().name.clone()).collect();
    }
    set.jobs.iter().map(|job| (*job).to_owned()).collect()
}

type Jobs = Vec<Arc<dyn Job>>;

/// Finds the jobs to run. Without a product, those of a set that need one are omitted, and a note
/// says so; a job that was named runs in any case, and fails.
fn jobs(run: &RunArguments) -> Result<(Jobs, Option<String>), Failure> {
    let (selection, workflow) = (&run.selection, run.workflow.as_deref());
    let nothing = workflow.is_none() && selection.jobs.is_empty() && selection.jobs_from.is_empty();
    if nothing {
        return Err(Failure::usage(
            anyhow::anyhow!("nothing to run: set `--jobs` or `--workflow`"),
            Some(
                "`--workflow all` runs everything; `ktel jobs list` and `ktel workflows list` show the names",
            ),
        ));
    }
    let jobs = schemas::select(selection, workflow)?;
    let product = product(run);
    let is_named =
        product.name.is_some() || product.selector.is_some() || product.own_pod.is_some();
    if is_named || workflow.is_none() || !selection.jobs.is_empty() {
        return Ok((jobs, None));
    }
    let (jobs, skipped) = schemas::without_product(jobs);
    let note = format!(
        "not run without a product: {}; name it with `--product` or `--product-selector`",
        skipped.join(", ")
    );
    Ok((jobs, (!skipped.is_empty()).then_some(note)))
}

/// Finds the consent source that turns telemetry off, if the user wants consent to be respected.
fn objection(run: &RunArguments) -> Result<Option<String>, Failure> {
    if !run.respect_consent {
        return Ok(None);
    }
    let name = run.product.as_deref().unwrap_or("ktel");
    let product: ProductName = name.parse().map_err(|error| {
        Failure::usage(anyhow::Error::new(error), Some("`--product` names a product in lower case"))
    })?;
    let consent = consent::ask(&product);
    Ok((!consent.given).then(|| consent.winner.to_string()))
}

/// Reads the object that the user pipes in.
fn user(run: &RunArguments, jobs: &[String]) -> Result<Map<String, Value>, Failure> {
    if run.input.is_none() {
        return Ok(Map::new());
    }
    let failure = |error: merge::Error| {
        let hint = error.hint();
        Failure::usage(error, hint)
    };
    let mut text = Vec::new();
    // One more byte than allowed, so that `parse` sees when there is too much.
    let limit = ktel::limits::USER_BYTES_MAX as u64 + 1;
    io::stdin().lock().take(limit).read_to_end(&mut text)?;
    let user = merge::parse(&text).map_err(failure)?;
    let collision = match run.merge {
        Merge::Fail => Collision::Fail,
        Merge::Override => Collision::Override,
    };
    if collision == Collision::Fail {
        merge::check(&user, jobs.iter().map(String::as_str)).map_err(failure)?;
    }
    Ok(user)
}

/// Runs the jobs; `None` when a signal ended the run.
async fn collect(
    run: &RunArguments,
    workflow: &Workflow,
    printer: &mut Printer,
) -> Result<Option<Outcome>, Failure> {
    let client = cluster::connect(&run.cluster).await?;
    let cluster = ktel::Cluster::new(client, product(run));
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

/// Decides which product the report is about, from the arguments and the pod's environment.
fn product(run: &RunArguments) -> Product {
    Product {
        name: run.product.clone(),
        selector: run.product_selector.clone(),
        namespace: run.namespace.clone(),
        own_pod: cluster::own_pod(),
        read_helm_release: run.read_helm_release,
        publish_service: run.publish_service.clone(),
    }
}

fn print(report: &Report, output: OutputFormat) -> String {
    listing::text(output, || output::report_table(report), &report.to_json())
}
