//! Finds out whose token a request shows, and turns away whoever asks too often.
//!
//! A sender with a token has turns of its own, wherever it comes from. Everybody else shares those of
//! its neighbourhood: who shows no token or a wrong one, who reads, who asks to be forgotten.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Method};

use super::shown::{Denied, Scheme, Shown, token};
use super::{App, refusal};
use crate::rate::{Bucket, Prefix, Rate, Whose};
use crate::token::{Role, Stamp};

/// What a group of routes wants to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// The token of a sender.
    Senders,
    /// The same, in the ways of Splunk's clients.
    Collector,
    /// The token of a reader, in the ways of programs and of browsers.
    Readers,
    /// Nothing.
    Everybody,
}

impl Gate {
    fn schemes(self) -> &'static [Scheme] {
        match self {
            Self::Senders => &[Scheme::Bearer],
            Self::Collector => &[Scheme::Splunk, Scheme::Basic],
            Self::Readers => &[Scheme::Bearer, Scheme::Basic],
            Self::Everybody => &[],
        }
    }

    /// Tells whether a request has turns of its own here if it shows this token.
    fn knows(self, method: &Method, stamp: &Stamp) -> bool {
        let is_for_senders = matches!(self, Self::Senders | Self::Collector);
        is_for_senders && method == Method::POST && stamp.role == Role::Ingest
    }
}

/// Lets senders and whoever has turns left through; each request takes one turn of somebody's.
pub(super) async fn guard(
    State((app, gate)): State<(Arc<App>, Gate)>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut shown = app.shown(request.headers(), gate).await;
    match &shown {
        Ok(stamp) if gate.knows(request.method(), stamp) => {
            // Each way of sending has its own words for it.
            if !app.take_turn(Whose::Token(*stamp.digest())) {
                shown = Err(Denied::TooOften);
            }
        }
        Ok(_) | Err(_) => {
            // What has no neighbourhood did not come over a network.
            let prefix = request.extensions().get::<Prefix>().copied();
            if !prefix.is_none_or(|prefix| app.take_turn_of_neighbours(prefix)) {
                app.counters.answered(429);
                return refusal(429, "rate", "too many requests from this network", None);
            }
        }
    }
    request.extensions_mut().insert(Shown(shown));
    let answer = next.run(request).await;
    app.counters.answered(answer.status().as_u16());
    answer
}

impl App {
    async fn shown(&self, headers: &HeaderMap, gate: Gate) -> Result<Arc<Stamp>, Denied> {
        let token = token(headers, gate.schemes())?;
        self.stamp(&token).await.ok_or(Denied::Unknown)
    }

    /// Takes a turn of all who come one way without a token.
    pub(crate) fn admit_unknown(&self, way: &'static str) -> bool {
        self.take_turn(Whose::Way(way))
    }

    fn take_turn(&self, whose: Whose) -> bool {
        let now_ms = self.elapsed_ms();
        let mut buckets = self.buckets.lock().expect("no holder panics");
        buckets.entry(whose).or_insert_with(|| Bucket::new(Rate::TOKEN, now_ms)).take(now_ms)
    }

    fn take_turn_of_neighbours(&self, prefix: Prefix) -> bool {
        let now_ms = self.elapsed_ms();
        self.prefixes.lock().expect("no holder panics").take(prefix, now_ms)
    }
}
