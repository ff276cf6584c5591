//! `ktel schema`: checks, shows and compares schema files.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use ktel_model::standard::dictionary;
use ktel_model::standard::diff::{Impact, diff};

use lint::LintOutput;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::schemas;
use crate::table::table;

mod lint;

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Check schema files, and print how to fix them
    Lint {
        /// Schema files, or directories of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// How findings are written
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        output: LintOutput,
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
        /// End with exit code 1 at such a change
        #[arg(long, value_name = "KIND", default_value = "breaking")]
        fail_on: FailOn,
    },
}

/// Which changes make `ktel schema diff` fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Readers of the data may fail
    Breaking,
    /// More is collected, or readers may fail
    Widened,
    /// No change
    Never,
}

impl FailOn {
    fn fails(self, impact: Impact) -> bool {
        match self {
            Self::Breaking => impact == Impact::Breaking,
            Self::Widened => matches!(impact, Impact::Widened | Impact::Breaking),
            Self::Never => false,
        }
    }
}

pub(super) fn run(command: SchemaCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        SchemaCommand::Lint { paths, output } => return lint::lint(&paths, output, printer),
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
        SchemaCommand::Diff { old, new, fail_on } => {
            let changes = diff(&schemas::find(&old)?, &schemas::find(&new)?);
            let lines: String = changes.iter().map(|change| format!("{change}\n")).collect();
            printer.out(lines)?;
            if changes.iter().any(|change| fail_on.fails(change.severity)) {
                return Ok(Exit::JobsFailed);
            }
        }
    }
    Ok(Exit::Done)
}
