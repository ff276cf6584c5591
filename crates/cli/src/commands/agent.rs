//! `ktel agent`: reports from within a cluster, continuously.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use ktel::agent::{self, AgentFile};
use ktel::consent;
use ktel_model::Schema;
use ktel_model::standard::rbac;
use ktel_process::metrics::Metrics;
use ktel_process::{health, signals};
use tokio::net::TcpListener;

use crate::arguments::shared::ClusterArguments;
use crate::arguments::values::listener;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::listening::listen;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::{clock, cluster, files, servers};
use metrics::{AgentMetrics, readiness};

mod metrics;

#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Report until a signal stops it
    Run(AgentRunArguments),
    /// Print the smallest roles that an agent file needs
    Rbac {
        /// The agent file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The name of the roles
        #[arg(long, value_name = "NAME", default_value = "ktel-agent")]
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AgentRunArguments {
    /// The agent file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    /// Turn telemetry off: watch nothing, send nothing, and make no request
    #[arg(long, value_name = "BOOL", default_value_t = false, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    pub(crate) disable_telemetry: bool,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub(crate) preview: bool,
    /// Serve /healthz, /readyz and /metrics here; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", value_parser = listener)]
    pub(crate) listen: Option<SocketAddr>,
}

pub(super) fn run(command: AgentCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        AgentCommand::Run(run) => report(&run, printer),
        AgentCommand::Rbac { config, name } => {
            printer.out(roles(&load(&config)?, &name)?)?;
            Ok(Exit::Done)
        }
    }
}

fn load(path: &Path) -> Result<AgentFile, Failure> {
    AgentFile::load(path).map_err(|error| {
        let hint = error.hint().or_else(|| files::hint(&error).map(str::to_owned));
        Failure::usage(error, hint)
    })
}

/// Reports until a signal. Where telemetry is off, it waits for the signal and does nothing else: if it
/// ended, Kubernetes would start it again.
fn report(run: &AgentRunArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let file = load(&run.config)?;
    let runtime = runtime()?;
    if let Some(reason) =
        agent::objection(&file, run.disable_telemetry, &consent::ask(&file.product))
    {
        return runtime.block_on(async {
            let listener = listen(run.listen, printer).await?;
            // Before the message, because its reader may send the signal at once.
            let stop = signals::first()?;
            printer.say(&format!("telemetry is off: {reason}"));
            if !run.preview {
                serve_during(listener, &agent::Status::default(), stop).await;
            }
            Ok(Exit::Done)
        });
    }
    if file.servers.is_empty() && !run.preview {
        let hint = "add report servers under `servers`, or run with `--preview`";
        return Err(Failure::usage(
            anyhow::anyhow!("the agent file has no server, so nothing would be sent"),
            Some(hint),
        ));
    }
    for server in file.servers.iter().filter_map(agent::file::Destination::warning) {
        printer.warn(&server);
    }
    runtime.block_on(async {
        let client = cluster::connect(&run.cluster).await?;
        let tokens = servers::tokens();
        let own_pod = cluster::own_pod();
        let agent = agent::Agent::new(file, client, own_pod, &tokens, clock::clock());
        let agent = agent.map_err(failure)?;
        let status = agent.status();
        let listener = listen(run.listen, printer).await?;
        let stop = signals::first()?;
        let agent = if run.preview {
            agent.preview(|server, bytes| show(printer, server, bytes))
        } else {
            agent
        };
        let ended = serve_during(listener, &status, Box::pin(agent.run(stop))).await;
        ended.map_err(failure)?;
        Ok(Exit::Done)
    })
}

fn failure(error: agent::Error) -> Failure {
    let hint = match &error {
        agent::Error::Server(error) => error.hint(),
        agent::Error::Configuration(error) => error.hint(),
        agent::Error::Workflow(_) => None,
        agent::Error::State(_) => {
            Some("set `state` to a directory that this program can write".to_owned())
        }
    };
    Failure::usage(error, hint)
}

fn show(printer: &mut Printer, server: &str, bytes: &[u8]) {
    printer.say(&format!("to {server}, {} bytes:", bytes.len()));
    let line = [bytes, if bytes.ends_with(b"\n") { b"" } else { b"\n" }].concat();
    // An error means that nobody reads the preview. A signal still ends the command.
    drop(printer.out(line));
}

/// Serves the endpoint while the agent runs.
async fn serve_during<T>(
    listener: Option<TcpListener>,
    status: &agent::Status,
    work: impl Future<Output = T>,
) -> T {
    let Some(listener) = listener else { return work.await };
    let collector = Box::new(AgentMetrics(status.clone()));
    let metrics = Metrics::new("agent").with(|registry| registry.register_collector(collector));
    let asked = status.clone();
    let routes = health::routes(Arc::new(metrics), move || {
        let readiness = readiness(&asked);
        async { readiness }
    });
    health::serve_during(listener, routes, work).await
}

/// Writes the smallest roles that an agent file needs.
pub(super) fn roles(file: &AgentFile, name: &str) -> Result<String, Failure> {
    let catalog = ktel::Catalog::built_in();
    let mut schemas: Vec<Schema> = file.schemas();
    for job in file.jobs() {
        schemas.push(catalog.find(job)?.schema().clone());
    }
    let schemas: Vec<&Schema> = schemas.iter().collect();
    let mut text = rbac::cluster_role(name, &schemas);
    text += "---\n";
    text += &agent::role(file, name);
    Ok(text)
}
