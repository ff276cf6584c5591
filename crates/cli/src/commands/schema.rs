//! `ktel schema`: checks, shows and compares schema files.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use ktel_model::Schema;
use ktel_model::standard::diff::{Change, Impact, diff};
use serde_json::{Value, json};

use lint::LintOutput;

use crate::arguments::complete;
use crate::arguments::shared::Format;
use crate::editor::EditorFile;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::{listing, schemas};

mod lint;

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Check schema files, and print how to fix them
    Lint {
        /// Schema files, or directories of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// The format
        #[arg(short, long, value_name = "FORMAT", default_value = "table")]
        output: LintOutput,
    },
    /// List the built-in schemas
    List(Format),
    /// Describe a schema
    Show {
        /// A built-in schema, or a file
        #[arg(add = complete::schemas())]
        name: String,
        #[command(flatten)]
        format: Format,
    },
    /// Print the JSON Schema of a section
    Json {
        /// A built-in schema, or a file
        #[arg(add = complete::schemas())]
        name: String,
    },
    /// Print the JSON Schema of a file that you write, for your editor
    Editor {
        /// The kind of file
        file: EditorFile,
    },
    /// Compare two schemas; changes that collect more come first
    Diff {
        /// A built-in schema, or a file
        #[arg(add = complete::schemas())]
        old: String,
        /// A built-in schema, or a file
        #[arg(add = complete::schemas())]
        new: String,
        #[command(flatten)]
        format: Format,
        /// Exit with 1 if there is such a change
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
        SchemaCommand::List(Format { output }) => {
            let known = schemas::built_in();
            let one = |schema: &Schema| json!({"name": schema.id(), "version": schema.version.to_string(), "title": schema.title, "digest": schema.digest()});
            let value: Value = known.iter().map(one).collect();
            let rows = known
                .iter()
                .map(|schema| [schema.id(), schema.version.to_string(), schema.title.clone()]);
            printer.out(listing::list(output, ["SCHEMA", "VERSION", "TITLE"], rows, &value))?;
        }
        SchemaCommand::Show { name, format } => {
            printer.out(schemas::described(&schemas::find(&name)?, format.output))?;
        }
        SchemaCommand::Json { name } => {
            printer.out(format!("{:#}\n", schemas::find(&name)?.json_schema()))?;
        }
        SchemaCommand::Editor { file } => printer.out(file.json_schema())?,
        SchemaCommand::Diff { old, new, format, fail_on } => {
            let changes = diff(&schemas::find(&old)?, &schemas::find(&new)?);
            let lines = || changes.iter().map(|change| format!("{change}\n")).collect();
            let one =
                |change: &Change| json!({"impact": change.severity.word(), "change": change.what});
            let value: Value = changes.iter().map(one).collect();
            printer.out(listing::text(format.output, lines, &value))?;
            if changes.iter().any(|change| fail_on.fails(change.severity)) {
                return Ok(Exit::JobsFailed);
            }
        }
    }
    Ok(Exit::Done)
}
