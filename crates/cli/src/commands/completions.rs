//! `ktel completions`: what a shell can complete.

use clap_complete::Shell;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

pub(super) fn run(shell: Shell, printer: &mut Printer) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::command(), "ktel", &mut script);
    printer.out(script)?;
    Ok(Exit::Done)
}
