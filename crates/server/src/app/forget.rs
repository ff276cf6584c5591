//! `/v1/forget`: erases an installation at its own request. The request is signed by its key.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::body::BodyMetadata;
use super::responses::{error_response, json_response, store_error};
use super::state::App;
use crate::limits::DAYS_AHEAD_MAX;
use crate::record::day_number;
use crate::signed::signer;

/// The name of the item.
const FORGET: &str = "ktel/forget";

pub(super) async fn receive(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !app.try_acquire_unauthenticated("forget") {
        return error_response(429, "rate", "too many requests", None);
    }
    let metadata = BodyMetadata::from_headers(&headers);
    drop(headers);
    let body = match app.small_body(&metadata, body).await {
        Ok(body) => body,
        Err(error) => {
            let (number, code, message) = error.response();
            return error_response(number, code, message, None);
        }
    };
    let Ok(item) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return error_response(400, "malformed", "not a JSON object", None);
    };
    if item.get("schema").and_then(Value::as_str) != Some(FORGET) {
        return error_response(422, "unknown_schema", "this route accepts `ktel/forget`", None);
    }
    let Ok(Some(installation)) = signer(&body, &item) else {
        return error_response(
            403,
            "signature",
            "the request must be signed by the key of the installation",
            None,
        );
    };
    let day = item.get("day").and_then(Value::as_str).and_then(|day| day.parse::<Date>().ok());
    // A recorded request must not be usable again later.
    let is_now = |day: Date| (day_number(day) - day_number(app.today())).abs() <= DAYS_AHEAD_MAX;
    if !day.is_some_and(is_now) {
        return error_response(400, "day", "`day` must be today", None);
    }
    match app.store.forget(&installation).await {
        Ok(forgotten) => {
            let receipt = app.key.forgotten(&installation, app.today(), &forgotten);
            let (items, records) = (forgotten.items, forgotten.records);
            json_response(
                200,
                &json!({"rows": forgotten.rows, "items": items, "records": records,
                    "receipt": receipt}),
            )
        }
        Err(error) => store_error(&error),
    }
}
