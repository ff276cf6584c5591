//! The responses that routes share.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;
use tracing::error;

use crate::limits::RETRY_AFTER_SECONDS;
use crate::query::format::AnswerFormat;
use crate::store::error::Error;

pub(super) fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).expect("all statuses are constants of this crate")
}

pub(super) fn json_response(number: u16, body: &impl Serialize) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    let body = serde_json::to_vec(body).expect("keys of responses are strings");
    (status(number), headers, body).into_response()
}

/// Responds in the format that the client asked for.
pub(super) fn text_response(form: AnswerFormat, body: impl Into<Body>) -> Response {
    let no_store = (CACHE_CONTROL, "no-store");
    ([(CONTENT_TYPE, form.media_type()), no_store], body.into()).into_response()
}

/// Responds to a request that failed as a whole.
pub(super) fn error_response(
    number: u16,
    code: &str,
    message: &str,
    item: Option<usize>,
) -> Response {
    let mut answer =
        json_response(number, &json!({"error": {"code": code, "message": message, "item": item}}));
    let headers = answer.headers_mut();
    match number {
        401 => drop(headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        429 | 503 => drop(headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into())),
        _ => {}
    }
    answer
}

/// Responds to a request that the store could not process.
pub(super) fn store_error(error: &Error) -> Response {
    error!(error = error as &dyn std::error::Error, "the store failed");
    match error {
        Error::Full => error_response(503, "full", "the disk is full", None),
        _ => error_response(503, "store", "the store does not answer; try again", None),
    }
}
