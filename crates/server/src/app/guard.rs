//! Turns away whoever asks too often from one neighbourhood of addresses.
//!
//! A sender with a token has turns of its own, wherever it comes from. Everybody else shares those of
//! its neighbourhood: who shows no token or a wrong one, who reads, who asks to be forgotten.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Method};

use super::{App, refusal, token_of};
use crate::rate::Prefix;
use crate::token::Role;

/// Where an installation asks to be forgotten; it has no token.
const FORGET: &str = "/v1/forget";

/// Lets senders and whoever has turns left through.
pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let is_free = is_cheap(path) || app.is_sender(&parts.method, path, &parts.headers).await;
    // What has no neighbourhood did not come over a network.
    let prefix = parts.extensions.get::<Prefix>().copied();
    if !is_free && !prefix.is_none_or(|prefix| app.take_turn(prefix)) {
        return too_often();
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Lets whoever has turns left through: where nobody shows a token, nobody has turns of its own.
pub(super) async fn guard_all(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let prefix = request.extensions().get::<Prefix>().copied();
    if !prefix.is_none_or(|prefix| app.take_turn(prefix)) {
        return too_often();
    }
    next.run(request).await
}

/// Tells whether an answer costs so little that asking for it is never too often: whoever watches a
/// receiver must not lose sight of it because of its neighbours.
pub(crate) fn is_cheap(path: &str) -> bool {
    matches!(path, "/healthz" | "/metrics")
}

fn too_often() -> Response {
    refusal(429, "rate", "too many requests from this network", None)
}

impl App {
    fn take_turn(&self, prefix: Prefix) -> bool {
        let now_ms = self.elapsed_ms();
        self.prefixes.lock().expect("no holder panics").take(prefix, now_ms)
    }

    /// Tells whether a request has a token whose turns are counted where it is stored.
    async fn is_sender(&self, method: &Method, path: &str, headers: &HeaderMap) -> bool {
        if method != Method::POST || path == FORGET {
            return false;
        }
        let token = token_of(headers, "Bearer").or_else(|| token_of(headers, "Splunk"));
        match token {
            Some(token) => self.stamp(token).await.is_some_and(|it| it.role == Role::Ingest),
            None => false,
        }
    }
}
