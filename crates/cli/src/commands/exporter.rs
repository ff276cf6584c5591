//! `ktel exporter`: ships what Exporters select, and what belongs to it.

mod local;
mod metrics;
mod run;
mod settings;
mod validate;

use clap::Subcommand;
use ktel_exporter::control::role;
use ktel_exporter::resource::crd::crd_yaml;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Subcommand)]
pub(crate) enum ExporterCommand {
    /// Deliver what the Exporters of a cluster select, until a signal stops it
    Run(run::ExporterRunArguments),
    /// Deliver what the Exporters of a file select, without Kubernetes
    Local(local::ExporterLocalArguments),
    /// Check files of Exporters, without a cluster
    Validate(validate::ValidateArguments),
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
        /// A kind whose labels are read with `resolve: objects`, such as gateways.gateway.networking.k8s.io
        #[arg(long = "object", value_name = "RESOURCE[.GROUP]", value_parser = kind)]
        objects: Vec<(String, String)>,
    },
}

pub(super) fn run(command: ExporterCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        ExporterCommand::Run(arguments) => return run::run(&arguments, printer),
        ExporterCommand::Local(arguments) => return local::run(&arguments, printer),
        ExporterCommand::Validate(arguments) => return validate::run(&arguments, printer),
        ExporterCommand::Crd => printer.out(crd_yaml())?,
        ExporterCommand::Rbac { name, namespace, objects } => {
            printer.out(role::roles(&name, &namespace, &objects))?;
        }
    }
    Ok(Exit::Done)
}

/// Reads `RESOURCE.GROUP` as the group and the resource.
fn kind(text: &str) -> Result<(String, String), &'static str> {
    let is_name = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-.".contains(letter)
    };
    if text.is_empty() || !text.chars().all(is_name) {
        return Err(
            "write the plural in lower case, and the group behind a dot: gateways.gateway.networking.k8s.io",
        );
    }
    let (resource, group) = text.split_once('.').unwrap_or((text, ""));
    Ok((group.to_owned(), resource.to_owned()))
}
