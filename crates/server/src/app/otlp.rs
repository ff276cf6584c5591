//! `/v1/logs`: OTLP over HTTP, as protobuf or JSON.
//!
//! Rejected records are counted in the response as a partial success. A request that is rejected as a
//! whole gets a `google.rpc.Status` in its own encoding.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};

use super::authentication::{AuthError, AuthResult};
use super::body::{BodyError, BodyMetadata};
use super::responses::status;
use super::state::App;
use crate::ingest::otlp::{Log, LogContent, Unreadable, json, protobuf};
use crate::ingest::{self, Context, Read, Reason, Sender, TransportDefaults};
use crate::limits::RETRY_AFTER_SECONDS;
use crate::record::Source;
use crate::signed::{Forged, signer};
use crate::token::TokenRecord;

/// How a request is written, and so its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Protobuf,
    Json,
}

/// Why a whole request is rejected: the HTTP status, the gRPC code, and a message.
type Rejection = (u16, u8, &'static str);

const INVALID_ARGUMENT: u8 = 3;
const PERMISSION_DENIED: u8 = 7;
const RESOURCE_EXHAUSTED: u8 = 8;
const UNAVAILABLE: u8 = 14;
const UNAUTHENTICATED: u8 = 16;

pub(super) async fn receive(
    State(app): State<Arc<App>>,
    Extension(auth): Extension<AuthResult>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(encoding) = Encoding::of(&parts.headers) else {
        let message = "send application/x-protobuf or application/json";
        return Encoding::Json.reject(415, INVALID_ARGUMENT, message);
    };
    let metadata = BodyMetadata::from_headers(&parts.headers);
    drop(parts);
    match app.store_logs(encoding, &auth, &metadata, body).await {
        Ok(rejected) => encoding.answer(200, encoding.response(&rejected)),
        Err((number, code, message)) => encoding.reject(number, code, message),
    }
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        match value.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Writes an `ExportLogsServiceResponse`.
    fn response(self, rejected: &Rejected) -> Vec<u8> {
        let Rejected(reasons) = rejected;
        let Some(first) = reasons.first() else {
            return match self {
                Self::Protobuf => Vec::new(),
                Self::Json => b"{}".to_vec(),
            };
        };
        let (_, message) = first.code_and_message();
        let count = reasons.len();
        match self {
            Self::Protobuf => {
                let mut partial = vec![1 << 3];
                varint(&mut partial, count as u64);
                bytes(&mut partial, 2, message.as_bytes());
                let mut response = Vec::new();
                bytes(&mut response, 1, &partial);
                response
            }
            Self::Json => json!({"partialSuccess": {
                "rejectedLogRecords": count.to_string(), "errorMessage": message,
            }})
            .to_string()
            .into_bytes(),
        }
    }

    /// Writes a `google.rpc.Status`.
    fn reject(self, number: u16, code: u8, message: &str) -> Response {
        let body = match self {
            Self::Protobuf => {
                let mut status = vec![1 << 3, code];
                bytes(&mut status, 2, message.as_bytes());
                status
            }
            Self::Json => json!({"code": code, "message": message}).to_string().into_bytes(),
        };
        let mut answer = self.answer(number, body);
        let headers = answer.headers_mut();
        match number {
            401 => drop(headers.insert(WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"))),
            429 | 503 => drop(headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into())),
            _ => {}
        }
        answer
    }

    fn answer(self, number: u16, body: Vec<u8>) -> Response {
        let content_type = match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        };
        let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store")];
        (status(number), headers, body).into_response()
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Why records were rejected; the response has the first reason.
#[derive(Debug, Default)]
struct Rejected(Vec<Reason>);

impl App {
    async fn store_logs(
        &self,
        encoding: Encoding,
        auth: &AuthResult,
        metadata: &BodyMetadata,
        body: Body,
    ) -> Result<Rejected, Rejection> {
        let token = auth.sender().map_err(auth_error)?;
        let body = self.body(metadata, body).await.map_err(body_error)?;
        let logs = match encoding {
            Encoding::Protobuf => protobuf::logs(&body),
            Encoding::Json => json::logs(&body),
        };
        let logs = logs.map_err(|unreadable| match unreadable {
            Unreadable::Broken => (400, INVALID_ARGUMENT, "not an ExportLogsServiceRequest"),
            Unreadable::TooMany => (413, INVALID_ARGUMENT, "too much in one request"),
        })?;
        let key = metadata.key.as_deref();
        let (mut all, mut rejected) = (Vec::new(), Vec::new());
        for (index, log) in logs.into_iter().enumerate() {
            match self.read_log(token, key.map(|key| format!("{key}.{index}")).as_deref(), log) {
                Ok(read) => all.push(read),
                Err(reason) => rejected.push(reason),
            }
        }
        if let Err(error) = self.store_items(all).await {
            tracing::error!(error = &error as &dyn std::error::Error, "logs were not stored");
            return Err((503, UNAVAILABLE, "the store does not answer; try again"));
        }
        rejected.iter().for_each(|reason| self.count_rejected(reason.code_and_message().0, 1));
        Ok(Rejected(rejected))
    }

    fn read_log(&self, token: &TokenRecord, key: Option<&str>, log: Log) -> Result<Read, Reason> {
        let (product, day) = (log.product.clone(), log.day);
        let context = Context { key, ..self.context(token) };
        let defaults = TransportDefaults { source: Source::Otlp, product: product.as_deref(), day };
        match log.content() {
            LogContent::Nothing => Err(Reason::Malformed),
            LogContent::Object(item) => ingest::collected(context, defaults, &item),
            LogContent::Text(text) => match serde_json::from_str::<Map<String, Value>>(&text) {
                Ok(item) => {
                    let signer = signer(text.as_bytes(), &item);
                    let signer = signer.map_err(|Forged| Reason::Signature)?;
                    let context = Context { signer: signer.as_deref(), ..context };
                    ingest::collected(context, defaults, &item)
                }
                // The token belongs to a relay, which does not authenticate the author of a line.
                Err(_) => {
                    let context = Context { sender: Sender::Line, ..context };
                    let mut read = ingest::line(context, text.as_bytes())?;
                    read.record.source = Source::Otlp;
                    Ok(read)
                }
            },
        }
    }
}

fn auth_error(error: AuthError) -> Rejection {
    match error {
        AuthError::Missing | AuthError::Scheme => {
            (401, UNAUTHENTICATED, "a bearer token is required")
        }
        AuthError::Empty | AuthError::Unknown => (401, UNAUTHENTICATED, "unknown token"),
        AuthError::Role => (403, PERMISSION_DENIED, "this token has no ingest role"),
        AuthError::RateLimited => (429, RESOURCE_EXHAUSTED, "too many requests"),
    }
}

fn body_error(error: BodyError) -> Rejection {
    let (number, _, message) = error.response();
    match error {
        BodyError::TooLarge | BodyError::Encoding | BodyError::Broken => {
            (number, INVALID_ARGUMENT, message)
        }
        // OTLP clients retry after 503.
        BodyError::Slow | BodyError::Busy => (503, UNAVAILABLE, message),
    }
}
