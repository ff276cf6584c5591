//! The routes of Kamaji's own receiver, for its clients as they are: no token, no signature.
//!
//! They have a listener of their own, which only an operator opens. Rows say that nobody vouches
//! for them, and cannot touch those of an installation that signs.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use http::{HeaderMap, Uri};
use serde_json::{Map, Value};

use super::guard::{Gate, guard};
use super::intake::Announced;
use super::{App, refusal, status, unstored};
use crate::ingest::{self, Context, Reason, Sender};

/// How faithful the answers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// What is wrong is said so.
    Strict,
    /// As the ancestor does it: bad JSON is 500, and what it does not know is 200.
    Ancestor,
}

#[derive(Debug, Clone)]
struct Routes {
    app: Arc<App>,
    answers: Answers,
}

/// Gives the routes.
pub fn router(app: Arc<App>, answers: Answers) -> Router {
    Router::new()
        .route("/create", post(take).fallback(unknown))
        .route("/update", post(take).fallback(unknown))
        .route("/delete", post(take).fallback(unknown))
        .route("/stats", post(take).fallback(unknown))
        .fallback(any(other))
        .layer(from_fn_with_state((Arc::clone(&app), Gate::Everybody), guard))
        .with_state(Routes { app, answers })
}

async fn unknown(State(routes): State<Routes>) -> Response {
    match routes.answers {
        Answers::Strict => refusal(405, "method", "events are posted", None),
        Answers::Ancestor => status(200).into_response(),
    }
}

async fn other(
    State(routes): State<Routes>,
    method: http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match routes.answers {
        // There, every path that begins so takes numbers.
        Answers::Ancestor if method == http::Method::POST && uri.path().starts_with("/stats") => {
            routes.store("stats", Announced::by(&headers), body).await
        }
        Answers::Ancestor => status(200).into_response(),
        Answers::Strict => refusal(404, "not_found", "there is nothing here", None),
    }
}

async fn take(State(routes): State<Routes>, uri: Uri, headers: HeaderMap, body: Body) -> Response {
    let name = uri.path().trim_start_matches('/').to_owned();
    let announced = Announced::by(&headers);
    drop((uri, headers));
    routes.store(&name, announced, body).await
}

impl Routes {
    async fn store(&self, name: &str, announced: Announced, body: Body) -> Response {
        let app = &self.app;
        if !app.admit_unknown("kamaji") {
            return refusal(429, "rate", "too many requests", None);
        }
        let body = match app.small_body(&announced, body).await {
            Ok(body) => body,
            Err(trouble) => {
                let (number, code, message) = trouble.words();
                return refusal(number, code, message, None);
            }
        };
        let Ok(parsed) = serde_json::from_slice::<Map<String, Value>>(&body) else {
            return match self.answers {
                Answers::Strict => refusal(400, "malformed", "not a JSON object", None),
                Answers::Ancestor => status(500).into_response(),
            };
        };
        let context = Context {
            catalog: &app.catalog,
            today: app.today(),
            bound: None,
            sender: Sender::Ancestor,
            key: None,
            signer: None,
        };
        let read = match ingest::ancestor(context, name, &parsed) {
            Ok(read) => read,
            Err(reason) => {
                let (code, message) = reason.words();
                app.count_refused(code, 1);
                let is_incomplete = matches!(reason, Reason::Empty | Reason::Missing);
                let number = if is_incomplete { 400 } else { reason.status() };
                return refusal(number, code, message, None);
            }
        };
        match app.keep(vec![read]).await {
            Ok(_) => status(200).into_response(),
            Err(error) => unstored(&error),
        }
    }
}
