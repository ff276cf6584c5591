//! Splunk's HTTP Event Collector, by its table of codes; but what is taken is durable.
//!
//! Splunk stops at the first bad event. Here the good ones behind it are stored too, and the answer
//! names the first bad one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::request::Parts;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::event::{Event, Events};
use super::intake::{Announced, Held, Trouble};
use super::shown::{Denied, Shown};
use super::{App, json_answer};
use crate::ingest::{self, Loose, Reason};
use crate::limits::{ACKS_ASKED_MAX, RETRY_AFTER_SECONDS};
use crate::record::Source;
use crate::signed::{Forged, signer};
use crate::token::Stamp;

pub(super) mod channels;
mod event;

/// What the collector can answer: its number, the status and the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Code(u8, u16, &'static str);

const SUCCESS: Code = Code(0, 200, "Success");
const TOKEN_REQUIRED: Code = Code(2, 401, "Token is required");
const INVALID_AUTHORIZATION: Code = Code(3, 401, "Invalid authorization");
const INVALID_TOKEN: Code = Code(4, 403, "Invalid token");
const NO_DATA: Code = Code(5, 400, "No data");
const INVALID_DATA: Code = Code(6, 400, "Invalid data format");
const BUSY: Code = Code(9, 503, "Server is busy");
const CHANNEL_MISSING: Code = Code(10, 400, "Data channel is missing");
const INVALID_CHANNEL: Code = Code(11, 400, "Invalid data channel");
const EVENT_REQUIRED: Code = Code(12, 400, "Event field is required");
const EVENT_BLANK: Code = Code(13, 400, "Event field cannot be blank");
const INDEXED_FIELDS: Code = Code(15, 400, "Error in handling indexed fields");
const TOKEN_IN_QUERY: Code = Code(16, 400, "Query string authorization is not enabled");
const HEALTHY: Code = Code(17, 200, "HEC is healthy");
const UNHEALTHY: Code = Code(18, 503, "HEC is unhealthy, queues are full");
const QUEUE_FULL: Code = Code(26, 429, "HEC queue is at capacity");
/// Splunk has no code for what is too large; only the status speaks.
const TOO_LARGE: Code = Code(6, 413, "Content-Length of the body is too large");

impl Code {
    fn answer(self, event: Option<usize>) -> Response {
        let Self(code, status, text) = self;
        let mut body = json!({"text": text, "code": code});
        if let Some(event) = event {
            body["invalid-event-number"] = event.into();
        }
        let mut answer = json_answer(status, &body);
        if matches!(status, 429 | 503) {
            answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        }
        answer
    }
}

pub(super) async fn take(
    State(app): State<Arc<App>>,
    Extension(shown): Extension<Shown>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    app.collect(&Head::of(parts, &shown), body, event::enveloped).await
}

pub(super) async fn take_raw(
    State(app): State<Arc<App>>,
    Extension(shown): Extension<Shown>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    app.collect(&Head::of(parts, &shown), body, event::lines).await
}

pub(super) async fn acks(
    State(app): State<Arc<App>>,
    Extension(shown): Extension<Shown>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let acks = app.acks(&Head::of(parts, &shown), body).await;
    acks.map_or_else(|code| code.answer(None), |acks| json_answer(200, &json!({"acks": acks})))
}

pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    app.store.probe().await.map_or(UNHEALTHY, |()| HEALTHY).answer(None)
}

/// What a request says besides its body.
struct Head<'s> {
    sender: Result<&'s Stamp, Code>,
    channel: Result<Option<String>, Code>,
    announced: Announced,
}

impl<'s> Head<'s> {
    fn of(parts: Parts, shown: &'s Shown) -> Self {
        let announced = Announced::by(&parts.headers);
        Self { sender: sender(&parts, shown), channel: channel(&parts), announced }
    }
}

/// Finds who sends.
fn sender<'s>(parts: &Parts, shown: &'s Shown) -> Result<&'s Stamp, Code> {
    shown.sender().map_err(|denied| match denied {
        Denied::Missing if query(parts, "token").is_some() => TOKEN_IN_QUERY,
        Denied::Missing | Denied::Empty => TOKEN_REQUIRED,
        Denied::Scheme => INVALID_AUTHORIZATION,
        Denied::Unknown | Denied::Role => INVALID_TOKEN,
        Denied::TooOften => QUEUE_FULL,
    })
}

/// Finds the channel that a sender chose, if it chose one.
fn channel(parts: &Parts) -> Result<Option<String>, Code> {
    let header = parts.headers.get("x-splunk-request-channel");
    let header = header.and_then(|value| value.to_str().ok());
    match header.or_else(|| query(parts, "channel")) {
        Some(channel) if !channels::is_channel(channel) => Err(INVALID_CHANNEL),
        named => Ok(named.map(str::to_owned)),
    }
}

fn query<'r>(parts: &'r Parts, name: &str) -> Option<&'r str> {
    let mut pairs = parts.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Which numbers a sender asks for.
#[derive(Deserialize)]
struct Acks {
    acks: Vec<u64>,
}

impl App {
    async fn collected_body(&self, head: &Head<'_>, body: Body) -> Result<Held<'_>, Code> {
        self.body(&head.announced, body).await.map_err(|trouble| match trouble {
            Trouble::TooLarge => TOO_LARGE,
            Trouble::Encoding | Trouble::Broken => INVALID_DATA,
            Trouble::Slow | Trouble::Busy => BUSY,
        })
    }

    async fn acks(&self, head: &Head<'_>, body: Body) -> Result<Map<String, Value>, Code> {
        let stamp = head.sender?;
        let channel = head.channel.as_ref().map_err(|code| *code)?;
        let channel = channel.as_deref().ok_or(CHANNEL_MISSING)?;
        let body = self.collected_body(head, body).await?;
        let Acks { acks } = serde_json::from_slice(&body).map_err(|_| INVALID_DATA)?;
        if acks.len() > ACKS_ASKED_MAX {
            return Err(TOO_LARGE);
        }
        let now_ms = self.elapsed_ms();
        let mut channels = self.channels.lock().expect("no holder panics");
        let given = channels.are_given(stamp.digest(), channel, &acks, now_ms);
        let pairs = acks.iter().zip(given);
        Ok(pairs.map(|(number, given)| (number.to_string(), given.into())).collect())
    }

    async fn collect(
        &self,
        head: &Head<'_>,
        body: Body,
        read: for<'b> fn(&'b Bytes) -> Result<Events<'b>, Code>,
    ) -> Response {
        let events = async {
            let stamp = head.sender?;
            let channel = head.channel.as_ref().map_err(|code| *code)?;
            Ok((stamp, channel.as_deref(), self.collected_body(head, body).await?))
        };
        let (stamp, channel, body) = match events.await {
            Ok(asked) => asked,
            Err(code) => return Code::answer(code, None),
        };
        let events = match read(&body) {
            Ok(events) => events,
            Err(code) => return code.answer(None),
        };
        let key = head.announced.key.as_deref();
        let (mut all, mut first) = (Vec::new(), None);
        for (number, event) in events.into_iter().enumerate() {
            match self.read_one(stamp, key.map(|key| format!("{key}.{number}")), event) {
                Ok(read) => all.push(read),
                Err((code, reason)) => {
                    self.count_refused(reason, 1);
                    first = first.or(Some((code, number)));
                }
            }
        }
        if let Err(error) = self.keep(all).await {
            tracing::error!(error = &error as &dyn std::error::Error, "events were not stored");
            return BUSY.answer(None);
        }
        match (first, channel) {
            (Some((code, number)), _) => code.answer(Some(number)),
            (None, None) => SUCCESS.answer(None),
            (None, Some(channel)) => self.acknowledged(stamp, channel),
        }
    }

    /// Answers with a number that is good at once.
    fn acknowledged(&self, stamp: &Stamp, channel: &str) -> Response {
        let now_ms = self.elapsed_ms();
        let mut channels = self.channels.lock().expect("no holder panics");
        let number = channels.give(stamp.digest(), channel, now_ms);
        let Code(code, status, text) = SUCCESS;
        json_answer(status, &json!({"text": text, "code": code, "ackId": number}))
    }

    /// Reads one event; what cannot be read has a code for its sender, and a reason for us.
    fn read_one(
        &self,
        stamp: &Stamp,
        key: Option<String>,
        event: Result<Event<'_>, Code>,
    ) -> Result<ingest::Read, (Code, &'static str)> {
        let refused = |reason: Reason| (INVALID_DATA, reason.words().0);
        let malformed = |code| (code, Reason::Malformed.words().0);
        let Event { source, day, bytes, parsed } = event.map_err(malformed)?;
        let signer = signer(bytes.as_bytes(), &parsed);
        let signer = signer.map_err(|Forged| refused(Reason::Signature))?;
        let context = ingest::Context {
            key: key.as_deref(),
            signer: signer.as_deref(),
            ..self.context(stamp)
        };
        let loose = Loose { way: Source::Collector, product: source.as_deref(), day };
        ingest::collected(context, loose, &parsed).map_err(refused)
    }
}
