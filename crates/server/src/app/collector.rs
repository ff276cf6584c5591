//! Splunk's HTTP Event Collector, by its table of codes; but what is taken is durable.
//!
//! Splunk stops at the first bad event. Here the good ones behind it are stored too, and the answer
//! names the first bad one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value, json};

use super::intake::Trouble;
use super::{App, Denied, json_answer, token_of};
use crate::ingest;
use crate::limits::ITEMS_MAX;
use crate::token::Stamp;

/// What the collector can answer: its number, the status and the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Code(u8, u16, &'static str);

const SUCCESS: Code = Code(0, 200, "Success");
const TOKEN_REQUIRED: Code = Code(2, 401, "Token is required");
const INVALID_AUTHORIZATION: Code = Code(3, 401, "Invalid authorization");
const INVALID_TOKEN: Code = Code(4, 403, "Invalid token");
const NO_DATA: Code = Code(5, 400, "No data");
const INVALID_DATA: Code = Code(6, 400, "Invalid data format");
const BUSY: Code = Code(9, 503, "Server is busy");
const EVENT_REQUIRED: Code = Code(12, 400, "Event field is required");
const EVENT_BLANK: Code = Code(13, 400, "Event field cannot be blank");
const ACK_DISABLED: Code = Code(14, 400, "ACK is disabled");
const HEALTHY: Code = Code(17, 200, "HEC is healthy");
const UNHEALTHY: Code = Code(18, 503, "HEC is unhealthy, queues are full");
const QUEUE_FULL: Code = Code(26, 429, "HEC queue is at capacity");
/// Splunk has no code for what is too large; only the status speaks.
const TOO_LARGE: Code = Code(6, 413, "Content-Length of the body is too large");

impl Code {
    fn answer(self, event: Option<usize>) -> Response {
        let Self(code, status, text) = self;
        let mut body = json!({"text": text, "code": code});
        if let Some(event) = event {
            body["invalid-event-number"] = event.into();
        }
        json_answer(status, &body)
    }
}

pub(super) async fn take(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    app.collect(&headers, body, envelopes).await
}

pub(super) async fn take_raw(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    app.collect(&headers, body, lines).await
}

/// No token acknowledges: an answer of success says more already, namely that it is stored.
pub(super) async fn acks(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.sender(&headers).await.map_or_else(|code| code, |_| ACK_DISABLED).answer(None)
}

pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    app.store.probe().await.map_or(UNHEALTHY, |()| HEALTHY).answer(None)
}

/// One event: its source and what it says, or why it is none.
type Envelope = Result<(Option<String>, Map<String, Value>), Code>;

impl App {
    async fn sender(&self, headers: &HeaderMap) -> Result<Stamp, Code> {
        if !headers.contains_key(AUTHORIZATION) {
            return Err(TOKEN_REQUIRED);
        }
        let token = token_of(headers, "Splunk").ok_or(INVALID_AUTHORIZATION)?;
        if token.is_empty() {
            return Err(TOKEN_REQUIRED);
        }
        self.admit(token).await.map_err(|denied| match denied {
            Denied::Missing => TOKEN_REQUIRED,
            Denied::Unknown | Denied::Role => INVALID_TOKEN,
            Denied::TooOften => QUEUE_FULL,
        })
    }

    async fn collect(
        &self,
        headers: &HeaderMap,
        body: Body,
        read: fn(&Bytes) -> Result<Vec<Envelope>, Code>,
    ) -> Response {
        let stamp = match self.sender(headers).await {
            Ok(stamp) => stamp,
            Err(code) => return code.answer(None),
        };
        let body = self.body(headers, body).await.map_err(|trouble| match trouble {
            Trouble::TooLarge => TOO_LARGE,
            Trouble::Encoding | Trouble::Broken => INVALID_DATA,
            Trouble::Slow | Trouble::Busy => BUSY,
        });
        let envelopes = match body.and_then(|body| read(&body)) {
            Ok(envelopes) => envelopes,
            Err(code) => return code.answer(None),
        };
        let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
        let (mut all, mut first) = (Vec::new(), None);
        for (number, envelope) in envelopes.into_iter().enumerate() {
            match self.read_one(&stamp, key.map(|key| format!("{key}.{number}")), envelope) {
                Ok(read) => all.push(read),
                Err(code) => {
                    self.count_refused(1);
                    first = first.or(Some((code, number)));
                }
            }
        }
        if let Err(error) = self.keep(all).await {
            tracing::error!(error = &error as &dyn std::error::Error, "events were not stored");
            return BUSY.answer(None);
        }
        match first {
            Some((code, number)) => code.answer(Some(number)),
            None => SUCCESS.answer(None),
        }
    }

    fn read_one(
        &self,
        stamp: &Stamp,
        key: Option<String>,
        one: Envelope,
    ) -> Result<ingest::Read, Code> {
        let (source, event) = one?;
        let context = ingest::Context { key: key.as_deref(), ..self.context(stamp) };
        let read = ingest::collected(context, source.as_deref(), &event);
        read.map_err(|_reason| INVALID_DATA)
    }
}

/// Reads envelopes one behind the other, or in one array.
fn envelopes(body: &Bytes) -> Result<Vec<Envelope>, Code> {
    let text = body.trim_ascii();
    let values: Vec<Result<Value, Code>> = if text.starts_with(b"[") {
        let list: Vec<Value> = serde_json::from_slice(text).map_err(|_| INVALID_DATA)?;
        list.into_iter().map(Ok).collect()
    } else {
        let values = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
        values.take(ITEMS_MAX + 1).map(|value| value.map_err(|_| INVALID_DATA)).collect()
    };
    match values.len() {
        0 => Err(NO_DATA),
        length if length > ITEMS_MAX => Err(TOO_LARGE),
        _ => Ok(values.into_iter().map(|value| value.and_then(envelope)).collect()),
    }
}

fn envelope(mut value: Value) -> Envelope {
    let source = value.get("source").and_then(Value::as_str).map(str::to_owned);
    match value.get_mut("event").map(Value::take) {
        None => Err(EVENT_REQUIRED),
        Some(Value::Object(event)) if event.is_empty() => Err(EVENT_BLANK),
        Some(Value::Object(event)) => Ok((source, event)),
        Some(Value::String(text)) if text.trim().is_empty() => Err(EVENT_BLANK),
        // Loggers like to send JSON as a text.
        Some(Value::String(text)) => {
            Ok((source, serde_json::from_str(&text).map_err(|_| INVALID_DATA)?))
        }
        Some(_) => Err(INVALID_DATA),
    }
}

/// Reads text line by line, one event each.
fn lines(body: &Bytes) -> Result<Vec<Envelope>, Code> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let lines = lines.take(ITEMS_MAX + 1);
    let events = lines.map(|line| match serde_json::from_slice(line) {
        Ok(event) => Ok((None, event)),
        Err(_) => Err(INVALID_DATA),
    });
    let events: Vec<Envelope> = events.collect();
    match events.len() {
        0 => Err(NO_DATA),
        length if length > ITEMS_MAX => Err(TOO_LARGE),
        _ => Ok(events),
    }
}
