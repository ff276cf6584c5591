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
mod verify;
mod workflows;

pub(crate) use events::upload_if_asked;

use crate::arguments::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

/// Runs a command.
pub(crate) fn run(command: Command, printer: &mut Printer) -> Result<Exit, Failure> {
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
        Command::Demo { stay } => demo::run(stay, printer),
        Command::Completions { shell } => completions::run(shell, printer),
        Command::Man { dir } => man::run(dir, printer),
    }
}

/// Makes the runtime of a command that reads a cluster. Two threads: one waits for the network while
/// the other parses.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
