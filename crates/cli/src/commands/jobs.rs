//! `ktel jobs`: what can be asked of a cluster, and what that needs.

use ktel::Catalog;
use ktel_model::Schema;
use ktel_model::standard::{dictionary, rbac};
use serde_json::json;

use crate::arguments::{Jobs, ListOutput};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::schemas;

pub(super) fn run(command: Jobs, printer: &mut Printer) -> Result<Exit, Failure> {
    let text = match command {
        Jobs::List { output } => list(output),
        Jobs::Describe { name } => dictionary::describe(&schemas::find(&name)?),
        Jobs::Rbac { selection, name, read_helm_release } => {
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

fn list(output: ListOutput) -> String {
    let catalog = Catalog::built_in();
    let schemas: Vec<&Schema> = catalog.jobs().map(|job| job.schema()).collect();
    match output {
        ListOutput::Table => {
            let rows = schemas.iter().map(|schema| {
                let fields: Vec<&str> = schema.fields.keys().map(String::as_str).collect();
                [schema.name.clone(), schema.title.clone(), fields.join(", ")]
            });
            super::workflows::table(["JOB", "WHAT", "FIELDS"], rows)
        }
        ListOutput::Json => {
            let jobs: Vec<_> = schemas
                .iter()
                .map(|schema| {
                    json!({
                        "name": schema.name,
                        "title": schema.title,
                        "version": schema.version.to_string(),
                        "digest": schema.digest(),
                        "fields": schema.fields.keys().collect::<Vec<_>>(),
                    })
                })
                .collect();
            format!("{:#}\n", json!(jobs))
        }
    }
}
