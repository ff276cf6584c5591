//! One file per command.

mod agent;
mod bundle;
mod completions;
mod demo;
mod events;
mod jobs;
mod man;
mod metricsql;
mod outbox;
mod query;
mod schema;
mod serve;
mod telemetry;
mod token;
mod workflows;

pub(crate) use events::upload_if_asked;

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run jobs against a cluster and ship the report
    #[command(subcommand)]
    Workflows(workflows::arguments::WorkflowsCommand),
    /// See what jobs there are, what they read and send, and which role they need
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Check, show and compare files of the standard
    #[command(subcommand)]
    Schema(schema::SchemaCommand),
    /// See, send and drop the reports that wait for their servers
    #[command(subcommand)]
    Outbox(outbox::OutboxCommand),
    /// Carry waiting reports out of a site without a network
    #[command(subcommand)]
    Bundle(bundle::BundleCommand),
    /// Record and upload usage events, one per command of a product
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// See what a product's telemetry does on this machine, and say yes or no
    Telemetry(telemetry::arguments::TelemetryArguments),
    /// Check queries, and see what is sent of them for a tenant
    #[command(subcommand)]
    Metricsql(metricsql::MetricsqlCommand),
    /// Receive reports and events, keep what is declared, and chart it
    Serve(serve::arguments::ServeArguments),
    /// Ask a receiver's store in SQL, of groups that are large enough
    Query(query::QueryArguments),
    /// Say who may send to a receiver, and who may read it
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Report from within a cluster, for as long as it runs
    #[command(subcommand)]
    Agent(agent::AgentCommand),
    /// Run the whole catalog on a made-up cluster, and ship the report to a receiver of its own
    Demo(demo::DemoArguments),
    /// Print completions for a shell
    Completions(completions::CompletionsArguments),
    /// Print the manual page, or write one per command
    Man(man::ManArguments),
}

/// Runs a command. `program` is the whole command line, which two commands document.
pub(crate) fn run(
    command: Command,
    mut program: clap::Command,
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
        Command::Metricsql(command) => metricsql::run(command, printer),
        Command::Serve(command) => serve::run(command, printer),
        Command::Query(command) => query::run(command, printer),
        Command::Token(command) => token::run(command, printer),
        Command::Agent(command) => agent::run(command, printer),
        Command::Demo(command) => demo::run(&command, printer),
        Command::Completions(command) => completions::run(&command, &mut program, printer),
        Command::Man(command) => man::run(command, program, printer),
    }
}
