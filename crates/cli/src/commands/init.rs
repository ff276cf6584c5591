//! `ktel init`: writes files to begin with, checked, and says what to type next. On a terminal, it asks for what the
//! arguments do not say.

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

mod agent;
mod ask;
mod crd;
mod job;
mod product;
mod propose;
mod source;
mod values;
mod write;

#[derive(Debug, Subcommand)]
pub(crate) enum InitCommand {
    /// Write a product file, with comments; on a terminal, it asks for what is missing
    Product(product::ProductArguments),
    /// Write an agent file, its schemas, its roles and values for the chart, for a custom resource; on a terminal, it asks for what is missing
    Agent(agent::AgentArguments),
    /// Write a job that counts a custom resource; on a terminal, it asks for what is missing
    Job(job::JobArguments),
}

pub(super) fn run(command: &InitCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        InitCommand::Product(arguments) => product::run(arguments, printer),
        InitCommand::Agent(arguments) => agent::run(arguments, printer),
        InitCommand::Job(arguments) => job::run(arguments, printer),
    }
}
