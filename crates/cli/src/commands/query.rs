//! `ktel query`: what a receiver's store says, in SQL over groups, or row by row.

use jiff::Timestamp;
use ktel_server::app::{audit, query};
use ktel_server::audit::{Kind, Look, minute};
use ktel_server::query::groups::{DEFINITIONS, make};
use ktel_server::query::write::Form;
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
/// Whoever can open the store needs no token.
const OPERATOR: &str = "operator";

pub(super) fn run(arguments: Query, printer: &mut Printer) -> Result<Exit, Failure> {
    super::runtime()?.block_on(run_in(arguments, printer))
}

async fn run_in(arguments: Query, printer: &mut Printer) -> Result<Exit, Failure> {
    let Query { sql, rows, audit: _, tables, store, output, purpose, floor, schemas: files } =
        arguments;
    if tables {
        printer.out(format!("{DEFINITIONS}\n"))?;
        return Ok(Exit::Done);
    }
    let more = files.iter().map(|file| schemas::load(file));
    let catalog = Catalog::new(more.collect::<Result<Vec<_>, _>>()?).map_err(usage)?;
    let store = super::serve::open(&store, &catalog)?;
    let (kind, asked, answer) = match (sql, rows) {
        (Some(sql), _) => {
            let groups = make(&store, &catalog, i64::from(floor), clock::today()).await;
            let answer = groups.map_err(usage)?.ask(&sql).map_err(|error| refused(&error))?;
            (Kind::Query, sql, answer)
        }
        (None, Some(table)) => {
            let answer = query::newest(&store, &catalog, &table, ROWS).await.map_err(usage)?;
            (Kind::Rows, table.clone(), answer.ok_or_else(|| unknown(&table))?)
        }
        (None, None) => {
            let looks = store.trail().await.map_err(usage)?;
            (Kind::Audit, "the newest".to_owned(), audit::written(looks))
        }
    };
    let purpose = purpose.unwrap_or_default();
    write_down(&store, clock::now(), (kind, asked, purpose), &answer).await?;
    let form = match output {
        AnswerForm::Table => Form::Table,
        AnswerForm::Json => Form::Json,
        AnswerForm::Csv => Form::Csv,
        AnswerForm::Ndjson => Form::Lines,
    };
    printer.out(form.write(&answer))?;
    Ok(Exit::Done)
}

/// Writes down that the operator looks; who cannot be written down is shown nothing.
async fn write_down(
    store: &Store,
    now: Timestamp,
    (kind, asked, purpose): (Kind, String, String),
    answer: &Answer,
) -> Result<(), Failure> {
    let look = Look {
        minute: minute(now),
        who: OPERATOR.to_owned(),
        role: OPERATOR.to_owned(),
        kind: kind.word().to_owned(),
        asked,
        purpose,
        answered: i64::try_from(answer.rows.len()).unwrap_or(i64::MAX),
    };
    store.look(look).await.map_err(usage)
}

fn refused(error: &Error) -> Failure {
    let hint = match error {
        Error::Wrong { .. } | Error::Forbidden => "`ktel query --tables` shows what can be asked",
        Error::Heavy => "ask for fewer tables at once",
        Error::Large { .. } | Error::Twice { .. } => return usage(error.clone()),
    };
    Failure::usage(error.clone(), Some(hint))
}

fn unknown(table: &str) -> Failure {
    let hint = "a schema's table is called as in `ktel_cluster_state_v1`";
    Failure::usage(anyhow::anyhow!("no table is called `{table}`"), Some(hint))
}

fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure::usage(error, None::<String>)
}
