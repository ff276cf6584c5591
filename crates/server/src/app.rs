//! The routes of a receiver, over one store.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ktel_process::health;

use self::guard::RouteGroup;
use self::responses::{error_response, json_response, store_error};
use crate::openapi;

pub mod audit;
mod authentication;
mod body;
mod chart;
mod charts;
mod choice;
mod collector;
mod counters;
mod forget;
mod guard;
mod html;
pub mod kamaji;
mod lines;
mod login;
pub mod metrics;
mod origin;
mod otlp;
mod public;
pub mod query;
mod question_cache;
mod reader;
mod receipts;
mod reports;
mod responses;
mod session;
mod state;

pub use state::{App, ChartAccess};

/// Builds the router with all routes.
pub fn router(app: Arc<App>) -> Router {
    let ingest = Router::new()
        .route("/v1/reports", post(reports::receive))
        .route("/v1/events", post(reports::receive))
        .route("/v1/logs", post(otlp::receive));
    let collector = Router::new()
        .route("/services/collector", post(collector::receive))
        .route("/services/collector/event", post(collector::receive))
        .route("/services/collector/event/1.0", post(collector::receive))
        .route("/services/collector/raw", post(collector::receive_raw))
        .route("/services/collector/raw/1.0", post(collector::receive_raw))
        .route("/services/collector/ack", post(collector::acks));
    let read = Router::new()
        .route("/", get(charts::page))
        .route("/chart", get(chart::page))
        .route("/chart.svg", get(chart::picture))
        .route("/embed", get(chart::frame))
        .route("/v1/counts", get(chart::counts))
        .route("/v1/series", get(chart::series))
        .route("/v1/query", post(query::ask))
        .route("/v1/rows/{table}", get(query::rows))
        .route("/v1/audit", get(audit::log))
        .route("/metrics", get(metrics::read));
    let public = Router::new()
        .route("/v1/forget", post(forget::receive))
        .route("/v1/keys", get(receipts::keys))
        .route("/services/collector/health", get(collector::health))
        .route("/services/collector/health/1.0", get(collector::health))
        .route("/public/{product}", get(public::page))
        .route("/public/{product}/values.csv", get(public::values))
        .route("/login", get(login::page))
        .route("/login", post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/dictionary", get(charts::dictionary))
        .route("/dashboard.css", get(charts::style))
        .route("/dashboard.js", get(charts::script))
        .route("/favicon.svg", get(charts::icon))
        .route("/transparency", get(charts::transparency))
        .route("/openapi.json", get(openapi_document))
        .route("/readyz", get(ready))
        .fallback(|| async { error_response(404, "not_found", "there is no such route", None) });
    // It has no rate limit: it costs little, and a probe must be answered while other clients of the same
    // network are limited.
    let unlimited = health::liveness().method_not_allowed_fallback(wrong_method);
    let guarded = |group, routes: Router<Arc<App>>| {
        let guard = from_fn_with_state((Arc::clone(&app), group), guard::guard);
        routes.method_not_allowed_fallback(wrong_method).layer(guard)
    };
    guarded(RouteGroup::Public, public)
        .merge(guarded(RouteGroup::Ingest, ingest))
        .merge(guarded(RouteGroup::Collector, collector))
        .merge(guarded(RouteGroup::Read, read))
        .merge(unlimited)
        .with_state(app)
}

async fn wrong_method() -> Response {
    error_response(405, "method", "this route does not support the method", None)
}

async fn openapi_document(State(app): State<Arc<App>>) -> Response {
    json_response(200, &openapi::document(app.today()))
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.store.probe().await {
        Ok(()) => "ok\n".into_response(),
        Err(error) => store_error(&error),
    }
}
