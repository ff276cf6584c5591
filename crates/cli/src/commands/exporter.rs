//! `ktel exporter`: ships what Exporters select, and what belongs to it.

use clap::Subcommand;
use ktel_exporter::control::role;
use ktel_exporter::resource::crd::crd_yaml;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

mod metrics;
mod run;
mod settings;

#[derive(Debug, Subcommand)]
pub(crate) enum ExporterCommand {
    /// Deliver what the Exporters of a cluster select, until a signal stops it
    Run(run::ExporterRunArguments),
    /// Print the definition of the resource, for kubectl apply
    Crd,
    /// Print the smallest roles that `exporter run` needs
    Rbac {
        /// The name of the roles
        #[arg(long, value_name = "NAME", default_value = "ktel-exporter")]
        name: String,
        /// The namespace of the lease and the cursors
        #[arg(long, value_name = "NAMESPACE", default_value = "default")]
        namespace: String,
    },
}

pub(super) fn run(command: ExporterCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        ExporterCommand::Run(arguments) => return run::run(&arguments, printer),
        ExporterCommand::Crd => {
            let text = crd_yaml().map_err(|error| Failure::usage(error, None::<String>))?;
            printer.out(text)?;
        }
        ExporterCommand::Rbac { name, namespace } => {
            printer.out(role::roles(&name, &namespace, &[]))?;
        }
    }
    Ok(Exit::Done)
}
