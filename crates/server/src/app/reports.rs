//! `/v1/reports` and `/v1/events`: one item, or one a line.

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::response::Response;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::intake::Announced;
use super::shown::{Denied, Shown};
use super::{App, json_answer, receipts, refusal, unstored};
use crate::ingest::{self, EVENTS, REPORT, Read, Reason, Refused};
use crate::limits::ITEMS_MAX;
use crate::receipt;
use crate::signed::{Forged, signer};
use crate::store::Stored;
use crate::token::Stamp;

/// Whether a body is one item, or one a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Single,
    Lines,
}

pub(super) async fn take(
    State(app): State<Arc<App>>,
    Extension(shown): Extension<Shown>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let stamp = match shown.sender() {
        Ok(stamp) => stamp,
        Err(denied) => return denied_answer(denied),
    };
    let Some(form) = form_of(&parts.headers) else {
        return refusal(415, "type", "send application/json or application/x-ndjson", None);
    };
    let wants_receipts = receipts::are_wanted(&parts.headers);
    let announced = Announced::by(&parts.headers);
    drop(parts);
    let body = match app.body(&announced, body).await {
        Ok(body) => body,
        Err(trouble) => {
            let (number, code, message) = trouble.words();
            return refusal(number, code, message, None);
        }
    };
    let items: Vec<&[u8]> = match form {
        Form::Single => vec![&body[..]],
        Form::Lines => {
            let lines = body.split(|byte| *byte == b'\n');
            lines.filter(|line| !line.trim_ascii().is_empty()).take(ITEMS_MAX + 1).collect()
        }
    };
    if items.len() > ITEMS_MAX {
        return refusal(413, "too_many", "too many items in one request", None);
    }
    app.take_all(stamp, announced.key.as_deref(), &items, wants_receipts).await
}

/// What became of the items of a request.
#[derive(Default)]
struct Outcome {
    stored: usize,
    repeated: usize,
    refused: Vec<Value>,
    reasons: Vec<&'static str>,
    first: Option<(u16, Value)>,
}

impl Outcome {
    fn refuse(&mut self, status: u16, code: &'static str, error: Value) {
        if self.first.is_none() {
            self.first = Some((status, error.clone()));
        }
        self.reasons.push(code);
        self.refused.push(error);
    }
}

/// What a sender is told.
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
        stamp: &Stamp,
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
        let context = ingest::Context { key, signer: signer.as_deref(), ..self.context(stamp) };
        read(context, parsed)
    }

    async fn take_all(
        &self,
        stamp: &Stamp,
        key: Option<&str>,
        items: &[&[u8]],
        wants_receipts: bool,
    ) -> Response {
        let mut outcome = Outcome::default();
        let mut all = Vec::new();
        for (index, item) in items.iter().enumerate() {
            // The key names the request; its items are told apart by their places.
            let key =
                key.map(|key| if items.len() == 1 { key.into() } else { format!("{key}.{index}") });
            let parsed = match serde_json::from_slice::<Map<String, Value>>(item) {
                Ok(parsed) => parsed,
                Err(error) => {
                    let place = json!({"code": "malformed", "message": "not a JSON object",
                        "item": index, "line": error.line(), "column": error.column()});
                    outcome.refuse(400, "malformed", place);
                    continue;
                }
            };
            match self.read(stamp, key.as_deref(), item, &parsed) {
                Ok(read) => {
                    outcome.reasons.extend(read.refused.iter().map(|part| part.reason.words().0));
                    outcome.refused.extend(read.refused.iter().map(|part| of_part(index, *part)));
                    all.push(read);
                }
                Err(reason) => {
                    let (code, message) = reason.words();
                    let error = json!({"code": code, "message": message, "item": index});
                    outcome.refuse(reason.status(), code, error);
                }
            }
        }
        let claims = wants_receipts.then(|| claims(&all));
        let receipts = match self.keep(all).await {
            Ok(stored) => {
                let is_new = |stored: &&Stored| **stored == Stored::New;
                outcome.stored = stored.iter().filter(is_new).count();
                outcome.repeated = stored.len() - outcome.stored;
                claims.map(|claims| self.receipts(claims, &stored))
            }
            // What is stored already is known by its id when all of it comes again.
            Err(error) => return unstored(&error),
        };
        let Outcome { stored, repeated, refused, reasons, first } = outcome;
        reasons.into_iter().for_each(|reason| self.count_refused(reason, 1));
        match first {
            Some((status, error)) if stored + repeated == 0 => {
                json_answer(status, &json!({"error": error, "rejected": refused}))
            }
            None if items.is_empty() => refusal(400, "empty", "there is no item", None),
            Some(_) | None => {
                let is_given = receipts.is_some();
                let answer = Answer { stored, repeated, rejected: refused, receipts };
                let answer = json_answer(200, &answer);
                if is_given { receipts::given(answer) } else { answer }
            }
        }
    }

    /// Signs for what is new. What was there already may be another report of the same id, so nothing is
    /// said of it.
    fn receipts(&self, claims: Vec<receipt::Stored>, stored: &[Stored]) -> Vec<Value> {
        let new = claims.into_iter().zip(stored).filter(|(_, stored)| **stored == Stored::New);
        new.map(|(claim, _)| self.key.stored(claim)).collect()
    }
}

/// Says what will be true of records once they are stored.
fn claims(all: &[Read]) -> Vec<receipt::Stored> {
    all.iter().map(|read| receipt::Stored::of(&read.record)).collect()
}

fn of_part(item: usize, Refused { part, reason }: Refused) -> Value {
    let (code, message) = reason.words();
    json!({"code": code, "message": message, "item": item, "part": part})
}

fn form_of(headers: &HeaderMap) -> Option<Form> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Some(Form::Single) };
    match value.to_str().ok()?.split(';').next()?.trim().to_ascii_lowercase().as_str() {
        "application/json" => Some(Form::Single),
        "application/x-ndjson" | "application/ndjson" => Some(Form::Lines),
        _ => None,
    }
}

fn denied_answer(denied: Denied) -> Response {
    match denied {
        Denied::Missing | Denied::Scheme => refusal(401, "token", "a token is needed", None),
        Denied::Empty | Denied::Unknown => refusal(401, "token", "this token is not known", None),
        Denied::Role => refusal(403, "role", "this token may not send", None),
        Denied::TooOften => refusal(429, "rate", "too many requests", None),
    }
}
