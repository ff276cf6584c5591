//! A term of leadership, and how long it lasts.

use std::fmt;
use std::sync::{Arc, Mutex};

use k8s_openapi::api::coordination::v1::Lease;
use tokio::time::{Instant, sleep_until};

/// A term: the time in which one process leads.
#[derive(Debug)]
pub struct Term {
    /// Its number, larger than that of every term before: a fencing token.
    pub number: i32,
    /// Whether nobody else has led since this process's last term.
    pub continues: bool,
    guard: Guard,
    /// The lease as the API server had it after our last write.
    pub(crate) lease: Lease,
}

impl Term {
    pub(crate) fn new(number: i32, continues: bool, lease: Lease, valid_until: Instant) -> Self {
        Self { number, continues, guard: Guard::until(valid_until), lease }
    }

    /// Gives what tells whether the term lasts, for those who act in it.
    #[must_use]
    pub fn guard(&self) -> Guard {
        self.guard.clone()
    }
}

/// Tells whether a term lasts. Clones tell the same. It costs no request: ask it before each act.
///
/// It is right also after the process was stopped for a while, because it reads a clock instead of
/// waiting for a task. A leader that is stopped between a check and its act is beyond any check; use
/// [`Term::number`] as a fencing token where that matters.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Mutex<Option<Instant>>>);

impl Guard {
    /// Makes a guard that is valid until a moment, for tests of those who ask it.
    #[must_use]
    pub fn until(deadline: Instant) -> Self {
        Self(Arc::new(Mutex::new(Some(deadline))))
    }

    /// Tells whether the process still leads.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.deadline().is_some_and(|deadline| Instant::now() < deadline)
    }

    pub(crate) fn extend(&self, until: Instant) {
        if let Some(deadline) =
            self.0.lock().expect("no code panics while it holds this lock").as_mut()
        {
            *deadline = until;
        }
    }

    /// Ends the term for good.
    pub(crate) fn revoke(&self) {
        *self.0.lock().expect("no code panics while it holds this lock") = None;
    }

    /// Waits until the term has ended; a renewal in the meantime puts that off.
    pub(crate) async fn ended(&self) {
        while let Some(deadline) = self.deadline() {
            if Instant::now() >= deadline {
                return;
            }
            sleep_until(deadline).await;
        }
    }

    fn deadline(&self) -> Option<Instant> {
        *self.0.lock().expect("no code panics while it holds this lock")
    }
}

/// Why a term has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Another process holds the lease, or somebody deleted it.
    Taken,
    /// No renewal succeeded within the renew deadline.
    Expired,
}

impl fmt::Display for Lost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Taken => "the lease is no longer held by this process",
            Self::Expired => "the lease could not be renewed in time",
        })
    }
}
