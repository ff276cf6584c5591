//! `ktel agent`: reports from within a cluster, continuously.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ktel::agent::{self, AgentFile};
use ktel::consent;
use ktel_model::Schema;
use ktel_model::standard::rbac;
use ktel_process::signals;

use crate::arguments::shared::ClusterArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::{clock, cluster, servers};

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
        let hint = error.hint();
        Failure::usage(error, hint)
    })
}

/// Reports until a signal. If telemetry is off, it only waits for the signal: Kubernetes would
/// restart it if it ended.
fn report(run: &AgentRunArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let file = load(&run.config)?;
    let runtime = runtime()?;
    if let Some(who) = objection(run, &file) {
        return runtime.block_on(async {
            // The message is printed after the handlers of signals are installed.
            let stop = signals::first()?;
            printer.say(&format!("telemetry is off: {who}"));
            if !run.preview {
                stop.await;
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
        let stop = signals::first()?;
        let ended = if run.preview {
            let agent = agent.preview(|server, bytes| show(printer, server, bytes));
            Box::pin(agent.run(stop)).await
        } else {
            Box::pin(agent.run(stop)).await
        };
        ended.map_err(failure)?;
        Ok(Exit::Done)
    })
}

fn failure(error: agent::Error) -> Failure {
    let hint = match &error {
        agent::Error::Server(error) => error.hint(),
        agent::Error::Configuration(error) => error.hint(),
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

/// Finds the consent source that turns telemetry off, if any.
fn objection(run: &AgentRunArguments, file: &AgentFile) -> Option<String> {
    agent::objection(file, run.disable_telemetry, &consent::ask(&file.product))
}

/// Writes the smallest roles that an agent file needs.
fn roles(file: &AgentFile, name: &str) -> Result<String, Failure> {
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
