//! A receiver that follows Splunk's table of answers, since tests cannot install a real Splunk.
//!
//! What the Collector's own receiver does not check is checked here: tokens,
//! channels, indexes, the form of every envelope, and acknowledgements, which are given once.
//! Of a batch with a bad event, Splunk keeps what stands before it, and so does this.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;

use crate::http::{self, Answer, Request};
use crate::loopback::Listening;
use crate::recorded::Recorded;
use crate::tls::ServerTls;
use acks::Acks;
pub use code::Code;
pub use token::Token;

mod acks;
mod code;
mod endpoints;
mod event;
mod token;

#[cfg(test)]
mod tests;

/// A token that every new server knows; it does not acknowledge.
pub const TOKEN: &str = "00000000-0000-4000-8000-000000000001";
/// A token that every new server knows; it acknowledges.
pub const ACK_TOKEN: &str = "00000000-0000-4000-8000-000000000002";
/// A token that every new server knows; it is disabled.
pub const DISABLED_TOKEN: &str = "00000000-0000-4000-8000-000000000003";

/// A running server; it ends when it is dropped.
#[derive(Debug)]
pub struct Splunk {
    listening: Listening,
    scheme: &'static str,
    state: Arc<State>,
}

/// An event that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Indexed {
    /// Whose token it came with.
    pub token: String,
    /// On which channel, if any was named.
    pub channel: Option<String>,
    /// The whole envelope; of a raw line, one with nothing but `event`.
    pub envelope: Value,
}

#[derive(Debug)]
struct State {
    requests: Recorded<Request>,
    indexed: Recorded<Indexed>,
    script: Mutex<Script>,
}

#[derive(Debug)]
struct Script {
    tokens: Vec<Token>,
    health: Code,
    acks: Acks,
    events: VecDeque<Forced>,
    polls: VecDeque<Answer>,
}

/// What happens to one request with events, whatever is in it.
#[derive(Debug)]
enum Forced {
    Instead(Answer),
    TakenAs(Code),
    TakenThen(Answer),
}

impl Splunk {
    /// Starts without TLS, healthy, with [`TOKEN`], [`ACK_TOKEN`] and [`DISABLED_TOKEN`].
    #[must_use]
    pub fn start() -> Self {
        Self::listen(None)
    }

    /// Starts with TLS.
    #[must_use]
    pub fn start_tls(tls: &ServerTls) -> Self {
        Self::listen(Some(tls))
    }

    fn listen(tls: Option<&ServerTls>) -> Self {
        let tokens = vec![
            Token::new(TOKEN),
            Token { ack: true, ..Token::new(ACK_TOKEN) },
            Token { disabled: true, ..Token::new(DISABLED_TOKEN) },
        ];
        let script = Script {
            tokens,
            health: Code::HEALTHY,
            acks: Acks::default(),
            events: VecDeque::new(),
            polls: VecDeque::new(),
        };
        let (requests, indexed) = (Recorded::default(), Recorded::default());
        let state = Arc::new(State { requests, indexed, script: Mutex::new(script) });
        let serving = Arc::clone(&state);
        let listening = Listening::start(tls, move |connection| {
            http::serve(connection, |request| serving.respond(&request));
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        Self { listening, scheme, state }
    }

    /// Gives the address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// Gives the URL, without a path or a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address())
    }

    /// Adds a token, or replaces the one of the same value.
    pub fn set_token(&self, token: Token) {
        let mut script = self.script();
        script.tokens.retain(|known| known.value != token.value);
        script.tokens.push(token);
    }

    /// Chooses what the health endpoint says: one of the codes 17 to 20 and 23.
    pub fn set_health(&self, health: Code) {
        self.script().health = health;
    }

    /// Answers one request with events so, taking nothing, behind what was forced before.
    pub fn reject_next(&self, answer: impl Into<Answer>) {
        self.script().events.push_back(Forced::Instead(answer.into()));
    }

    /// Answers one good request with this code of success, such as [`Code::QUEUE_NEARLY_FULL`].
    pub fn take_next_as(&self, code: Code) {
        self.script().events.push_back(Forced::TakenAs(code));
    }

    /// Takes what is in one request, and then answers so: the events are safe, the client is
    /// not told.
    pub fn take_next_then(&self, answer: impl Into<Answer>) {
        self.script().events.push_back(Forced::TakenThen(answer.into()));
    }

    /// Answers one poll for acknowledgements so; nothing is forgotten by it.
    pub fn reject_next_poll(&self, answer: impl Into<Answer>) {
        self.script().polls.push_back(answer.into());
    }

    /// Says `false` of everything that comes from now on, until [`Splunk::release_acks`].
    pub fn hold_acks(&self) {
        self.script().acks.held = true;
    }

    /// Says `true`, once, of everything that came so far, and of what comes.
    pub fn release_acks(&self) {
        self.script().acks.release();
    }

    /// Forgets all channels, as a restart does: numbers begin at 0 again, and all is `false`.
    pub fn forget_channels(&self) {
        self.script().acks.forget();
    }

    /// Gives the events that were taken so far.
    #[must_use]
    pub fn events(&self) -> Vec<Indexed> {
        self.state.indexed.all()
    }

    /// Gives all events as soon as so many were taken.
    ///
    /// # Panics
    ///
    /// They were not within this time.
    #[must_use]
    #[track_caller]
    pub fn wait_for(&self, count: usize, within: Duration) -> Vec<Indexed> {
        self.state.indexed.wait_for(count, within)
    }

    /// Gives the requests so far, including rejected ones, polls and health checks.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests.all()
    }

    /// Gives all requests as soon as there are so many.
    ///
    /// # Panics
    ///
    /// There are not within this time.
    #[must_use]
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize, within: Duration) -> Vec<Request> {
        self.state.requests.wait_for(count, within)
    }

    /// Counts the connections so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.listening.connections()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.state.script.lock().expect("no holder panics")
    }
}
