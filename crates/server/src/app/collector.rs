//! Splunk's HTTP Event Collector: its response codes, but events are on disk before the response.
//!
//! Splunk stops at the first bad event. Here the good ones after it are stored too, and the response
//! names the first bad one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::code::{
    BUSY, CHANNEL_MISSING, Code, HEALTHY, INCORRECT_INDEX, INVALID_AUTHORIZATION, INVALID_CHANNEL,
    INVALID_DATA, INVALID_TOKEN, QUEUE_FULL, SUCCESS, TOKEN_IN_QUERY, TOKEN_REQUIRED, TOO_LARGE,
    UNHEALTHY,
};
use self::event::{Event, Events};
use super::authentication::{AuthError, AuthResult};
use super::body::{BodyError, BodyMetadata, ReceivedBody};
use super::responses::json_response;
use super::state::App;
use crate::ingest::{self, Reason, TransportDefaults};
use crate::limits::ACKS_PER_REQUEST_MAX;
use crate::record::Source;
use crate::signed::{Forged, signer};
use crate::token::TokenRecord;

pub(super) mod channels;
mod code;
mod event;

pub(super) async fn receive(
    State(app): State<Arc<App>>,
    Extension(auth): Extension<AuthResult>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    app.collect(&Head::of(parts, &auth), body, event::enveloped).await
}

pub(super) async fn receive_raw(
    State(app): State<Arc<App>>,
    Extension(auth): Extension<AuthResult>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    app.collect(&Head::of(parts, &auth), body, event::lines).await
}

pub(super) async fn acks(
    State(app): State<Arc<App>>,
    Extension(auth): Extension<AuthResult>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let acks = app.acks(&Head::of(parts, &auth), body).await;
    acks.map_or_else(|code| code.answer(None), |acks| json_response(200, &json!({"acks": acks})))
}

pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    app.store.probe().await.map_or(UNHEALTHY, |()| HEALTHY).answer(None)
}

/// What a request says besides its body.
struct Head<'s> {
    sender: Result<&'s TokenRecord, Code>,
    channel: Result<Option<String>, Code>,
    metadata: BodyMetadata,
}

impl<'s> Head<'s> {
    fn of(parts: Parts, auth: &'s AuthResult) -> Self {
        let metadata = BodyMetadata::from_headers(&parts.headers);
        Self { sender: sender(&parts, auth), channel: channel(&parts), metadata }
    }
}

/// Finds who sends.
fn sender<'s>(parts: &Parts, auth: &'s AuthResult) -> Result<&'s TokenRecord, Code> {
    auth.sender().map_err(|error| match error {
        AuthError::Missing if query(parts, "token").is_some() => TOKEN_IN_QUERY,
        AuthError::Missing | AuthError::Empty => TOKEN_REQUIRED,
        AuthError::Scheme => INVALID_AUTHORIZATION,
        AuthError::Unknown | AuthError::Role => INVALID_TOKEN,
        AuthError::RateLimited => QUEUE_FULL,
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
    async fn collected_body(&self, head: &Head<'_>, body: Body) -> Result<ReceivedBody<'_>, Code> {
        self.body(&head.metadata, body).await.map_err(|error| match error {
            BodyError::TooLarge => TOO_LARGE,
            BodyError::Encoding | BodyError::Broken => INVALID_DATA,
            BodyError::Slow | BodyError::Busy => BUSY,
        })
    }

    async fn acks(&self, head: &Head<'_>, body: Body) -> Result<Map<String, Value>, Code> {
        let token = head.sender?;
        let channel = head.channel.as_ref().map_err(|code| *code)?;
        let channel = channel.as_deref().ok_or(CHANNEL_MISSING)?;
        let body = self.collected_body(head, body).await?;
        let Acks { acks } = serde_json::from_slice(&body).map_err(|_| INVALID_DATA)?;
        if acks.len() > ACKS_PER_REQUEST_MAX {
            return Err(TOO_LARGE);
        }
        let now_ms = self.elapsed_ms();
        let mut channels = self.channels.lock().expect("no holder panics");
        let given = channels.are_given(token.digest(), channel, &acks, now_ms);
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
            let token = head.sender?;
            let channel = head.channel.as_ref().map_err(|code| *code)?;
            Ok((token, channel.as_deref(), self.collected_body(head, body).await?))
        };
        let (token, channel, body) = match events.await {
            Ok(asked) => asked,
            Err(code) => return Code::answer(code, None),
        };
        let events = match read(&body) {
            Ok(events) => events,
            Err(code) => return code.answer(None),
        };
        let key = head.metadata.key.as_deref();
        let (mut all, mut first) = (Vec::new(), None);
        for (number, event) in events.into_iter().enumerate() {
            match self.read_one(token, key.map(|key| format!("{key}.{number}")), event) {
                Ok(read) => all.push(read),
                Err((code, reason)) => {
                    self.count_rejected(reason, 1);
                    first = first.or(Some((code, number)));
                }
            }
        }
        if let Err(error) = self.store_items(all).await {
            tracing::error!(error = &error as &dyn std::error::Error, "events were not stored");
            return BUSY.answer(None);
        }
        match (first, channel) {
            (Some((code, number)), _) => code.answer(Some(number)),
            (None, None) => SUCCESS.answer(None),
            (None, Some(channel)) => self.acknowledged(token, channel),
        }
    }

    /// Answers with a number that is good at once.
    fn acknowledged(&self, token: &TokenRecord, channel: &str) -> Response {
        let now_ms = self.elapsed_ms();
        let mut channels = self.channels.lock().expect("no holder panics");
        let number = channels.give(token.digest(), channel, now_ms);
        let Code(code, status, text) = SUCCESS;
        json_response(status, &json!({"text": text, "code": code, "ackId": number}))
    }

    /// Reads one event; what cannot be read has a code for its sender, and a reason for us.
    fn read_one(
        &self,
        token: &TokenRecord,
        key: Option<String>,
        event: Result<Event<'_>, Code>,
    ) -> Result<ingest::Read, (Code, &'static str)> {
        let rejected = |reason: Reason| {
            // Splunk's code for a token that may not write this.
            let code = if reason == Reason::Product { INCORRECT_INDEX } else { INVALID_DATA };
            (code, reason.code_and_message().0)
        };
        let malformed = |code| (code, Reason::Malformed.code_and_message().0);
        let Event { source, day, bytes, parsed } = event.map_err(malformed)?;
        let signer = signer(bytes.as_bytes(), &parsed);
        let signer = signer.map_err(|Forged| rejected(Reason::Signature))?;
        let context = ingest::Context {
            key: key.as_deref(),
            signer: signer.as_deref(),
            ..self.context(token)
        };
        let defaults =
            TransportDefaults { source: Source::Collector, product: source.as_deref(), day };
        ingest::collected(context, defaults, &parsed).map_err(rejected)
    }
}
