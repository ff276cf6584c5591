//! The routes of Kamaji's own receiver, for its clients as they are: no token, no signature.
//!
//! They have a listener of their own, which is off by default. Their rows are marked as
//! unauthenticated, and cannot change those of an installation that signs its reports.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use http::{HeaderMap, Uri};
use serde_json::{Map, Value};

use super::body::BodyMetadata;
use super::guard::{RouteGroup, guard};
use super::responses::{error_response, status, store_error};
use super::state::App;
use crate::ingest::{self, Context, Reason, Sender};
use crate::limits::INSTALLATION_BYTES_MAX;
use crate::record::is_id;

/// How closely responses follow Kamaji's own receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Responses {
    /// Errors have the usual HTTP status codes.
    Strict,
    /// As Kamaji's receiver responds: 500 for invalid JSON, and 200 for unknown routes.
    Compatible,
}

#[derive(Debug, Clone)]
struct Routes {
    app: Arc<App>,
    responses: Responses,
}

/// Builds the router.
pub fn router(app: Arc<App>, responses: Responses) -> Router {
    Router::new()
        .route("/create", post(receive).fallback(unknown))
        .route("/update", post(receive).fallback(unknown))
        .route("/delete", post(receive).fallback(unknown))
        .route("/stats", post(receive).fallback(unknown))
        .fallback(any(other))
        .layer(from_fn_with_state((Arc::clone(&app), RouteGroup::Public), guard))
        .with_state(Routes { app, responses })
}

async fn unknown(State(routes): State<Routes>) -> Response {
    match routes.responses {
        Responses::Strict => error_response(405, "method", "use POST", None),
        Responses::Compatible => status(200).into_response(),
    }
}

async fn other(
    State(routes): State<Routes>,
    method: http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match routes.responses {
        // Kamaji's receiver accepts statistics on every path with this prefix.
        Responses::Compatible
            if method == http::Method::POST && uri.path().starts_with("/stats") =>
        {
            routes.store("stats", BodyMetadata::from_headers(&headers), body).await
        }
        Responses::Compatible => status(200).into_response(),
        Responses::Strict => error_response(404, "not_found", "there is no such route", None),
    }
}

async fn receive(
    State(routes): State<Routes>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let name = uri.path().trim_start_matches('/').to_owned();
    let metadata = BodyMetadata::from_headers(&headers);
    drop((uri, headers));
    routes.store(&name, metadata, body).await
}

impl Routes {
    async fn store(&self, name: &str, metadata: BodyMetadata, body: Body) -> Response {
        let app = &self.app;
        if !app.try_acquire_unauthenticated("kamaji") {
            return error_response(429, "rate", "too many requests", None);
        }
        let body = match app.small_body(&metadata, body).await {
            Ok(body) => body,
            Err(error) => {
                let (number, code, message) = error.response();
                return error_response(number, code, message, None);
            }
        };
        let Ok(parsed) = serde_json::from_slice::<Map<String, Value>>(&body) else {
            return match self.responses {
                Responses::Strict => error_response(400, "malformed", "not a JSON object", None),
                Responses::Compatible => status(500).into_response(),
            };
        };
        if self.responses == Responses::Strict && parsed.get("uuid").is_some_and(is_too_long) {
            let (code, message) = Reason::Key.code_and_message();
            app.count_rejected(code, 1);
            return error_response(400, code, message, None);
        }
        // Kamaji's own receiver ignores the header, so one that cannot be a key is ignored.
        let key = metadata.key.as_deref().filter(|key| is_id(key));
        let context = Context {
            catalog: &app.catalog,
            today: app.today(),
            token_product: None,
            sender: Sender::Kamaji,
            key,
            signer: None,
        };
        let read = match ingest::kamaji(context, name, &parsed) {
            Ok(read) => read,
            Err(reason) => {
                let (code, message) = reason.code_and_message();
                app.count_rejected(code, 1);
                let is_incomplete = matches!(reason, Reason::Empty | Reason::Missing);
                let number = if is_incomplete { 400 } else { reason.status() };
                return error_response(number, code, message, None);
            }
        };
        match app.store_items(vec![read]).await {
            Ok(_) => status(200).into_response(),
            Err(error) => store_error(&error),
        }
    }
}

/// Whether an installation has an id that Kamaji's own database cannot hold either.
fn is_too_long(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.len() > INSTALLATION_BYTES_MAX || id.contains('\0'))
}
