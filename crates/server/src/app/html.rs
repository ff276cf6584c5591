//! Pages for people, with what browsers are told about them.

use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue};
use maud::Markup;

use super::responses::{error_response, status};

/// Allows only our own style, script and pictures, no frames, and forms only to this server.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Whether a client shows pages to people.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|one| one.trim().starts_with("text/html"))
}

/// Responds to a reader without a known token.
pub(super) fn unauthorized() -> Response {
    let mut answer = error_response(401, "token", "a reader or admin token is needed", None);
    // A client that asks for a user name ignores it, and sends the token as the password.
    let ask = HeaderValue::from_static("Basic realm=\"ktel\", charset=\"UTF-8\"");
    answer.headers_mut().insert(WWW_AUTHENTICATE, ask);
    answer
}

/// Responds with a page.
pub(super) fn html(page: Markup) -> Response {
    html_with(page, HeaderValue::from_static(POLICY))
}

/// Responds with a page that other sites may show in a frame, if they may.
pub(super) fn framed(page: Markup, is_public: bool) -> Response {
    let embedders = if is_public { "*" } else { "'none'" };
    let policy = format!(
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors {embedders}"
    );
    html_with(page, HeaderValue::try_from(policy).expect("the policy is plain text"))
}

fn html_with(page: Markup, policy: HeaderValue) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Without the origin, a form could not be told from that of another site.
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status(200), headers, page.into_string()).into_response()
}
