//! An HTTP(S) server that records requests and gives the answers that a test chooses.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::http::{self, Answer, Request, Response};
use crate::loopback::Listening;
use crate::recorded::Recorded;
use crate::tls::ServerTls;

/// A running server; it ends when it is dropped.
#[derive(Debug)]
pub struct Http {
    listening: Listening,
    scheme: &'static str,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    requests: Recorded<Request>,
    /// The answers to the next requests, and the answer to all others.
    script: Mutex<(VecDeque<Answer>, Answer)>,
    judge: Mutex<Option<Judge>>,
}

/// Chooses an answer by what is in a request.
struct Judge(Box<dyn Fn(&Request) -> Answer + Send>);

impl fmt::Debug for Judge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Judge")
    }
}

impl Http {
    /// Starts without TLS. Every answer is an empty 200 until a test chooses another.
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
        let script = Mutex::new((VecDeque::new(), Response::new(200).into()));
        let state =
            Arc::new(State { requests: Recorded::default(), script, judge: Mutex::default() });
        let serving = Arc::clone(&state);
        let listening = Listening::start(tls, move |connection| {
            http::serve(connection, |request| serving.respond(request));
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

    /// Sets the answer to every request that has none from [`Http::answer_next`].
    pub fn answer(&self, answer: impl Into<Answer>) {
        self.state.script.lock().expect("no holder panics").1 = answer.into();
    }

    /// Chooses the answer to every request that has none from [`Http::answer_next`] by what is in it.
    ///
    /// # Panics
    ///
    /// An earlier one has panicked.
    pub fn answer_by(&self, judge: impl Fn(&Request) -> Answer + Send + 'static) {
        *self.state.judge.lock().expect("no holder panics") = Some(Judge(Box::new(judge)));
    }

    /// Adds the answer to one request, after those that were added before.
    pub fn answer_next(&self, answer: impl Into<Answer>) {
        self.state.script.lock().expect("no holder panics").0.push_back(answer.into());
    }

    /// Gives the requests so far, those that got no answer included.
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
    pub fn wait_for(&self, count: usize, within: Duration) -> Vec<Request> {
        self.state.requests.wait_for(count, within)
    }

    /// Counts the connections so far, those that sent nothing included.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.listening.connections()
    }
}

impl State {
    fn respond(&self, request: Request) -> Answer {
        let judge = self.judge.lock().expect("no holder panics");
        let judged = judge.as_ref().map(|Judge(judge)| judge(&request));
        if !self.requests.push(request) {
            return Answer::Drop;
        }
        let mut script = self.script.lock().expect("no holder panics");
        script.0.pop_front().or(judged).unwrap_or_else(|| script.1.clone())
    }
}
