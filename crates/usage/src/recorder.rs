//! Records one event per command: begin, name the command, finalize, close.
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
//! *Guarantees:* at most one event; none without a command; a recorder that is off allocates nothing
//! and opens no file; whatever a sink does, [`Recorder::close`] returns within its budget and never
//! changes how the command ends. A recorder that is dropped before it was closed, for example by a
//! panic, closes itself.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{Ending, Event, Outcome, Version, Vocabulary};
use crate::limits::CLOSE_WITHIN;
use crate::sink::{Record, Sink};

/// Records one run of one command. It may be shared with a signal handler.
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

/// What happened to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// There was no event.
    None,
    /// The sink took it.
    Taken,
    /// The sink failed, and the event is lost.
    Dropped,
    /// The sink did not end within the budget. The event may arrive or not.
    Abandoned,
}

impl Recorder {
    /// Makes a recorder that does nothing.
    #[must_use]
    pub const fn off() -> Self {
        Self { state: Mutex::new(State::Off), clock: None }
    }

    /// Begins to record. Call it only if consent is given.
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
            budget: CLOSE_WITHIN,
        };
        Self { state: Mutex::new(State::Open(Box::new(open))), clock: None }
    }

    /// Sets the budget of a sink that is not immediate.
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

    /// Says whether an event would be recorded.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        matches!(*self.state(), State::Open(_))
    }

    /// Names the command that runs, as the argument parser resolved it: its words, without arguments
    /// and flags. A command that the product did not declare becomes `plugin`.
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

    /// Drops the event, because the user has just turned telemetry off.
    pub fn disable(&self) {
        *self.state() = State::Off;
    }

    /// Gives the event to the sink. The recorder is off from then on.
    pub fn close(&self) -> Fate {
        let state = std::mem::replace(&mut *self.state(), State::Off);
        match state {
            State::Off => Fate::None,
            State::Open(open) => open.close(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock is held leaves a valid state.
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
        // The channel has room for the one event. The thread ends with the process.
        let (done, taken) = sync_channel(1);
        let emit = move || {
            // The recorder may have stopped waiting.
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
