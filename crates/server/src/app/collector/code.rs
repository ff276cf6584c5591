//! The response codes of Splunk's HTTP Event Collector.

use axum::response::Response;
use http::header::RETRY_AFTER;
use serde_json::json;

use crate::app::responses::json_response;
use crate::limits::RETRY_AFTER_SECONDS;

/// A response code of the collector: its number, the HTTP status and the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code(pub(super) u8, pub(super) u16, pub(super) &'static str);

pub(super) const SUCCESS: Code = Code(0, 200, "Success");
pub(super) const TOKEN_REQUIRED: Code = Code(2, 401, "Token is required");
pub(super) const INVALID_AUTHORIZATION: Code = Code(3, 401, "Invalid authorization");
pub(super) const INVALID_TOKEN: Code = Code(4, 403, "Invalid token");
pub(super) const NO_DATA: Code = Code(5, 400, "No data");
pub(super) const INVALID_DATA: Code = Code(6, 400, "Invalid data format");
pub(super) const INCORRECT_INDEX: Code = Code(7, 400, "Incorrect index");
pub(super) const BUSY: Code = Code(9, 503, "Server is busy");
pub(super) const CHANNEL_MISSING: Code = Code(10, 400, "Data channel is missing");
pub(super) const INVALID_CHANNEL: Code = Code(11, 400, "Invalid data channel");
pub(super) const EVENT_REQUIRED: Code = Code(12, 400, "Event field is required");
pub(super) const EVENT_BLANK: Code = Code(13, 400, "Event field cannot be blank");
pub(super) const INDEXED_FIELDS: Code = Code(15, 400, "Error in handling indexed fields");
pub(super) const TOKEN_IN_QUERY: Code = Code(16, 400, "Query string authorization is not enabled");
pub(super) const HEALTHY: Code = Code(17, 200, "HEC is healthy");
pub(super) const UNHEALTHY: Code = Code(18, 503, "HEC is unhealthy, queues are full");
pub(super) const QUEUE_FULL: Code = Code(26, 429, "HEC queue is at capacity");
/// Splunk has no code for bodies that are too large, only the status.
pub(super) const TOO_LARGE: Code = Code(6, 413, "Content-Length of the body is too large");

impl Code {
    pub(super) fn answer(self, event: Option<usize>) -> Response {
        let Self(code, status, text) = self;
        let mut body = json!({"text": text, "code": code});
        if let Some(event) = event {
            body["invalid-event-number"] = event.into();
        }
        let mut answer = json_response(status, &body);
        if matches!(status, 429 | 503) {
            answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        }
        answer
    }
}
