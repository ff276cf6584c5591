//! The routes of a receiver, over one store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ktel_model::standard::Dropped;
use ktel_model::standard::schema::Decision;
use serde::Serialize;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::error;

use crate::doors::Doors;
use crate::ingest::Sender;
use crate::limits::{
    BODIES_BYTES_MAX, GROUP_FLOOR, GROUP_FLOOR_MIN, RETRY_AFTER_SECONDS, TOKENS_KNOWN_FOR,
};
use crate::query::write::Form;
use crate::rate::{Bucket, Prefixes, Whose};
use crate::receipt::Key;
use crate::store::{Error, Store, Stored};
use crate::token::{Stamp, Tokens};
use crate::{Catalog, ingest, openapi};
use counters::Counters;
use guard::Gate;

pub mod ancestor;
pub mod audit;
mod charts;
mod collector;
mod counters;
mod forget;
mod guard;
mod intake;
mod lines;
mod otlp;
pub mod query;
mod receipts;
mod reports;
mod shown;

/// The tokens, as they were a while ago.
#[derive(Debug)]
struct Known {
    tokens: Tokens,
    since: Instant,
}

/// What all routes share.
#[derive(Debug)]
pub struct App {
    catalog: Catalog,
    store: Store,
    tokens: RwLock<Known>,
    buckets: Mutex<HashMap<Whose, Bucket>>,
    channels: Mutex<collector::channels::Channels>,
    prefixes: Mutex<Prefixes>,
    room: Semaphore,
    counters: Counters,
    doors: Option<Arc<Doors>>,
    started: Instant,
    now: fn() -> Timestamp,
    readers: Readers,
    floor: i64,
    questions: query::Questions,
    decisions: Vec<Decision>,
    key: Key,
}

/// Who may look at charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Readers {
    /// Whoever shows a token of a reader or an administrator.
    #[default]
    WithToken,
    /// Everybody; groups are large enough either way.
    Everybody,
}

impl App {
    /// Puts a receiver together. `now` gives the time.
    ///
    /// # Errors
    /// When the store does not give its tokens or its key.
    pub async fn new(
        catalog: Catalog,
        store: Store,
        now: fn() -> Timestamp,
    ) -> Result<Self, Error> {
        let key = store.key(Key::random(now().to_zoned(TimeZone::UTC).date())).await?;
        let tokens = Known { tokens: Tokens::new(store.tokens().await?), since: Instant::now() };
        Ok(Self {
            catalog,
            store,
            tokens: RwLock::new(tokens),
            buckets: Mutex::default(),
            channels: Mutex::default(),
            prefixes: Mutex::new(Prefixes::new(0)),
            room: Semaphore::new(BODIES_BYTES_MAX),
            counters: Counters::default(),
            doors: None,
            started: Instant::now(),
            now,
            readers: Readers::default(),
            floor: GROUP_FLOOR,
            questions: query::Questions::default(),
            decisions: Vec::new(),
            key,
        })
    }

    /// Says who may look at charts, and how many senders a group has at the least.
    #[must_use]
    pub fn readable(mut self, readers: Readers, floor: u32) -> Self {
        (self.readers, self.floor) = (readers, i64::from(floor.max(GROUP_FLOOR_MIN)));
        self
    }

    /// Says what was decided because of the data.
    #[must_use]
    pub fn with_decisions(mut self, decisions: Vec<Decision>) -> Self {
        self.decisions = decisions;
        self
    }

    /// Says by which doors connections come, to tell how many there are.
    #[must_use]
    pub fn with_doors(mut self, doors: Arc<Doors>) -> Self {
        self.doors = Some(doors);
        self
    }

    /// Gives the store, for whoever reads it.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn today(&self) -> Date {
        (self.now)().to_zoned(TimeZone::UTC).date()
    }

    fn context<'a>(&'a self, stamp: &'a Stamp) -> ingest::Context<'a> {
        let (today, bound) = (self.today(), stamp.product.as_deref());
        ingest::Context {
            catalog: &self.catalog,
            today,
            bound,
            sender: Sender::Token,
            key: None,
            signer: None,
        }
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn count_refused(&self, reason: &'static str, items: usize) {
        self.counters.refused(reason, items as u64);
    }

    /// Finds a token. What is known is as old as [`TOKENS_KNOWN_FOR`] at the most: tokens are made
    /// and taken back while a receiver runs.
    async fn stamp(&self, token: &str) -> Option<Arc<Stamp>> {
        let (found, since) = {
            let known = self.tokens.read().expect("no holder panics");
            (known.tokens.find(token).cloned(), known.since)
        };
        if since.elapsed() < TOKENS_KNOWN_FOR {
            return found;
        }
        match self.store.tokens().await {
            Ok(stamps) => {
                let tokens = Tokens::new(stamps);
                let found = tokens.find(token).cloned();
                let known = Known { tokens, since: Instant::now() };
                *self.tokens.write().expect("no holder panics") = known;
                found
            }
            Err(error) => {
                error!(error = &error as &dyn std::error::Error, "the tokens were not read again");
                found
            }
        }
    }

    /// Stores what was read with one sync, and counts it; all of it, or what went wrong first.
    async fn keep(&self, read: Vec<ingest::Read>) -> Result<Vec<Stored>, Error> {
        let mut dropped = Dropped::default();
        read.iter().for_each(|read| dropped.add(&read.dropped));
        let records = read.into_iter().map(|read| read.record).collect();
        let mut all = Vec::new();
        for stored in self.store.append_all(records).await? {
            let stored = stored?;
            self.counters.kept(stored);
            all.push(stored);
        }
        // What is not stored comes again, with all that is dropped of it.
        dropped.iter().for_each(|(reason, values)| self.counters.dropped(reason.word(), values));
        Ok(all)
    }
}

/// Gives every route.
pub fn router(app: Arc<App>) -> Router {
    let senders = Router::new()
        .route("/v1/reports", post(reports::take))
        .route("/v1/events", post(reports::take))
        .route("/v1/logs", post(otlp::take));
    let collector = Router::new()
        .route("/services/collector", post(collector::take))
        .route("/services/collector/event", post(collector::take))
        .route("/services/collector/event/1.0", post(collector::take))
        .route("/services/collector/raw", post(collector::take_raw))
        .route("/services/collector/raw/1.0", post(collector::take_raw))
        .route("/services/collector/ack", post(collector::acks));
    let readers = Router::new()
        .route("/", get(charts::page))
        .route("/v1/counts", get(charts::counts))
        .route("/v1/query", post(query::ask))
        .route("/v1/rows/{table}", get(query::rows))
        .route("/v1/audit", get(audit::trail));
    let everybody = Router::new()
        .route("/v1/forget", post(forget::take))
        .route("/v1/keys", get(receipts::keys))
        .route("/services/collector/health", get(collector::health))
        .route("/services/collector/health/1.0", get(collector::health))
        .route("/dictionary", get(charts::dictionary))
        .route("/dashboard.css", get(charts::style))
        .route("/dashboard.js", get(charts::script))
        .route("/transparency", get(charts::transparency))
        .route("/openapi.json", get(description))
        .route("/readyz", get(ready))
        .fallback(|| async { refusal(404, "not_found", "there is nothing here", None) });
    // These cost so little that asking is never too often: whoever watches a receiver must not lose
    // sight of it because of its neighbours.
    let unguarded = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(metrics))
        .method_not_allowed_fallback(wrong_method);
    let guarded = |gate, routes: Router<Arc<App>>| {
        let guard = from_fn_with_state((Arc::clone(&app), gate), guard::guard);
        routes.method_not_allowed_fallback(wrong_method).layer(guard)
    };
    guarded(Gate::Everybody, everybody)
        .merge(guarded(Gate::Senders, senders))
        .merge(guarded(Gate::Collector, collector))
        .merge(guarded(Gate::Readers, readers))
        .merge(unguarded)
        .with_state(app)
}

async fn wrong_method() -> Response {
    refusal(405, "method", "this route is asked in another way", None)
}

async fn description(State(app): State<Arc<App>>) -> Response {
    json_answer(200, &openapi::document(app.today()))
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.store.probe().await {
        Ok(()) => "ok\n".into_response(),
        Err(error) => unstored(&error),
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app.counters.text(app.doors.as_deref()).expect("a string takes all");
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).expect("every status here is written in this crate")
}

fn json_answer(number: u16, body: &impl Serialize) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (http::header::CACHE_CONTROL, "no-store")];
    let body = serde_json::to_vec(body).expect("what is answered has texts for names");
    (status(number), headers, body).into_response()
}

/// Gives what was read in the form that was asked for.
fn text_answer(form: Form, body: String) -> Response {
    let no_store = (http::header::CACHE_CONTROL, "no-store");
    ([(CONTENT_TYPE, form.media_type()), no_store], body).into_response()
}

/// Gives the answer to a request that is refused as a whole.
fn refusal(number: u16, code: &str, message: &str, item: Option<usize>) -> Response {
    let mut answer =
        json_answer(number, &json!({"error": {"code": code, "message": message, "item": item}}));
    let headers = answer.headers_mut();
    match number {
        401 => drop(headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        429 | 503 => drop(headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into())),
        _ => {}
    }
    answer
}

/// Gives the answer where the store does not take what was sent.
fn unstored(error: &Error) -> Response {
    error!(error = error as &dyn std::error::Error, "the store did not take a record");
    match error {
        Error::Full => refusal(507, "full", "the disk is full", None),
        _ => refusal(503, "store", "the store does not answer; try again", None),
    }
}
