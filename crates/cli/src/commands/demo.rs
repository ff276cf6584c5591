//! `ktel demo`: all jobs on a cluster that exists in memory only, a server for the report, and an Exporter.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use clap::Args;
use ktel::destination::{Content, Remote, ReportServer, Tokens};
use ktel::{Catalog, Cluster, Outcome, Product, Workflow};
use ktel_delivery::Verdict;
use ktel_delivery::courier::Carrier;
use ktel_delivery::secret::Secret;
use ktel_model::standard::dictionary;
use ktel_process::signals;
use ktel_process::supervise::Supervisor;
use ktel_server::app::ChartAccess;
use ktel_server::limits::SHUTDOWN_WITHIN;
use ktel_server::receiver::{Config, Receiver};
use ktel_server::store::Place;
use ktel_server::token::Role;
use ktel_snapshot::Snapshot;

use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::stores::failure;
use store::PRODUCT;

mod exporter;
mod installations;
mod store;
mod store_in_memory;

/// The field whose entry in the dictionary is shown.
const EXPLAINED: (&str, &str) = ("identify-platform", "kubernetes_version");

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Keep the server running, with 13 weeks of 300 made-up installations, and print the address of its charts
    #[arg(long)]
    stay: bool,
}

pub(super) fn run(arguments: &DemoArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    runtime()?.block_on(run_all(arguments.stay, printer))
}

async fn run_all(stay: bool, printer: &mut Printer) -> Result<Exit, Failure> {
    let catalog = Catalog::built_in();
    let workflow = Workflow::builder()
        .jobs(catalog.jobs().cloned())
        .build()
        .map_err(|error| Failure::usage(error, None::<String>))?;
    let client = kube::Client::new(Snapshot::demo().service(), "default");
    let product = Product { name: Some(PRODUCT.into()), ..Product::default() };
    printer.say("All jobs run on a made-up cluster in memory, as they would on a real one.\n");
    let outcome = Box::pin(workflow.run(&Cluster::new(client, product), clock::now())).await;
    printer.out(format!("{:#}\n", outcome.report.to_json()))?;
    for failure in &outcome.failures {
        printer.error(&format!("job `{}`: {}", failure.job, failure.error), None);
    }
    let (job, field) = EXPLAINED;
    let schema = catalog.find(job)?;
    let entry = dictionary::describe_field(schema.schema(), field).unwrap_or_default();
    printer.say(&format!(
        "\nA schema declares every value above. This is the declaration of one of them:\n\n{entry}"
    ));
    let folder = tempfile::tempdir()?;
    let mut supervisor = Supervisor::new();
    if stay {
        let report = outcome.report.to_json();
        let sections = report.as_object().cloned().unwrap_or_default();
        let filled = store::fill(folder.path(), &sections, clock::today()).await;
        filled.map_err(|error| Failure::usage(error, None::<String>))?;
    }
    export(printer).await?;
    let (charts, admin) = receive(&outcome, folder.path(), &mut supervisor, printer).await?;
    printer.say(
        "What next?
  ktel jobs describe mesh-detect              what a job reads, sends, and why
  ktel workflows run --workflow all           report on your own cluster; sends nothing
  ktel workflows run --workflow all --coarse  the same, blurred
  ktel jobs rbac --jobs cluster-state         the smallest role that a job needs
  ktel serve                                  a server that keeps its data
  ktel demo --stay                            charts of 300 made-up installations
  ktel exporter preview --help                what an Exporter would ship out of your own store
  ktel exporter local --help                  ships it, without Kubernetes",
    );
    if stay {
        printer.say(&format!(
            "\nCharts: {charts}/?product={PRODUCT} (Ctrl-C stops the server)\n\
             They show what readers see. {charts}/login shows all groups to the admin token {admin}"
        ));
        supervisor.run(signals::first()?, signals::second()?, SHUTDOWN_WITHIN).await;
    } else {
        supervisor.run(std::future::ready(()), std::future::pending(), SHUTDOWN_WITHIN).await;
    }
    Ok(if outcome.failures.is_empty() { Exit::Done } else { Exit::JobsFailed })
}

/// Runs an Exporter, and shows what it delivers.
async fn export(printer: &mut Printer) -> Result<(), Failure> {
    let delivered = exporter::run().await.map_err(|error| Failure::usage(error, None::<String>))?;
    let exporter::Delivered { lane, point, namespaces } = delivered;
    let namespaces: Vec<String> = namespaces.into_iter().collect();
    printer.say(&format!(
        "An Exporter ships metrics of team-1 out of a made-up store that two teams share:\n\n{}\n\
         The sink acknowledged {} of {} data points, all of {}. This is the first one:\n\n{point}\n",
        exporter::EXPORTER, lane.points.acknowledged, lane.points.read, namespaces.join(" and ")
    ));
    Ok(())
}

/// Starts a server, sends the report there, and gives its address and an admin token.
async fn receive(
    outcome: &Outcome,
    folder: &Path,
    supervisor: &mut Supervisor,
    printer: &mut Printer,
) -> Result<(String, String), Failure> {
    let usage = |error| Failure::usage(error, None::<String>);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = Config {
        schemas: store::schemas(),
        chart_access: ChartAccess::Public,
        end_of_life: store::end_of_life(clock::today()),
        ..Config::new(Place::Folder(folder.to_owned()), address, clock::now)
    };
    let receiver = Receiver::open(config).await.map_err(failure)?;
    let ingest = receiver.create_token(Role::Ingest).await.map_err(failure)?;
    let admin = receiver.create_token(Role::Admin).await.map_err(failure)?;
    let own = receiver.url();
    receiver.spawn(supervisor);
    let url = format!("{own}/v1/reports");
    match ship(outcome, &url, &ingest).await.map_err(usage)? {
        Verdict::Accepted => printer.say(&format!(
            "A server on this machine accepted the report at {url}, after it was on disk.\n"
        )),
        verdict => {
            printer.error(&format!("the server did not accept the report: {verdict:?}"), None)
        }
    }
    Ok((own, admin))
}

async fn ship(outcome: &Outcome, url: &str, token: &str) -> anyhow::Result<Verdict> {
    let ReportServer::Remote(remote) = url.parse::<ReportServer>()? else {
        anyhow::bail!("`{url}` is not a server")
    };
    let remote: &Remote = &remote;
    let tokens = Tokens { bearer: Some(Secret::new(token)), splunk: None };
    let sender = remote.sender(&tokens, clock::since_epoch)?;
    let envelope = outcome.envelope(&outcome.report);
    let content = Content { report: &outcome.report, envelope: &envelope, time: clock::now() };
    let parcel = remote.parcel(content)?;
    Ok(sender.carry(&parcel).await)
}
