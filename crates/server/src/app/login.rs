//! Sessions of browsers: the page for the token, and what its form does.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use super::body::BodyMetadata;
use super::html::{html, unauthorized, wants_html};
use super::origin::is_own_form;
use super::responses::{error_response, status};
use super::session;
use super::state::App;
use crate::dashboard::login::{LoginReason, render};
use crate::limits::NEXT_BYTES_MAX;

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
struct Login {
    token: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn page(next: Result<Query<Next>, QueryRejection>) -> Response {
    let next = next.map(|Query(next)| next.next).unwrap_or_default();
    html(render(LoginReason::Needed, own_page(&next)))
}

pub(super) async fn log_in(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    match app.log_in(&headers, body).await {
        Ok(answer) => answer,
        Err(answer) => *answer,
    }
}

pub(super) async fn log_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if !is_own_form(&headers) {
        return foreign();
    }
    see_other("/", &session::end(app.is_secure(&headers)))
}

impl App {
    async fn log_in(&self, headers: &HeaderMap, body: Body) -> Result<Response, Box<Response>> {
        if !is_own_form(headers) {
            return Err(Box::new(foreign()));
        }
        let is_form = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !is_form.is_some_and(|value| value.starts_with("application/x-www-form-urlencoded")) {
            let message = "send application/x-www-form-urlencoded";
            return Err(Box::new(error_response(415, "type", message, None)));
        }
        let body = self.small_body(&BodyMetadata::from_headers(headers), body).await;
        let body = body.map_err(|error| {
            let (number, code, message) = error.response();
            Box::new(error_response(number, code, message, None))
        })?;
        let Ok(Login { token, next }) = serde_urlencoded::from_bytes(&body) else {
            return Err(Box::new(error_response(400, "malformed", "`token` is missing", None)));
        };
        let token = token.trim();
        let next = own_page(&next);
        let reason = match self.find_token(token).await {
            Some(record) if record.role.may_send() => LoginReason::Role,
            Some(_) => return Ok(see_other(next, &session::begin(token, self.is_secure(headers)))),
            None => LoginReason::Unknown,
        };
        Err(Box::new(challenge(headers, reason, next)))
    }
}

/// Responds to a reader without a token: a page for a browser, JSON for a program.
pub(super) fn challenge(headers: &HeaderMap, reason: LoginReason, next: &str) -> Response {
    if !wants_html(headers) {
        return unauthorized();
    }
    let mut answer = html(render(reason, own_page(next)));
    *answer.status_mut() = status(401);
    // A browser asks for nothing by itself then.
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

fn foreign() -> Response {
    error_response(403, "origin", "this form belongs to another site", None)
}

fn see_other(next: &str, cookie: &str) -> Response {
    let headers = [(LOCATION, next), (SET_COOKIE, cookie)];
    (status(303), headers).into_response()
}

/// The page to go to: one of this server, else the first.
fn own_page(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    let is_plain = next.len() <= NEXT_BYTES_MAX && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_path && is_plain { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn a_login_leads_to_a_page_of_this_server() {
        for (next, expected) in [
            ("/chart?schema=a&field=b", "/chart?schema=a&field=b"),
            ("", "/"),
            ("https://example.com/", "/"),
            ("//example.com/", "/"),
            ("/\\example.com/", "/"),
            ("/x\r\nset-cookie: y", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            assert_eq!(own_page(next), expected, "{next}");
        }
    }
}
