//! `ktel agents`: which agents and report jobs run in a cluster, what each may read and sends, where to, and
//! how to turn it off.

use clap::Args;
use kube::Client;

use crate::arguments::shared::{ClusterArguments, Format, OutputFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::{cluster, hints, listing};

mod find;
mod installed;
mod objects;
mod read;
mod rights;
mod shown;
mod state;

use installed::Installed;

#[derive(Debug, Args)]
#[command(
    long_about = "List the agents and report jobs in a cluster: what each may read and sends, where to, and how to turn it off"
)]
pub(crate) struct AgentsArguments {
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    /// Look in this namespace only [default: all]
    #[arg(short, long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// Lists what runs. `program` is the whole command line: the arguments of a container are parsed by it.
pub(super) fn run(
    arguments: &AgentsArguments,
    program: &clap::Command,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let AgentsArguments { cluster, namespace, format } = arguments;
    let all = runtime()?.block_on(async {
        let client = cluster::connect(cluster).await?;
        look(&client, namespace.as_deref(), program).await
    })?;
    if all.is_empty() && format.output == OutputFormat::Table {
        let place = namespace.as_ref().map_or_else(
            || "this cluster".to_owned(),
            |namespace| format!("namespace `{namespace}`"),
        );
        printer.say(&format!("no agent and no report job of ktel is in {place}"));
    }
    printer.out(listing::text(format.output, || shown::text(&all), &shown::json(&all)))?;
    Ok(Exit::Done)
}

async fn look(
    client: &Client,
    namespace: Option<&str>,
    program: &clap::Command,
) -> Result<Vec<Installed>, Failure> {
    let workloads = read::workloads(client, namespace).await.map_err(|error| failure(&error))?;
    let found: Vec<find::Found> =
        workloads.iter().filter_map(|workload| find::find(workload, program)).collect();
    let mut all = Vec::new();
    if !found.is_empty() {
        let grants = read::grants(client).await;
        for one in &found {
            let files = match one.configuration() {
                Some((namespace, name)) => read::config_map(client, namespace, name).await,
                None => Ok(None),
            };
            all.push(installed::describe(one, files, &grants));
        }
    }
    // An agent that is part of another program has no container of its own, but it has a lease.
    let leases = read::leases(client, namespace).await;
    all.extend(installed::embedded(&leases, &all));
    Ok(all)
}

fn failure(error: &ktel::Error) -> Failure {
    let hint = match error {
        ktel::Error::Forbidden { .. } => Some(
            "it takes `list` on deployments, statefulsets, daemonsets, cronjobs and jobs; `--namespace` looks in one namespace only"
                .to_owned(),
        ),
        error => hints::of(error, "agents"),
    };
    Failure::usage(anyhow::anyhow!(hints::text(error)), hint)
}
