//! `ktel query`: reads the store of a receiver, with SQL over groups or row by row.

use jiff::Timestamp;
use ktel_server::app::{audit, query};
use ktel_server::audit::{AuditAction, AuditEntry, minute};
use ktel_server::query::format::AnswerFormat;
use ktel_server::query::groups::make;
use ktel_server::query::tables::DEFINITIONS;
use ktel_server::query::{Answer, Error};
use ktel_server::{Catalog, Store};

use crate::arguments::{AnswerForm, Query};
use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::schemas;

/// How many rows are printed of a table.
const ROWS: usize = 1000;
/// The actor in the audit log: whoever can open the store needs no token.
const OPERATOR: &str = "operator";

pub(super) fn run(arguments: Query, printer: &mut Printer) -> Result<Exit, Failure> {
    super::runtime()?.block_on(run_in(arguments, printer))
}

async fn run_in(arguments: Query, printer: &mut Printer) -> Result<Exit, Failure> {
    let Query {
        sql,
        rows,
        audit: _,
        tables,
        store,
        output,
        purpose,
        min_group_size,
        schemas: files,
    } = arguments;
    if tables {
        printer.out(format!("{DEFINITIONS}\n"))?;
        return Ok(Exit::Done);
    }
    let more = files.iter().map(|file| schemas::load(file));
    let catalog = Catalog::new(more.collect::<Result<Vec<_>, _>>()?).map_err(usage)?;
    let store = super::serve::open(&store, &catalog)?;
    let (action, request, answer) = match (sql, rows) {
        (Some(sql), _) => {
            let groups = make(&store, &catalog, i64::from(min_group_size), clock::today()).await;
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
    let form = match output {
        AnswerForm::Table => AnswerFormat::Table,
        AnswerForm::Json => AnswerFormat::Json,
        AnswerForm::Csv => AnswerFormat::Csv,
        AnswerForm::Ndjson => AnswerFormat::Lines,
    };
    printer.out(form.write(&answer))?;
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
        Error::TooLarge { .. } | Error::DuplicateColumn { .. } => return usage(error.clone()),
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
