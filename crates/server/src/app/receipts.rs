//! `/v1/keys`, and who wants a receipt.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::{App, json_answer};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// What RFC 7240 calls the wish for more than a word of success.
const REPRESENTATION: &str = "return=representation";

/// The keys that receipts of this receiver are signed with.
pub(super) async fn keys(State(app): State<Arc<App>>) -> Response {
    json_answer(200, &json!({"keys": [app.key.described()]}))
}

/// Tells whether the sender wants receipts.
pub(super) fn are_wanted(headers: &HeaderMap) -> bool {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split([',', ';']));
    preferences.any(|preference| preference.trim().eq_ignore_ascii_case(REPRESENTATION))
}

/// Says that the wish was heard.
pub(super) fn given(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(PREFERENCE_APPLIED, HeaderValue::from_static(REPRESENTATION));
    answer
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::are_wanted;

    #[test]
    fn a_receipt_is_wanted_by_those_who_say_so() {
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
            assert_eq!(are_wanted(&headers), expected, "{values:?}");
        }
    }
}
