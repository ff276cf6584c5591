//! `ktel exporter`: ships what Exporters select, and what belongs to it.

pub(super) mod file;
mod local;
mod metrics;
mod preview;
mod run;
mod secrets;
pub(super) mod settings;
mod test;
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
    ///
    /// Secrets come from directories with a file for each key, as Kubernetes mounts them, else from the
    /// environment: `KTEL_SECRET_GRAFANA_API_KEY_TOKEN` is the key `token` of the Secret `grafana-api-key`.
    Local(local::ExporterLocalArguments),
    /// Check files of Exporters, without a cluster
    ///
    /// Says what the API server and the exporter would say, by field, with the line of the file. Objects of
    /// other kinds in a file are not checked.
    ///
    /// With `--config`, the operator's settings are applied, too: whose data it is, what sinks may reach, and
    /// whether the store takes the queries. Nothing is asked or sent.
    Validate(validate::ValidateArguments),
    /// Show what the Exporters of a file would deliver, and how much; nothing is sent
    ///
    /// Reads the newest samples of each source as the exporter does, maps and encodes them by the same code, and
    /// says how much that is. No sink is contacted, and no Secret is read.
    ///
    /// No cluster is read either: where `resourceSelectors` depend on one, they select nothing here.
    Preview(preview::PreviewArguments),
    /// Send one data point to a sink, and show what the receiver answers
    ///
    /// Sends the gauge `ktel.exporter.test`, once, by the code that delivers: with the sink's credentials, TLS,
    /// compression, and what `egress` of the settings allows. The store is not asked.
    ///
    /// Secrets come from directories with a file for each key, as Kubernetes mounts them, else from the
    /// environment: `KTEL_SECRET_GRAFANA_API_KEY_TOKEN` is the key `token` of the Secret `grafana-api-key`.
    Test(test::TestArguments),
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
        ExporterCommand::Preview(arguments) => return preview::run(&arguments, printer),
        ExporterCommand::Test(arguments) => return test::run(&arguments, printer),
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
