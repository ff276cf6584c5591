//! `/v1/forget`: an installation that signs is erased everywhere, without anybody's leave.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::intake::Announced;
use super::{App, json_answer, refusal, unstored};
use crate::limits::DAYS_AHEAD_MAX;
use crate::record::day_number;
use crate::signed::signer;

/// The name of the item.
const FORGET: &str = "ktel/forget";

pub(super) async fn take(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    if !app.admit_unknown("forget") {
        return refusal(429, "rate", "too many requests", None);
    }
    let announced = Announced::by(&headers);
    drop(headers);
    let body = match app.small_body(&announced, body).await {
        Ok(body) => body,
        Err(trouble) => {
            let (number, code, message) = trouble.words();
            return refusal(number, code, message, None);
        }
    };
    let Ok(item) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return refusal(400, "malformed", "not a JSON object", None);
    };
    if item.get("schema").and_then(Value::as_str) != Some(FORGET) {
        return refusal(422, "unknown_schema", "this route takes `ktel/forget`", None);
    }
    let Ok(Some(installation)) = signer(&body, &item) else {
        return refusal(403, "signature", "only the installation itself can ask for this", None);
    };
    let day = item.get("day").and_then(Value::as_str).and_then(|day| day.parse::<Date>().ok());
    // Somebody who has seen the request must not be able to send it again next month.
    let is_now = |day: Date| (day_number(day) - day_number(app.today())).abs() <= DAYS_AHEAD_MAX;
    if !day.is_some_and(is_now) {
        return refusal(400, "day", "`day` is not today", None);
    }
    match app.store.forget(&installation).await {
        Ok(forgotten) => {
            let receipt = app.key.forgotten(&installation, app.today(), &forgotten);
            let (items, records) = (forgotten.items, forgotten.records);
            json_answer(
                200,
                &json!({"rows": forgotten.rows, "items": items, "records": records,
                    "receipt": receipt}),
            )
        }
        Err(error) => unstored(&error),
    }
}
