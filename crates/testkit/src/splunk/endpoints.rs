//! Decides what each request gets, in the order in which Splunk looks at it.

use std::sync::MutexGuard;

use serde_json::json;

use super::code::Code;
use super::event::{self, Rejection};
use super::token::{self, Token};
use super::{Forced, Indexed, Script, State};
use crate::http::{Answer, Request, Response};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Event,
    Raw,
    Ack,
    Health,
}

fn endpoint(path: &str) -> Option<Endpoint> {
    let rest = path.strip_prefix("/services/collector")?;
    match rest.strip_suffix("/1.0").unwrap_or(rest) {
        "" | "/event" => Some(Endpoint::Event),
        "/raw" => Some(Endpoint::Raw),
        "/ack" => Some(Endpoint::Ack),
        "/health" => Some(Endpoint::Health),
        _ => None,
    }
}

impl State {
    pub(super) fn respond(&self, request: &Request) -> Answer {
        if !self.requests.push(request.clone()) {
            return Answer::Drop;
        }
        let mut script = self.script.lock().expect("no holder panics");
        match (endpoint(request.path()), request.method.as_str()) {
            (Some(Endpoint::Event), "POST") => self.take(script, request, Endpoint::Event),
            (Some(Endpoint::Raw), "POST") => self.take(script, request, Endpoint::Raw),
            (Some(Endpoint::Ack), "POST") => match script.polls.pop_front() {
                Some(forced) => forced,
                None => poll(&mut script, request).unwrap_or_else(Code::response).into(),
            },
            (Some(Endpoint::Health), "GET") => health(&script, request).response().into(),
            (Some(_), _) => not_found(405, "Method Not Allowed"),
            (None, _) => not_found(404, "The requested URL was not found on this server."),
        }
    }

    fn take(
        &self,
        mut script: MutexGuard<'_, Script>,
        request: &Request,
        endpoint: Endpoint,
    ) -> Answer {
        let (success, instead) = match script.events.pop_front() {
            Some(Forced::Instead(answer)) => return answer,
            Some(Forced::TakenAs(code)) => (code, None),
            Some(Forced::TakenThen(answer)) => (Code::SUCCESS, Some(answer)),
            None => (Code::SUCCESS, None),
        };
        let taken = token::authorize(request, &script.tokens).cloned().and_then(|token| {
            let needed = token.ack || endpoint == Endpoint::Raw;
            let channel = token::channel(request, needed)?;
            Ok((token, channel))
        });
        match taken {
            Ok((token, channel)) => {
                let answer = self.index(&mut script, request, endpoint, (token, channel), success);
                instead.unwrap_or(answer.into())
            }
            Err(code) => code.response().into(),
        }
    }

    /// Keeps what can be read, even if something behind it cannot.
    fn index(
        &self,
        script: &mut Script,
        request: &Request,
        endpoint: Endpoint,
        (token, channel): (Token, Option<String>),
        success: Code,
    ) -> Response {
        let Ok(body) = request.body() else { return Code::INVALID_DATA_FORMAT.response() };
        let read = match endpoint {
            Endpoint::Raw => event::lines(&body),
            Endpoint::Event | Endpoint::Ack | Endpoint::Health => {
                event::envelopes(&body, &token.indexes)
            }
        };
        for envelope in read.envelopes {
            let (token, channel) = (token.value.clone(), channel.clone());
            if !self.indexed.push(Indexed { token, channel, envelope }) {
                return Code::QUEUE_FULL.response();
            }
        }
        let (status, text) = success.status_and_text();
        let mut answer = json!({ "text": text, "code": success.0 });
        match (read.rejection, channel) {
            (Some(rejection), _) => return rejected(rejection),
            (None, Some(channel)) if token.ack => match script.acks.take(&token.value, &channel) {
                Some(number) => answer["ackId"] = number.into(),
                None => return Code::ACK_FULL.response(),
            },
            (None, _) => {}
        }
        Response::json(status, &answer)
    }
}

fn rejected(Rejection { code, event }: Rejection) -> Response {
    let (status, text) = code.status_and_text();
    let mut answer = json!({ "text": text, "code": code.0 });
    if let Some(event) = event {
        answer["invalid-event-number"] = event.into();
    }
    Response::json(status, &answer)
}

fn poll(script: &mut Script, request: &Request) -> Result<Response, Code> {
    let token = token::authorize(request, &script.tokens)?;
    if !token.ack {
        return Err(Code::ACK_DISABLED);
    }
    let channel = token::channel(request, true)?.ok_or(Code::CHANNEL_MISSING)?;
    let body = request.body().map_err(|_not_gzip| Code::INVALID_DATA_FORMAT)?;
    let answer = script.acks.poll(&token.value, &channel, &body);
    Ok(Response::json(200, &answer.ok_or(Code::INVALID_DATA_FORMAT)?))
}

/// Health needs no token, but a bad token is an error.
fn health(script: &Script, request: &Request) -> Code {
    let query = request.query("token");
    let named = |token: &&Token| query.as_ref() == Some(&token.value);
    match script.tokens.iter().find(named) {
        Some(token) if token.disabled => return Code::HEALTH_TOKEN_DISABLED,
        None if query.is_some() => return Code::HEALTH_INVALID_TOKEN,
        Some(_) | None => {}
    }
    match token::authorize(request, &script.tokens) {
        Err(Code::INVALID_TOKEN) => Code::HEALTH_INVALID_TOKEN,
        Err(Code::TOKEN_DISABLED) => Code::HEALTH_TOKEN_DISABLED,
        Ok(_) | Err(_) => script.health,
    }
}

/// Outside the collector's own paths, Splunk puts the status where a code would be.
fn not_found(status: u16, text: &str) -> Answer {
    Response::json(status, &json!({ "text": text, "code": status })).into()
}
