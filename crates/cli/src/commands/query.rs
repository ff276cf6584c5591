//! `ktel query`: reads the store of a server, with SQL over groups or row by row.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use ktel_server::app::{audit, query};
use ktel_server::audit::{AuditAction, AuditEntry, minute};
use ktel_server::query::format::AnswerFormat;
use ktel_server::query::groups::{Sight, make};
use ktel_server::query::tables::definitions;
use ktel_server::query::{Answer, Error};
use ktel_server::site::site;
use ktel_server::{Catalog, Store};
use serde_json::json;

use crate::arguments::complete;
use crate::arguments::shared::StoreArguments;
use crate::clock;
use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::{listing, schemas, stores};

/// How many rows of a table are printed.
const ROWS: usize = 1000;
/// The actor in the audit log, for a person who can open the store and needs no token.
const OPERATOR: &str = "operator";

#[derive(Debug, Args)]
#[group(id = "question", required = true, multiple = false, args = ["sql", "rows", "audit", "tables", "site"])]
pub(crate) struct QueryArguments {
    /// A SELECT statement
    #[arg(value_name = "SQL")]
    pub(crate) sql: Option<String>,
    /// Print the newest rows of a schema's table, of ktel_records or of ktel_items
    #[arg(long, value_name = "TABLE")]
    pub(crate) rows: Option<String>,
    /// Print the audit log, the newest entry first
    #[arg(long)]
    pub(crate) audit: bool,
    /// Print the tables that SQL can read
    #[arg(long)]
    pub(crate) tables: bool,
    /// Write what is published into this directory, as pages for any web server
    #[arg(long, value_name = "DIR")]
    pub(crate) site: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: AnswerForm,
    /// The purpose of the query; the transparency page shows it
    #[arg(long, value_name = "TEXT", requires = "sql")]
    pub(crate) purpose: Option<String>,
    /// Read groups of any size, as an administrator; without it, the published tables
    #[arg(long, conflicts_with_all = ["rows", "audit", "tables", "site"])]
    pub(crate) all_groups: bool,
    /// Read the events of this product too, as `ktel serve --product` does (repeatable)
    #[arg(long = "product", value_name = "NAME|FILE", add = complete::products())]
    pub(crate) products: Vec<String>,
    /// Use this schema file too (repeatable)
    #[arg(long = "schema", value_name = "FILE")]
    pub(crate) schemas: Vec<PathBuf>,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AnswerForm {
    /// A table for reading
    #[value(alias = "text")]
    Table,
    /// One JSON object with columns and rows
    Json,
    /// The same in YAML
    Yaml,
    /// Comma-separated values
    Csv,
    /// One JSON object per line
    Ndjson,
}

pub(super) fn run(arguments: QueryArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    runtime()?.block_on(run_in(arguments, printer))
}

async fn run_in(arguments: QueryArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let QueryArguments {
        sql,
        rows,
        audit: _,
        tables,
        site: folder,
        store,
        output,
        purpose,
        all_groups,
        products,
        schemas: files,
    } = arguments;
    if tables {
        printer.out(definitions())?;
        return Ok(Exit::Done);
    }
    let catalog = Catalog::new(schemas::of_server(&files, &products)?).map_err(usage)?;
    let catalog = Arc::new(catalog);
    let store = stores::open_to_read(&store, &catalog)?;
    if let Some(folder) = folder {
        return write_site(&folder, &store, &catalog, printer).await;
    }
    let (action, request, answer) = match (sql, rows) {
        (Some(sql), _) => {
            let sight = if all_groups { Sight::Everything } else { Sight::Published(None) };
            let groups = make(&store, &catalog, sight, clock::today()).await;
            let answer = groups.map_err(usage)?.ask(&sql).map_err(|error| rejected(&error))?;
            (AuditAction::Query, sql, answer)
        }
        (None, Some(table)) => {
            let answer = query::newest(&store, &catalog, &table, ROWS).await.map_err(usage)?;
            (AuditAction::Rows, table.clone(), answer.ok_or_else(|| unknown(&table))?)
        }
        (None, None) => {
            let entries = store.audit_log().await.map_err(usage)?;
            (AuditAction::Audit, "the newest".to_owned(), audit::answer(entries))
        }
    };
    let purpose = purpose.unwrap_or_default();
    record_access(&store, clock::now(), (action, request, purpose), &answer).await?;
    printer.out(written(&answer, output))?;
    Ok(Exit::Done)
}

fn written(answer: &Answer, output: AnswerForm) -> String {
    let form = match output {
        AnswerForm::Table => AnswerFormat::Table,
        AnswerForm::Json => AnswerFormat::Json,
        AnswerForm::Yaml => {
            return listing::yaml(&json!({"columns": answer.columns, "rows": answer.rows}));
        }
        AnswerForm::Csv => AnswerFormat::Csv,
        AnswerForm::Ndjson => AnswerFormat::Lines,
    };
    form.write(answer)
}

/// Writes the pages of what is published. Everybody may read it, so it is not logged.
async fn write_site(
    folder: &Path,
    store: &Store,
    catalog: &Arc<Catalog>,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let files = site(store, catalog, clock::today()).await.map_err(usage)?;
    for file in &files {
        let path = folder.join(&file.path);
        let write = || -> std::io::Result<()> {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, &file.text)
        };
        let context = || format!("write `{}`", path.display());
        write().map_err(|error| usage(anyhow::Error::new(error).context(context())))?;
    }
    printer.say(&format!("{} in `{}`", count(files.len() as u64, "file"), folder.display()));
    Ok(Exit::Done)
}

/// Adds an entry to the audit log. If that fails, nothing is printed.
async fn record_access(
    store: &Store,
    now: Timestamp,
    (action, request, purpose): (AuditAction, String, String),
    answer: &Answer,
) -> Result<(), Failure> {
    let entry = AuditEntry {
        minute: minute(now),
        actor: OPERATOR.to_owned(),
        role: OPERATOR.to_owned(),
        action: action.as_str().to_owned(),
        request,
        purpose,
        rows: i64::try_from(answer.rows.len()).unwrap_or(i64::MAX),
    };
    store.add_audit_entry(entry).await.map_err(usage)
}

fn rejected(error: &Error) -> Failure {
    let hint = match error {
        Error::InvalidSql { .. } | Error::Forbidden => {
            "`ktel query --tables` prints the tables and columns"
        }
        Error::TooExpensive => "join fewer tables",
        Error::TooLarge { .. } | Error::DuplicateColumn { .. } | Error::NoProcess => {
            return usage(error.clone());
        }
    };
    Failure::usage(error.clone(), Some(hint))
}

fn unknown(table: &str) -> Failure {
    let hint = "the table of a schema has a name such as `ktel_cluster_state_v1`";
    Failure::usage(anyhow::anyhow!("there is no table `{table}`"), Some(hint))
}

fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure::usage(error, None::<String>)
}
