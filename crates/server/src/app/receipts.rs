//! `/v1/keys`, and requests that ask for receipts.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::responses::json_response;
use super::state::App;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The preference of RFC 7240 that asks for receipts.
const REPRESENTATION: &str = "return=representation";

/// The keys that receipts of this receiver are signed with.
pub(super) async fn keys(State(app): State<Arc<App>>) -> Response {
    json_response(200, &json!({"keys": [app.key.described()]}))
}

/// Whether a request asks for receipts.
pub(super) fn are_requested(headers: &HeaderMap) -> bool {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split([',', ';']));
    preferences.any(|preference| preference.trim().eq_ignore_ascii_case(REPRESENTATION))
}

/// Confirms that the preference was applied.
pub(super) fn with_preference_applied(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(PREFERENCE_APPLIED, HeaderValue::from_static(REPRESENTATION));
    answer
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::are_requested;

    #[test]
    fn a_receipt_is_sent_when_the_request_asks_for_it() {
        for (values, expected) in [
            (&["return=representation"][..], true),
            (&["respond-async, Return=Representation; foo=1"], true),
            (&["wait=10", "return=representation"], true),
            (&["return=minimal"], false),
            (&["xreturn=representation"], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("prefer", HeaderValue::from_static(value));
            }
            assert_eq!(are_requested(&headers), expected, "{values:?}");
        }
    }
}
