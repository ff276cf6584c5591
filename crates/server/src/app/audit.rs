//! The audit log: every access to data that is not public is logged before it is answered.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Response;
use serde_json::{Map, Value, json};
use tracing::info;

use super::authentication::AuthResult;
use super::responses::{store_error, text_response};
use super::state::App;
use crate::audit::{AuditAction, AuditEntry, minute, moment};
use crate::limits::AUDIT_ROWS_MAX;
use crate::query::Answer;
use crate::query::format::AnswerFormat;
use crate::token::TokenRecord;

/// One access, as a route describes it.
#[derive(Debug)]
pub(super) struct Access<'a> {
    pub(super) action: AuditAction,
    pub(super) request: &'a str,
    pub(super) purpose: &'a str,
    pub(super) rows: usize,
}

pub(super) async fn log(
    State(app): State<Arc<App>>,
    Extension(auth): Extension<AuthResult>,
) -> Response {
    let token = match App::admin_token(&auth) {
        Ok(token) => token,
        Err(answer) => return *answer,
    };
    let entries = match app.store.audit_log().await {
        Ok(entries) => entries,
        Err(error) => return store_error(&error),
    };
    let request = format!("the newest {AUDIT_ROWS_MAX}");
    let access =
        Access { action: AuditAction::Audit, request: &request, purpose: "", rows: entries.len() };
    match app.record_access(token, access).await {
        Ok(()) => text_response(AnswerFormat::Lines, AnswerFormat::Lines.write(&answer(entries))),
        Err(answer) => *answer,
    }
}

/// Turns audit entries into an answer.
#[must_use]
pub fn answer(entries: Vec<AuditEntry>) -> Answer {
    let row = |entry: AuditEntry| -> Map<String, Value> {
        let AuditEntry { minute, actor, role, action, request, purpose, rows } = entry;
        let pairs = [
            ("minute", json!(moment(minute).to_string())),
            ("actor", json!(actor)),
            ("role", json!(role)),
            ("action", json!(action)),
            ("request", json!(request)),
            ("purpose", json!(purpose)),
            ("rows", json!(rows)),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    };
    Answer::of(entries.into_iter().map(row).collect())
}

impl App {
    /// Adds an entry to the audit log. If that fails, the request fails and returns no data.
    pub(super) async fn record_access(
        &self,
        token: &TokenRecord,
        access: Access<'_>,
    ) -> Result<(), Box<Response>> {
        let Access { action, request, purpose, rows } = access;
        let (actor, role) = (token.id(), token.role.as_str());
        info!(target: "ktel::audit", actor, role, action = action.as_str(), request, rows, "data was read");
        let entry = AuditEntry {
            minute: minute((self.now)()),
            actor,
            role: role.to_owned(),
            action: action.as_str().to_owned(),
            request: request.to_owned(),
            purpose: purpose.to_owned(),
            rows: i64::try_from(rows).unwrap_or(i64::MAX),
        };
        self.store.add_audit_entry(entry).await.map_err(|error| Box::new(store_error(&error)))
    }
}
