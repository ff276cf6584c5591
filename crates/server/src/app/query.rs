//! `/v1/query` for readers, and `/v1/rows` for administrators.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, Request, State};
use axum::response::Response;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::audit::Looked;
use super::intake::Announced;
use super::shown::Shown;
use super::{App, refusal, text_answer, unstored};
use crate::audit::Kind;
use crate::limits::{GROUPS_KNOWN_FOR, PURPOSE_BYTES_MAX, QUERIES_MAX, ROWS_MAX};
use crate::query::write::Form;
use crate::query::{Answer, Error, Image, groups};
use crate::token::{Role, Stamp};
use crate::{Store, store};

/// The groups that were made a while ago, by their floor, of which there are two.
#[derive(Debug)]
pub(super) struct Questions {
    known: Mutex<HashMap<i64, (Instant, Image)>>,
    turns: Semaphore,
}

impl Default for Questions {
    fn default() -> Self {
        Self { known: Mutex::default(), turns: Semaphore::new(QUERIES_MAX) }
    }
}

/// What is posted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    sql: String,
    /// What the answer is wanted for; shown on the page about who asks what.
    #[serde(default)]
    purpose: String,
}

pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Extension(shown): Extension<Shown>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    match app.answer(&shown, &parts.headers, body).await {
        Ok(answer) => answer,
        Err(answer) => *answer,
    }
}

/// How many rows.
#[derive(Debug, Deserialize)]
pub(super) struct Most {
    limit: Option<u32>,
}

pub(super) async fn rows(
    State(app): State<Arc<App>>,
    table: Result<Path<String>, PathRejection>,
    most: Result<Query<Most>, QueryRejection>,
    Extension(shown): Extension<Shown>,
) -> Response {
    // What is no text is the name of no table.
    let table = table.map_or_else(|_| String::new(), |Path(table)| table);
    match app.rows(&shown, &table, most).await {
        Ok(answer) => answer,
        Err(answer) => *answer,
    }
}

impl App {
    async fn answer(
        &self,
        shown: &Shown,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response, Box<Response>> {
        let refuse = |number, code, message: &str| Box::new(refusal(number, code, message, None));
        let stamp = Self::asker(shown)?;
        let accept = headers.get(ACCEPT).map(|accept| accept.to_str().unwrap_or_default());
        let form = match accept {
            None => Some(Form::Json),
            Some(accept) => Form::from_accept(accept),
        };
        let form = form.ok_or_else(|| {
            refuse(406, "accept", "take application/json, text/csv or application/x-ndjson")
        })?;
        if headers.get(CONTENT_TYPE).is_some_and(|value| !is_json(value)) {
            return Err(refuse(415, "type", "send application/json"));
        }
        let body = self.body(&Announced::by(headers), body).await.map_err(|trouble| {
            let (number, code, message) = trouble.words();
            refuse(number, code, message)
        })?;
        let Question { sql, purpose } = serde_json::from_slice(&body)
            .map_err(|error| refuse(400, "malformed", &error.to_string()))?;
        if purpose.len() > PURPOSE_BYTES_MAX || purpose.contains(char::is_control) {
            return Err(refuse(400, "purpose", "a purpose is one line of 200 bytes"));
        }
        if sql.contains('\0') {
            return Err(refuse(400, "sql", "SQL has no zero bytes"));
        }
        let floor = if stamp.role == Role::Admin { 1 } else { self.floor };
        let _turn = self.questions.turns.try_acquire().map_err(|_none| {
            refuse(503, "busy", "other questions are being answered; try again")
        })?;
        let image = self.groups(floor).await.map_err(|error| Box::new(unstored(&error)))?;
        let asked = sql.clone();
        // It ends with the process only.
        let answered = tokio::task::spawn_blocking(move || image.ask(&asked)).await;
        let answered = answered.map_err(|_gone| refuse(503, "closed", "the receiver ends"))?;
        let answer = answered.map_err(|error| {
            let (number, code) = words(&error);
            refuse(number, code, &error.to_string())
        })?;
        let asked = Looked {
            kind: Kind::Query,
            what: &sql,
            purpose: &purpose,
            answered: answer.rows.len(),
        };
        self.write_down(stamp, asked).await?;
        Ok(text_answer(form, form.write(&answer)))
    }

    /// Gives groups; they are made once for all who ask within a while.
    async fn groups(&self, floor: i64) -> Result<Image, store::Error> {
        let mut known = self.questions.known.lock().await;
        if let Some((since, image)) = known.get(&floor)
            && since.elapsed() < GROUPS_KNOWN_FOR
        {
            return Ok(image.clone());
        }
        let image = groups::make(&self.store, &self.catalog, floor, self.today()).await?;
        known.insert(floor, (Instant::now(), image.clone()));
        Ok(image)
    }

    async fn rows(
        &self,
        shown: &Shown,
        table: &str,
        most: Result<Query<Most>, QueryRejection>,
    ) -> Result<Response, Box<Response>> {
        let refuse = |number, code, message: &str| Box::new(refusal(number, code, message, None));
        let stamp = Self::administrator(shown)?;
        let limit = match most {
            Ok(Query(Most { limit })) => limit.unwrap_or(ROWS_MAX),
            Err(_) => 0,
        };
        if !(1..=ROWS_MAX).contains(&limit) {
            return Err(refuse(400, "limit", "`limit` is a number from 1 to 1000"));
        }
        let rows = newest(&self.store, &self.catalog, table, limit as usize).await;
        let rows = rows.map_err(|error| Box::new(unstored(&error)))?;
        let Some(rows) = rows else {
            return Err(refuse(404, "not_found", "no table is called so"));
        };
        let asked =
            Looked { kind: Kind::Rows, what: table, purpose: "", answered: rows.rows.len() };
        self.write_down(stamp, asked).await?;
        Ok(text_answer(Form::Lines, Form::Lines.write(&rows)))
    }

    /// Finds who may ask: charts may be open to everybody, questions never are.
    fn asker(shown: &Shown) -> Result<&Stamp, Box<Response>> {
        match shown.stamp() {
            Some(stamp) if stamp.role != Role::Ingest => Ok(stamp),
            Some(_) => Err(Box::new(refusal(403, "role", "this token may not read", None))),
            None => Err(Box::new(super::charts::unknown_reader())),
        }
    }

    /// Finds an administrator.
    pub(super) fn administrator(shown: &Shown) -> Result<&Stamp, Box<Response>> {
        let stamp = Self::asker(shown)?;
        if stamp.role != Role::Admin {
            return Err(Box::new(refusal(403, "role", "only administrators see this", None)));
        }
        Ok(stamp)
    }
}

/// Reads the newest rows of a table; nothing, if none is called so.
///
/// # Errors
/// When they cannot be read.
pub async fn newest(
    store: &Store,
    catalog: &crate::Catalog,
    table: &str,
    limit: usize,
) -> Result<Option<Answer>, store::Error> {
    let mut rows = match table {
        "ktel_records" => store.records().await?,
        "ktel_items" => store.items().await?,
        name => match catalog.tables().into_iter().find(|table| table.name == name) {
            Some(table) => store.rows(&table).await?,
            None => return Ok(None),
        },
    };
    rows.truncate(limit);
    Ok(Some(Answer::of(rows)))
}

fn is_json(value: &http::HeaderValue) -> bool {
    let name = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("application/json")
}

fn words(error: &Error) -> (u16, &'static str) {
    match error {
        Error::Wrong { .. } => (400, "sql"),
        Error::Twice { .. } => (400, "columns"),
        Error::Forbidden => (403, "forbidden"),
        Error::Heavy => (422, "too_heavy"),
        Error::Large { .. } => (422, "too_large"),
    }
}
