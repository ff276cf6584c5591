//! `ktel completions`: completions for a shell.

use clap::Args;

use crate::completion::{self, CompletionShell};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    shell: CompletionShell,
}

pub(super) fn run(
    arguments: &CompletionsArguments,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    printer.out(completion::script(arguments.shell)?)?;
    Ok(Exit::Done)
}
