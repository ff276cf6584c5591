//! `ktel jobs`: the jobs, what they send, and the roles that they need.

use clap::Subcommand;
use ktel::Catalog;
use ktel_model::Schema;
use ktel_model::standard::rbac;
use serde_json::{Value, json};

use crate::arguments::complete;
use crate::arguments::shared::{Format, OutputFormat, SelectionArguments};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::{listing, schemas};

#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// List all jobs
    List(Format),
    /// Describe what a job reads and sends, and why
    Describe {
        /// The name of the job, or a schema file
        #[arg(add = complete::jobs_or_files())]
        name: String,
        #[command(flatten)]
        format: Format,
    },
    /// Print the smallest role that the named jobs need
    Rbac {
        #[command(flatten)]
        selection: SelectionArguments,
        /// The name of the role
        #[arg(long, value_name = "NAME", default_value = "ktel")]
        name: String,
        /// Add the role in this namespace that `ktel workflows run --read-helm-release` needs
        #[arg(long, value_name = "NAMESPACE")]
        read_helm_release: Option<String>,
    },
}

pub(super) fn run(command: JobsCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    let text = match command {
        JobsCommand::List(Format { output }) => list(output),
        JobsCommand::Describe { name, format } => {
            schemas::described(&schemas::find(&name)?, format.output)
        }
        JobsCommand::Rbac { selection, name, read_helm_release } => {
            let jobs = schemas::select(&selection, None)?;
            let schemas: Vec<&Schema> = jobs.iter().map(|job| job.schema()).collect();
            let mut text = rbac::cluster_role(&name, &schemas);
            if let Some(namespace) = read_helm_release {
                text += "---\n";
                text += &rbac::helm_release_role(&name, &namespace);
            }
            text
        }
    };
    printer.out(text)?;
    Ok(Exit::Done)
}

fn list(output: OutputFormat) -> String {
    let catalog = Catalog::built_in();
    let schemas: Vec<&Schema> = catalog.jobs().map(|job| job.schema()).collect();
    let rows = schemas.iter().map(|schema| {
        let fields: Vec<&str> = schema.fields.keys().map(String::as_str).collect();
        [schema.name.clone(), schema.title.clone(), fields.join(", ")]
    });
    let one = |schema: &&Schema| {
        json!({
            "name": schema.name,
            "title": schema.title,
            "version": schema.version.to_string(),
            "digest": schema.digest(),
            "fields": schema.fields.keys().collect::<Vec<_>>(),
        })
    };
    let value: Value = schemas.iter().map(one).collect();
    listing::list(output, ["JOB", "TITLE", "FIELDS"], rows, &value)
}
