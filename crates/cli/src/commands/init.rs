//! `ktel init`: writes files to begin with, checked, and says what to type next.

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

mod agent;
mod crd;
mod job;
mod product;
mod propose;
mod source;
mod write;

#[derive(Debug, Subcommand)]
pub(crate) enum InitCommand {
    /// Write a product file, with comments
    Product(product::ProductArguments),
    /// Write an agent file, its schemas and its roles, for a custom resource
    Agent(agent::AgentArguments),
    /// Write a job that counts a custom resource
    Job(job::JobArguments),
}

pub(super) fn run(command: &InitCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        InitCommand::Product(arguments) => product::run(arguments, printer),
        InitCommand::Agent(arguments) => agent::run(arguments, printer),
        InitCommand::Job(arguments) => job::run(arguments, printer),
    }
}
