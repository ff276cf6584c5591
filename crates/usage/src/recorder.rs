//! One event per command, at no cost: begin, name the command, finalize, close.
//!
//! ```
//! use ktel_usage::event::{Ending, Outcome, Version, Vocabulary};
//! use ktel_usage::recorder::Recorder;
//! use ktel_usage::sink::NoSink;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let vocabulary = Vocabulary::new("acme", ["get apis", "plan"])?;
//! let recorder = Recorder::begin(vocabulary, "0.4.0", Version::One, Box::new(NoSink));
//! recorder.set_command("acme get apis");
//! // … the command runs …
//! let ending = Ending { outcome: Outcome::Success, error_category: None, duration: None };
//! recorder.finalize(ending, "2026-05-12T14:30:45Z".parse()?);
//! recorder.close();
//! # Ok(())
//! # }
//! ```
//!
//! *Guarantees:* at the most one event; none without a command; a recorder that is off allocates
//! nothing and touches nothing; whatever a sink does, [`Recorder::close`] returns within its budget
//! and changes nothing about how the command ends. A recorder that is dropped without having been
//! closed, because of a panic, say, closes itself.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{Ending, Event, Outcome, Version, Vocabulary};
use crate::sink::{Record, Sink};

/// How long a sink that speaks to a network may hold up the end of a command; a person notices 100 ms.
pub const BUDGET: Duration = Duration::from_millis(50);

/// Records one run of one command. May be shared with whoever handles signals.
#[derive(Debug)]
pub struct Recorder {
    state: Mutex<State>,
    clock: Option<fn() -> Timestamp>,
}

#[derive(Debug)]
enum State {
    Off,
    Open(Box<Open>),
}

#[derive(Debug)]
struct Open {
    vocabulary: Vocabulary,
    version: String,
    events: Version,
    sink: Box<dyn Sink>,
    command: Option<String>,
    event: Option<Event>,
    budget: Duration,
}

/// What has become of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// There was none.
    None,
    /// The sink has it.
    Taken,
    /// The sink failed; it is gone, and that is counted as dropped by whoever counts.
    Dropped,
    /// The sink was still at it when the budget was used up; it may or may not arrive.
    Abandoned,
}

impl Recorder {
    /// Makes a recorder that does nothing.
    #[must_use]
    pub const fn off() -> Self {
        Self { state: Mutex::new(State::Off), clock: None }
    }

    /// Begins to record; call it only when consent is given.
    #[must_use]
    pub fn begin(
        vocabulary: Vocabulary,
        version: &str,
        events: Version,
        sink: Box<dyn Sink>,
    ) -> Self {
        let open = Open {
            vocabulary,
            version: version.to_owned(),
            events,
            sink,
            command: None,
            event: None,
            budget: BUDGET,
        };
        Self { state: Mutex::new(State::Open(Box::new(open))), clock: None }
    }

    /// Allows a sink that is not immediate this long.
    #[must_use]
    pub fn within(self, budget: Duration) -> Self {
        if let State::Open(open) = &mut *self.state() {
            open.budget = budget;
        }
        self
    }

    /// Gives it a clock, so that a panic is recorded too.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> Timestamp) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Tells whether something would be recorded.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        matches!(*self.state(), State::Open(_))
    }

    /// Names the command that runs, as the parser of arguments resolved it: its words, and neither
    /// arguments nor flags. What the product did not declare becomes `plugin`.
    pub fn set_command(&self, path: &str) {
        if let State::Open(open) = &mut *self.state() {
            open.command = open.vocabulary.resolve(path).name().map(str::to_owned);
        }
    }

    /// Says that the command has ended. Only the first time counts.
    pub fn finalize(&self, ending: Ending, now: Timestamp) {
        if let State::Open(open) = &mut *self.state() {
            open.finalize(ending, now);
        }
    }

    /// Drops whatever was recorded: its user has just said no.
    pub fn disable(&self) {
        *self.state() = State::Off;
    }

    /// Hands the event to the sink, and is off from then on.
    pub fn close(&self) -> Fate {
        let state = std::mem::replace(&mut *self.state(), State::Off);
        match state {
            State::Off => Fate::None,
            State::Open(open) => open.close(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in here leaves a state that is as good as any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if thread::panicking()
            && let Some(clock) = self.clock
            && self.is_enabled()
        {
            let outcome = Outcome::Panicked;
            let ending = Ending { outcome, error_category: None, duration: None };
            self.finalize(ending, clock());
        }
        self.close();
    }
}

impl Open {
    fn finalize(&mut self, ending: Ending, now: Timestamp) {
        let Some(command) = self.command.as_deref().filter(|_| self.event.is_none()) else {
            return;
        };
        let event = Event::new(now, &self.version, command);
        self.event = Some(match self.events {
            Version::One => event,
            Version::Two => event.ending(ending),
        });
    }

    fn close(self: Box<Self>) -> Fate {
        let Self { event, mut sink, budget, .. } = *self;
        let Some(event) = event else { return Fate::None };
        let record = Record::of(&event);
        if sink.is_immediate() {
            return fate(sink.emit(&record).is_ok());
        }
        // One event, one place: nothing can pile up. The thread ends with the process.
        let (done, taken) = sync_channel(1);
        let emit = move || {
            // Whether anybody still waits makes no difference.
            done.send(sink.emit(&record).is_ok()).ok();
        };
        if thread::Builder::new().name("ktel-event".into()).spawn(emit).is_err() {
            return Fate::Dropped;
        }
        match taken.recv_timeout(budget) {
            Ok(taken) => fate(taken),
            Err(RecvTimeoutError::Timeout) => Fate::Abandoned,
            // The sink panicked.
            Err(RecvTimeoutError::Disconnected) => Fate::Dropped,
        }
    }
}

fn fate(taken: bool) -> Fate {
    if taken { Fate::Taken } else { Fate::Dropped }
}

#[cfg(test)]
mod tests;
