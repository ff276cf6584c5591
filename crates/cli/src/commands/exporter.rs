//! `ktel exporter`: Exporters, checked without a cluster, and the definition of the resource.

mod validate;

use clap::Subcommand;
use ktel_exporter::resource::crd::crd_yaml;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Subcommand)]
pub(crate) enum ExporterCommand {
    /// Check files of Exporters, without a cluster
    Validate(validate::ValidateArguments),
    /// Print the definition of the resource, for kubectl apply
    Crd,
}

pub(super) fn run(command: ExporterCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        ExporterCommand::Validate(arguments) => validate::run(&arguments, printer),
        ExporterCommand::Crd => {
            printer.out(crd_yaml())?;
            Ok(Exit::Done)
        }
    }
}
