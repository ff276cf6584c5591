//! `ktel schema`: checks, shows and compares schema files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use ktel_model::standard::diff::{Impact, diff};
use ktel_model::standard::{check, dictionary};

use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::schemas;
use crate::table::table;

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Check schema files, and print how to fix them
    Lint {
        /// Schema files, or directories of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// List the built-in schemas
    List,
    /// Describe a schema
    Show {
        /// A built-in schema, or a file
        name: String,
    },
    /// Print the JSON Schema of a section
    Json {
        /// A built-in schema, or a file
        name: String,
    },
    /// Compare two schemas; changes that collect more come first
    Diff {
        /// A built-in schema, or a file
        old: String,
        /// A built-in schema, or a file
        new: String,
    },
}

pub(super) fn run(command: SchemaCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        SchemaCommand::Lint { paths } => return lint(&paths, printer),
        SchemaCommand::List => {
            let known = schemas::built_in();
            let rows = known
                .iter()
                .map(|schema| [schema.id(), schema.version.to_string(), schema.title.clone()]);
            printer.out(table(["SCHEMA", "VERSION", "TITLE"], rows))?;
        }
        SchemaCommand::Show { name } => {
            printer.out(dictionary::describe(&schemas::find(&name)?))?
        }
        SchemaCommand::Json { name } => {
            printer.out(format!("{:#}\n", schemas::find(&name)?.json_schema()))?;
        }
        SchemaCommand::Diff { old, new } => {
            let changes = diff(&schemas::find(&old)?, &schemas::find(&new)?);
            let lines: String = changes.iter().map(|change| format!("{change}\n")).collect();
            printer.out(lines)?;
            if changes.iter().any(|change| change.severity == Impact::Breaking) {
                return Ok(Exit::JobsFailed);
            }
        }
    }
    Ok(Exit::Done)
}

/// Prints every finding of every file; a file with an error makes the command fail.
fn lint(paths: &[PathBuf], printer: &mut Printer) -> Result<Exit, Failure> {
    let mut wrong = 0;
    let mut files = Vec::new();
    for path in paths {
        files.extend(expand(path)?);
    }
    for file in &files {
        let text = schemas::read(file)?;
        match check(&text, &file.display().to_string(), clock::today()) {
            Ok(checked) => {
                for finding in checked.warnings {
                    printer.out(format!("{finding}\n"))?;
                }
            }
            Err(findings) => {
                wrong += 1;
                for finding in findings {
                    printer.out(format!("{finding}\n"))?;
                }
            }
        }
    }
    printer.say(&match wrong {
        0 => format!("{} files, no errors", files.len()),
        wrong => format!("{} files, {wrong} with errors", files.len()),
    });
    Ok(if wrong == 0 { Exit::Done } else { Exit::JobsFailed })
}

/// Gives the YAML files of a directory, or the file itself.
fn expand(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let list = || -> std::io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(path)? {
            let file = entry?.path();
            if file.extension().is_some_and(|kind| kind == "yaml" || kind == "yml") {
                files.push(file);
            }
        }
        files.sort();
        Ok(files)
    };
    let files = list()
        .with_context(|| format!("read `{}`", path.display()))
        .map_err(|error| Failure::usage(error, None::<String>))?;
    if files.is_empty() {
        let error = anyhow::anyhow!("`{}` has no YAML file", path.display());
        return Err(Failure::usage(error, None::<String>));
    }
    Ok(files)
}
