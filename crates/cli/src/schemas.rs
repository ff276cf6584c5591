//! Schemas that a user names: built-in ones by name, others by file.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use ktel::{Catalog, Job, built_in};
use ktel_model::Schema;
use ktel_model::standard::{Finding, check};

use crate::arguments::shared::SelectionArguments;
use crate::clock;
use crate::failure::Failure;
use crate::limits::READ_FILE_BYTES_MAX;
use crate::products;

/// Reads a file of the standard.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let read = || -> std::io::Result<String> {
        let mut text = String::new();
        fs::File::open(path)?.take(READ_FILE_BYTES_MAX).read_to_string(&mut text)?;
        Ok(text)
    };
    read()
        .with_context(|| format!("read `{}`", path.display()))
        .map_err(|error| Failure::usage(error, None::<String>))
}

/// Reads and checks a file of the standard.
pub(crate) fn load(path: &Path) -> Result<Schema, Failure> {
    let text = read(path)?;
    check(&text, &path.display().to_string(), clock::today())
        .map(|checked| checked.schema)
        .map_err(|findings| rejected(path, &findings))
}

/// Reads what a server accepts besides the built-in schemas: files, and the events of products.
pub(crate) fn of_server(files: &[PathBuf], products: &[String]) -> Result<Vec<Schema>, Failure> {
    let files = files.iter().map(|file| load(file));
    let of_product =
        |product: &String| Ok(products::find(product)?.all_schemas().cloned().collect::<Vec<_>>());
    let of_products: Result<Vec<Vec<Schema>>, Failure> = products.iter().map(of_product).collect();
    let mut schemas = files.collect::<Result<Vec<_>, _>>()?;
    schemas.extend(of_products?.into_iter().flatten());
    Ok(schemas)
}

fn rejected(path: &Path, findings: &[Finding]) -> Failure {
    let first = findings.first().map(ToString::to_string).unwrap_or_default();
    Failure::usage(
        anyhow::anyhow!("{first}"),
        Some(format!("`ktel schema lint {}` shows all errors", path.display())),
    )
}

/// Finds a schema by name, or reads it from a file.
pub(crate) fn find(name: &str) -> Result<Schema, Failure> {
    let path = Path::new(name);
    let is_file = name.contains(['/', '.']) || path.is_file();
    if is_file {
        return load(path);
    }
    if let Some(file) = built_in::DOCUMENTS.iter().find(|file| file.name == name) {
        return Ok(file.schema());
    }
    Ok(Catalog::built_in().find(name)?.schema().clone())
}

/// Gives all built-in schemas: of jobs, of agents' statistics and events, and of lines.
pub(crate) fn built_in() -> Vec<Schema> {
    let catalog = Catalog::built_in();
    let jobs = catalog.jobs().map(|job| job.schema().clone());
    jobs.chain(built_in::DOCUMENTS.iter().map(|file| file.schema())).collect()
}

/// Finds the jobs to run: those named, those of the set, or all jobs of the files.
///
/// A file can have a job with the name of a built-in one and another vendor. It replaces the
/// built-in job.
pub(crate) fn select(
    selection: &SelectionArguments,
    workflow: Option<&str>,
) -> Result<Vec<Arc<dyn Job>>, Failure> {
    let SelectionArguments { jobs, jobs_from } = selection;
    let mut catalog = Catalog::built_in();
    let mut added: Vec<String> = Vec::new();
    for path in jobs_from {
        let schema = load(path)?;
        let name = schema.name.clone();
        if added.contains(&name) {
            return Err(ktel::catalog::Error::Taken { name }.into());
        }
        catalog.replace_schema(schema)?;
        added.push(name);
    }
    let mut selected = match workflow {
        Some(set) => catalog.set(set)?,
        None => Vec::new(),
    };
    let only_added = jobs.is_empty() && workflow.is_none();
    for name in if only_added { &added } else { jobs } {
        selected.push(catalog.find(name.trim())?);
    }
    if selected.is_empty() {
        return Err(Failure::usage(
            anyhow::anyhow!("nothing to run: set `--jobs` or `--workflow`"),
            Some(
                "`--workflow all` runs everything; `ktel jobs list` and `ktel workflows list` show the names",
            ),
        ));
    }
    Ok(selected)
}
