//! One file per command.

mod agent;
mod agents;
mod bundle;
mod completions;
mod demo;
mod events;
mod exporter;
mod init;
mod jobs;
mod man;
mod metricsql;
mod outbox;
mod query;
mod schema;
mod serve;
mod telemetry;
mod token;
mod version;
mod workflows;

pub(crate) use events::upload_if_asked;

use clap::Subcommand;

use crate::arguments::shared::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run jobs against a cluster, and send the report
    #[command(subcommand)]
    Workflows(workflows::arguments::WorkflowsCommand),
    /// List jobs, describe what they read and send, and print the roles that they need
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Check, show and compare schema files
    #[command(subcommand)]
    Schema(schema::SchemaCommand),
    /// List, send and drop the reports that wait for their servers
    #[command(subcommand)]
    Outbox(outbox::OutboxCommand),
    /// Move waiting reports to another machine, in a file
    #[command(subcommand)]
    Bundle(bundle::BundleCommand),
    /// Record and upload usage events, one per command of a product
    #[command(subcommand)]
    Events(events::arguments::EventsCommand),
    /// Show a product's telemetry on this machine, and turn it on or off
    Telemetry(telemetry::arguments::TelemetryArguments),
    /// Ship the metrics that Exporter resources select to OTLP endpoints
    #[command(subcommand)]
    Exporter(exporter::ExporterCommand),
    /// Check queries, and print them with enforced labels
    #[command(subcommand)]
    Metricsql(metricsql::MetricsqlCommand),
    /// Run a server that receives, stores and charts reports and events
    Serve(serve::arguments::ServeArguments),
    /// Query the store of a server with SQL, over groups of senders
    Query(query::QueryArguments),
    /// Create, list and revoke the tokens of a server
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Report from within a cluster, continuously
    #[command(subcommand)]
    Agent(agent::AgentCommand),
    /// List the agents and report jobs in a cluster, and how to turn each off
    Agents(agents::AgentsArguments),
    /// Run all jobs on a made-up cluster, and send the report to a server on this machine
    Demo(demo::DemoArguments),
    /// Write starter files for a product, an agent or a job
    #[command(subcommand)]
    Init(init::InitCommand),
    /// Print the version, the commit and what the program was built with
    Version(Format),
    /// Print completions for a shell: `source <(ktel completions bash)`
    Completions(completions::CompletionsArguments),
    /// Print the manual page, or write one per command
    Man(man::ManArguments),
}

/// Runs a command. `program` is the whole command line: `man` documents it, and `agents` parses with it.
pub(crate) fn run(
    command: Command,
    program: clap::Command,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    match command {
        Command::Workflows(command) => workflows::run(command, printer),
        Command::Jobs(command) => jobs::run(command, printer),
        Command::Schema(command) => schema::run(command, printer),
        Command::Outbox(command) => outbox::run(command, printer),
        Command::Bundle(command) => bundle::run(command, printer),
        Command::Events(command) => events::run(command, printer),
        Command::Telemetry(command) => telemetry::run(&command, printer),
        Command::Exporter(command) => exporter::run(command, printer),
        Command::Metricsql(command) => metricsql::run(command, printer),
        Command::Serve(command) => serve::run(command, printer),
        Command::Query(command) => query::run(command, printer),
        Command::Token(command) => token::run(command, printer),
        Command::Agent(command) => agent::run(command, printer),
        Command::Agents(command) => agents::run(&command, &program, printer),
        Command::Demo(command) => demo::run(&command, printer),
        Command::Init(command) => init::run(&command, printer),
        Command::Version(command) => version::run(command, printer),
        Command::Completions(command) => completions::run(&command, printer),
        Command::Man(command) => man::run(command, program, printer),
    }
}
