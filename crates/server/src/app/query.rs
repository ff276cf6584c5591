//! `/v1/query` for readers, and `/v1/rows` for administrators.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, Request, State};
use axum::response::Response;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;

use super::audit::Access;
use super::authentication::AuthResult;
use super::body::BodyMetadata;
use super::responses::{error_response, store_error, text_response};
use super::state::App;
use crate::audit::AuditAction;
use crate::catalog::Catalog;
use crate::limits::{PURPOSE_BYTES_MAX, ROWS_MAX};
use crate::query::child::Text;
use crate::query::format::AnswerFormat;
use crate::query::groups::Sight;
use crate::query::{Answer, Error};
use crate::store::Store;
use crate::store::error::Error as StoreError;
use crate::token::{Role, TokenRecord};

/// The body of a request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    sql: String,
    /// Why the answer is needed; the transparency page shows it.
    #[serde(default)]
    purpose: String,
}

pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Extension(auth): Extension<AuthResult>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    match app.answer(&auth, &parts.headers, body).await {
        Ok(answer) => answer,
        Err(answer) => *answer,
    }
}

/// The parameters of `/v1/rows`.
#[derive(Debug, Deserialize)]
pub(super) struct RowsParameters {
    limit: Option<u32>,
}

pub(super) async fn rows(
    State(app): State<Arc<App>>,
    table: Result<Path<String>, PathRejection>,
    parameters: Result<Query<RowsParameters>, QueryRejection>,
    Extension(auth): Extension<AuthResult>,
) -> Response {
    // A name that is not valid UTF-8 names no table.
    let table = table.map_or_else(|_| String::new(), |Path(table)| table);
    match app.rows(&auth, &table, parameters).await {
        Ok(answer) => answer,
        Err(answer) => *answer,
    }
}

impl App {
    async fn answer(
        &self,
        auth: &AuthResult,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response, Box<Response>> {
        let reject =
            |number, code, message: &str| Box::new(error_response(number, code, message, None));
        let token = Self::reader_token(auth)?;
        let accept = headers.get(ACCEPT).map(|accept| accept.to_str().unwrap_or_default());
        let form = match accept {
            None => Some(AnswerFormat::Json),
            Some(accept) => AnswerFormat::from_accept(accept),
        };
        let form = form.ok_or_else(|| {
            reject(406, "accept", "accept application/json, text/csv or application/x-ndjson")
        })?;
        if headers.get(CONTENT_TYPE).is_some_and(|value| !is_json(value)) {
            return Err(reject(415, "type", "send application/json"));
        }
        let body =
            self.body(&BodyMetadata::from_headers(headers), body).await.map_err(|error| {
                let (number, code, message) = error.response();
                reject(number, code, message)
            })?;
        let Question { sql, purpose } = serde_json::from_slice(&body)
            .map_err(|error| reject(400, "malformed", &error.to_string()))?;
        if purpose.len() > PURPOSE_BYTES_MAX || purpose.contains(char::is_control) {
            return Err(reject(400, "purpose", "`purpose` must be one line of at most 200 bytes"));
        }
        if sql.contains('\0') {
            return Err(reject(400, "sql", "`sql` must not contain zero bytes"));
        }
        let sight = match token.role {
            Role::Admin => Sight::Everything,
            Role::Reader | Role::Ingest | Role::Public | Role::Events => {
                Sight::Published(Some(self.min_group_size))
            }
        };
        let _permit = self
            .questions
            .try_acquire()
            .ok_or_else(|| reject(503, "busy", "too many queries are running; try again"))?;
        let (today, questions) = (self.today(), &self.questions);
        let image = questions.groups(&self.store, &self.catalog, sight, today).await;
        let image = image.map_err(|error| Box::new(store_error(&error)))?;
        let answered = questions.runner.ask(image, sql.clone(), form).await;
        let Text { rows, body } = answered.map_err(|error| {
            let (number, code) = status_and_code(&error);
            reject(number, code, &error.to_string())
        })?;
        let body = questions
            .body(body)
            .ok_or_else(|| reject(503, "busy", "too many answers wait for their readers"))?;
        let access = Access { action: AuditAction::Query, request: &sql, purpose: &purpose, rows };
        self.record_access(token, access).await?;
        Ok(text_response(form, body))
    }

    async fn rows(
        &self,
        auth: &AuthResult,
        table: &str,
        parameters: Result<Query<RowsParameters>, QueryRejection>,
    ) -> Result<Response, Box<Response>> {
        let reject =
            |number, code, message: &str| Box::new(error_response(number, code, message, None));
        let token = Self::admin_token(auth)?;
        let limit = match parameters {
            Ok(Query(RowsParameters { limit })) => limit.unwrap_or(ROWS_MAX),
            Err(_) => 0,
        };
        if !(1..=ROWS_MAX).contains(&limit) {
            return Err(reject(400, "limit", "`limit` is a number from 1 to 1000"));
        }
        let rows = newest(&self.store, &self.catalog, table, limit as usize).await;
        let rows = rows.map_err(|error| Box::new(store_error(&error)))?;
        let Some(rows) = rows else {
            return Err(reject(404, "not_found", "there is no such table"));
        };
        let access = Access {
            action: AuditAction::Rows,
            request: table,
            purpose: "",
            rows: rows.rows.len(),
        };
        self.record_access(token, access).await?;
        Ok(text_response(AnswerFormat::Lines, AnswerFormat::Lines.write(&rows)))
    }

    /// Returns the token of a reader or an administrator. Queries always need one, even where charts are
    /// public.
    fn reader_token(auth: &AuthResult) -> Result<&TokenRecord, Box<Response>> {
        match auth.token() {
            Some(token) if !token.role.may_send() => Ok(token),
            Some(_) => Err(Box::new(error_response(403, "role", "this token may not read", None))),
            None => Err(Box::new(super::html::unauthorized())),
        }
    }

    /// Returns the token of an administrator.
    pub(super) fn admin_token(auth: &AuthResult) -> Result<&TokenRecord, Box<Response>> {
        let token = Self::reader_token(auth)?;
        if token.role != Role::Admin {
            return Err(Box::new(error_response(
                403,
                "role",
                "this route needs an admin token",
                None,
            )));
        }
        Ok(token)
    }
}

/// Reads the newest rows of a table; `None` if there is no such table.
///
/// # Errors
/// When they cannot be read.
pub async fn newest(
    store: &Store,
    catalog: &Catalog,
    table: &str,
    limit: usize,
) -> Result<Option<Answer>, StoreError> {
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

fn status_and_code(error: &Error) -> (u16, &'static str) {
    match error {
        Error::InvalidSql { .. } => (400, "sql"),
        Error::DuplicateColumn { .. } => (400, "columns"),
        Error::Forbidden => (403, "forbidden"),
        Error::NoProcess => (503, "busy"),
        Error::TooExpensive => (422, "too_heavy"),
        Error::TooLarge { .. } => (422, "too_large"),
    }
}
