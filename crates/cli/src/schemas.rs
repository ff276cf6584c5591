//! Schemas that a user names: built-in ones by name, others by file.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ktel::{Catalog, Job, built_in};
use ktel_model::Schema;
use ktel_model::standard::{Finding, check, dictionary};

use crate::arguments::shared::{OutputFormat, SelectionArguments};
use crate::clock;
use crate::failure::Failure;
use crate::limits::READ_FILE_BYTES_MAX;
use crate::{files, listing, products};

/// Reads a file of the standard.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let read = || -> std::io::Result<String> {
        let mut text = String::new();
        fs::File::open(path)?.take(READ_FILE_BYTES_MAX).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error| unreadable(path, error))
}

/// Says which file cannot be read, and what to do.
pub(crate) fn unreadable(path: &Path, error: std::io::Error) -> Failure {
    let hint = files::hint(&error);
    Failure::usage(anyhow::Error::new(error).context(format!("read `{}`", path.display())), hint)
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
    // As `ktel schema list` prints them. A file can have the same path; it is written `./ktel/NAME`.
    let built_in = name.strip_prefix("ktel/").filter(|name| !name.contains(['/', '.']));
    if built_in.is_none() && (name.contains(['/', '.']) || path.is_file()) {
        return load(path);
    }
    let name = built_in.unwrap_or(name);
    if let Some(file) = built_in::DOCUMENTS.iter().find(|file| file.name == name) {
        return Ok(file.schema());
    }
    Ok(Catalog::built_in().find(name)?.schema().clone())
}

/// Writes what a schema declares.
pub(crate) fn described(schema: &Schema, output: OutputFormat) -> String {
    listing::text(output, || dictionary::describe(schema), &dictionary::document(schema))
}

/// Gives all built-in schemas: of jobs, of agents' statistics and events, and of lines.
pub(crate) fn built_in() -> Vec<Schema> {
    let catalog = Catalog::built_in();
    let jobs = catalog.jobs().map(|job| job.schema().clone());
    jobs.chain(built_in::DOCUMENTS.iter().map(|file| file.schema())).collect()
}

/// The collectors that look for the workload of a product.
const OF_A_PRODUCT: [&str; 2] = ["identify-deployment", "feature-flags"];

/// Omits the jobs of a set that have nothing to look for without a product, and names them.
pub(crate) fn without_product(jobs: Vec<Arc<dyn Job>>) -> (Vec<Arc<dyn Job>>, Vec<String>) {
    let is_of_a_product = |job: &Arc<dyn Job>| {
        job.schema().collector.as_deref().is_some_and(|name| OF_A_PRODUCT.contains(&name))
    };
    let (skipped, left) = jobs.into_iter().partition::<Vec<_>, _>(is_of_a_product);
    (left, skipped.iter().map(|job| job.schema().name.clone()).collect())
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
    let mut names: Vec<&str> = jobs.iter().map(|name| name.trim()).collect();
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
    if names.is_empty() && workflow.is_none() {
        names = added.iter().map(String::as_str).collect();
    }
    for name in names {
        // A job that is named twice runs once.
        let is_there = |job: &Arc<dyn Job>| job.schema().name == name;
        if !selected.iter().any(is_there) {
            selected.push(catalog.find(name)?);
        }
    }
    if selected.is_empty() {
        return Err(Failure::usage(
            anyhow::anyhow!("no job is named"),
            Some("name jobs with `--jobs`, as `ktel jobs list` shows them"),
        ));
    }
    Ok(selected)
}
