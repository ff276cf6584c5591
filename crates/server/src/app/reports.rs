//! `/v1/reports` and `/v1/events`: one item, or one a line.

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::response::Response;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::authentication::{AuthError, AuthResult};
use super::body::BodyMetadata;
use super::receipts;
use super::responses::{error_response, json_response, store_error};
use super::state::App;
use crate::ingest::{self, EVENTS, REPORT, Read, Reason, Rejected};
use crate::limits::ITEMS_MAX;
use crate::receipt;
use crate::signed::{Forged, signer};
use crate::store::outcome::Appended;
use crate::token::TokenRecord;

/// Whether a body is one item, or one a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyFormat {
    Single,
    Lines,
}

pub(super) async fn receive(
    State(app): State<Arc<App>>,
    Extension(auth): Extension<AuthResult>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let token = match auth.sender() {
        Ok(token) => token,
        Err(error) => return unauthorized(error),
    };
    let Some(format) = body_format(&parts.headers) else {
        return error_response(415, "type", "send application/json or application/x-ndjson", None);
    };
    let wish = Wish {
        receipts: receipts::are_requested(&parts.headers),
        test: parts.headers.contains_key(TEST),
    };
    let metadata = BodyMetadata::from_headers(&parts.headers);
    drop(parts);
    let body = match app.body(&metadata, body).await {
        Ok(body) => body,
        Err(error) => {
            let (number, code, message) = error.response();
            return error_response(number, code, message, None);
        }
    };
    let items: Vec<&[u8]> = match format {
        BodyFormat::Single => vec![&body[..]],
        BodyFormat::Lines => {
            let lines = body.split(|byte| *byte == b'\n');
            lines.filter(|line| !line.trim_ascii().is_empty()).take(ITEMS_MAX + 1).collect()
        }
    };
    if items.len() > ITEMS_MAX {
        return error_response(413, "too_many", "too many items in one request", None);
    }
    app.store_all(token, metadata.key.as_deref(), &items, wish).await
}

/// The header of a request whose items are checked and not stored.
const TEST: &str = "ktel-test";

/// What a request asks for besides being stored.
#[derive(Debug, Clone, Copy)]
struct Wish {
    receipts: bool,
    /// Check everything, and store nothing.
    test: bool,
}

/// The results of the items of a request.
#[derive(Default)]
struct Outcome {
    stored: usize,
    repeated: usize,
    rejected: Vec<Value>,
    reasons: Vec<&'static str>,
    first: Option<(u16, Value)>,
}

impl Outcome {
    fn reject(&mut self, status: u16, code: &'static str, error: Value) {
        if self.first.is_none() {
            self.first = Some((status, error.clone()));
        }
        self.reasons.push(code);
        self.rejected.push(error);
    }
}

/// The response to a sender.
#[derive(Serialize)]
struct Answer {
    stored: usize,
    repeated: usize,
    rejected: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipts: Option<Vec<Value>>,
}

impl App {
    fn read(
        &self,
        token: &TokenRecord,
        key: Option<&str>,
        item: &[u8],
        parsed: &Map<String, Value>,
    ) -> Result<Read, Reason> {
        let read = match parsed.get("schema").and_then(Value::as_str) {
            Some(REPORT) => ingest::report,
            Some(EVENTS) => ingest::events,
            Some(_) => return Err(Reason::UnknownSchema),
            None => return Err(Reason::Malformed),
        };
        let signer = signer(item, parsed).map_err(|Forged| Reason::Signature)?;
        let context = ingest::Context { key, signer: signer.as_deref(), ..self.context(token) };
        read(context, parsed)
    }

    async fn store_all(
        &self,
        token: &TokenRecord,
        key: Option<&str>,
        items: &[&[u8]],
        wish: Wish,
    ) -> Response {
        let mut outcome = Outcome::default();
        let mut all = Vec::new();
        for (index, item) in items.iter().enumerate() {
            // The key identifies the request; its items are numbered.
            let key =
                key.map(|key| if items.len() == 1 { key.into() } else { format!("{key}.{index}") });
            let parsed = match serde_json::from_slice::<Map<String, Value>>(item) {
                Ok(parsed) => parsed,
                Err(error) => {
                    let place = json!({"code": "malformed", "message": "not a JSON object",
                        "item": index, "line": error.line(), "column": error.column()});
                    outcome.reject(400, "malformed", place);
                    continue;
                }
            };
            match self.read(token, key.as_deref(), item, &parsed) {
                Ok(read) => {
                    outcome
                        .reasons
                        .extend(read.rejected.iter().map(|part| part.reason.code_and_message().0));
                    outcome.rejected.extend(read.rejected.iter().map(|part| of_part(index, *part)));
                    all.push(read);
                }
                // Stored in part, the request would be done, and this item lost. The sender keeps all of
                // them instead, and sends each by itself.
                Err(Reason::Product) => {
                    let (code, message) = Reason::Product.code_and_message();
                    self.count_rejected(code, 1);
                    return error_response(Reason::Product.status(), code, message, Some(index));
                }
                Err(reason) => {
                    let (code, message) = reason.code_and_message();
                    let error = json!({"code": code, "message": message, "item": index});
                    outcome.reject(reason.status(), code, error);
                }
            }
        }
        if wish.test {
            return tested(outcome, &all);
        }
        let claims = wish.receipts.then(|| claims(&all));
        let receipts = match self.store_items(all).await {
            Ok(stored) => {
                let is_new = |stored: &&Appended| **stored == Appended::New;
                outcome.stored = stored.iter().filter(is_new).count();
                outcome.repeated = stored.len() - outcome.stored;
                claims.map(|claims| self.receipts(claims, &stored))
            }
            // A retry of the request recognizes items that were stored by their ids.
            Err(error) => return store_error(&error),
        };
        let Outcome { stored, repeated, rejected, reasons, first } = outcome;
        reasons.into_iter().for_each(|reason| self.count_rejected(reason, 1));
        match first {
            Some((status, error)) if stored + repeated == 0 => {
                json_response(status, &json!({"error": error, "rejected": rejected}))
            }
            None if items.is_empty() => {
                error_response(400, "empty", "the request has no item", None)
            }
            Some(_) | None => {
                let has_receipts = receipts.is_some();
                let answer = Answer { stored, repeated, rejected, receipts };
                let answer = json_response(200, &answer);
                if has_receipts { receipts::with_preference_applied(answer) } else { answer }
            }
        }
    }

    /// Signs receipts for new records. A repeated one may be another report with the same id, so it gets
    /// no receipt.
    fn receipts(&self, claims: Vec<receipt::StoredClaim>, stored: &[Appended]) -> Vec<Value> {
        let new = claims.into_iter().zip(stored).filter(|(_, stored)| **stored == Appended::New);
        new.map(|(claim, _)| self.key.stored(claim)).collect()
    }
}

/// The answer to a test: what would be stored, and what would be omitted from it.
fn tested(outcome: Outcome, all: &[Read]) -> Response {
    let mut omitted = ktel_model::standard::Omitted::default();
    all.iter().for_each(|read| omitted.add(&read.omitted));
    let test = json!({"would_store": all.len(), "omitted": omitted});
    let Outcome { rejected, first, .. } = outcome;
    match first {
        Some((status, error)) if all.is_empty() => {
            json_response(status, &json!({"error": error, "rejected": rejected, "test": test}))
        }
        _ => json_response(
            200,
            &json!({"stored": 0, "repeated": 0, "rejected": rejected, "test": test}),
        ),
    }
}

/// The claims of receipts for records, once they are stored.
fn claims(all: &[Read]) -> Vec<receipt::StoredClaim> {
    all.iter().map(|read| receipt::StoredClaim::of(&read.record)).collect()
}

fn of_part(item: usize, Rejected { part, reason }: Rejected) -> Value {
    let (code, message) = reason.code_and_message();
    json!({"code": code, "message": message, "item": item, "part": part})
}

fn body_format(headers: &HeaderMap) -> Option<BodyFormat> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Some(BodyFormat::Single) };
    match value.to_str().ok()?.split(';').next()?.trim().to_ascii_lowercase().as_str() {
        "application/json" => Some(BodyFormat::Single),
        "application/x-ndjson" | "application/ndjson" => Some(BodyFormat::Lines),
        _ => None,
    }
}

fn unauthorized(error: AuthError) -> Response {
    match error {
        AuthError::Missing | AuthError::Scheme => {
            error_response(401, "token", "a bearer token is required", None)
        }
        AuthError::Empty | AuthError::Unknown => {
            error_response(401, "token", "unknown token", None)
        }
        AuthError::Role => error_response(403, "role", "this token has no ingest role", None),
        AuthError::RateLimited => error_response(429, "rate", "too many requests", None),
    }
}
