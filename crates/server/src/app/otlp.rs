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
use ktel_otlp::grpc::Code;
use ktel_otlp::{Accepted, Encoding, Signal, Status};
use serde_json::{Map, Value};

use super::authentication::{AuthError, AuthResult};
use super::body::{BodyError, BodyMetadata};
use super::responses::status;
use super::state::App;
use crate::ingest::otlp::{Log, LogContent, Unreadable, logs};
use crate::ingest::{self, Context, Read, Reason, Sender, TransportDefaults};
use crate::limits::RETRY_AFTER_SECONDS;
use crate::record::Source;
use crate::signed::{Forged, signer};
use crate::token::TokenRecord;

/// Why a whole request is rejected: the HTTP status, the gRPC code, and a message.
type Rejection = (u16, Code, &'static str);

pub(super) async fn receive(
    State(app): State<Arc<App>>,
    Extension(auth): Extension<AuthResult>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(encoding) = encoding_of(&parts.headers) else {
        let message = "send application/x-protobuf or application/json";
        return reject(Encoding::Json, (415, Code::InvalidArgument, message));
    };
    let metadata = BodyMetadata::from_headers(&parts.headers);
    drop(parts);
    match app.store_logs(encoding, &auth, &metadata, body).await {
        Ok(accepted) => answer(encoding, 200, accepted.to_body(Signal::Logs, encoding)),
        Err(rejection) => reject(encoding, rejection),
    }
}

/// Finds how a request is encoded, and so its answer.
fn encoding_of(headers: &HeaderMap) -> Option<Encoding> {
    headers.get(CONTENT_TYPE)?.to_str().ok().and_then(Encoding::of)
}

fn reject(encoding: Encoding, (number, code, message): Rejection) -> Response {
    let mut answer = answer(encoding, number, Status::new(code, message).to_body(encoding));
    let headers = answer.headers_mut();
    match number {
        401 => drop(headers.insert(WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"))),
        429 | 503 => drop(headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into())),
        _ => {}
    }
    answer
}

fn answer(encoding: Encoding, number: u16, body: Vec<u8>) -> Response {
    let headers = [(CONTENT_TYPE, encoding.content_type()), (CACHE_CONTROL, "no-store")];
    (status(number), headers, body).into_response()
}

/// Counts the rejected records; the first of them says why.
fn accepted(rejected: &[Reason]) -> Accepted {
    match rejected.first() {
        None => Accepted::all(),
        Some(first) => Accepted::partly(rejected.len() as u64, first.code_and_message().1),
    }
}

impl App {
    async fn store_logs(
        &self,
        encoding: Encoding,
        auth: &AuthResult,
        metadata: &BodyMetadata,
        body: Body,
    ) -> Result<Accepted, Rejection> {
        let token = auth.sender().map_err(auth_error)?;
        let body = self.body(metadata, body).await.map_err(body_error)?;
        let logs = logs(&body, encoding).map_err(|unreadable| match unreadable {
            Unreadable::Broken => (400, Code::InvalidArgument, "not an ExportLogsServiceRequest"),
            Unreadable::TooMany => (413, Code::InvalidArgument, "too much in one request"),
        })?;
        let key = metadata.key.as_deref();
        let (mut all, mut rejected) = (Vec::new(), Vec::new());
        for (index, log) in logs.into_iter().enumerate() {
            match self.read_log(token, key.map(|key| format!("{key}.{index}")).as_deref(), log) {
                Ok(read) => all.push(read),
                Err(reason) => rejected.push(reason),
            }
        }
        // Nothing would be stored; with this status, the sender can keep it for another token.
        if all.is_empty() && rejected.contains(&Reason::Product) {
            self.count_rejected(Reason::Product.code_and_message().0, rejected.len());
            return Err((403, Code::PermissionDenied, Reason::Product.code_and_message().1));
        }
        if let Err(error) = self.store_items(all).await {
            tracing::error!(error = &error as &dyn std::error::Error, "logs were not stored");
            return Err((503, Code::Unavailable, "the store does not answer; try again"));
        }
        rejected.iter().for_each(|reason| self.count_rejected(reason.code_and_message().0, 1));
        Ok(accepted(&rejected))
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
            (401, Code::Unauthenticated, "a bearer token is required")
        }
        AuthError::Empty | AuthError::Unknown => (401, Code::Unauthenticated, "unknown token"),
        AuthError::Role => (403, Code::PermissionDenied, "this token has no ingest role"),
        AuthError::RateLimited => (429, Code::ResourceExhausted, "too many requests"),
    }
}

fn body_error(error: BodyError) -> Rejection {
    let (number, _, message) = error.response();
    match error {
        BodyError::TooLarge | BodyError::Encoding | BodyError::Broken => {
            (number, Code::InvalidArgument, message)
        }
        // OTLP clients retry after 503.
        BodyError::Slow | BodyError::Busy => (503, Code::Unavailable, message),
    }
}
