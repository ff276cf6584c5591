//! What kind of error a command ended with: one word of a closed list, never a text.

use std::error::Error;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The kinds of errors that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCategory {
    /// A server could not be reached, or could not answer.
    Network,
    /// Somebody is not known, or may not do it.
    Auth,
    /// Something is not there.
    NotFound,
    /// Something is there already, or has changed meanwhile.
    Conflict,
    /// What was given makes no sense.
    InvalidInput,
    /// It took too long.
    Timeout,
    /// It was called off.
    Cancelled,
    /// It should not happen.
    Internal,
    /// Everything else.
    Other,
}

impl ErrorCategory {
    /// Every category.
    pub const ALL: [Self; 9] = [
        Self::Network,
        Self::Auth,
        Self::NotFound,
        Self::Conflict,
        Self::InvalidInput,
        Self::Timeout,
        Self::Cancelled,
        Self::Internal,
        Self::Other,
    ];

    /// Gives the word that is sent.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Auth => "auth",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::InvalidInput => "invalid-input",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
            Self::Other => "other",
        }
    }
}

/// What a crate knows of its own errors. A closure is one, too.
pub trait Classifier {
    /// Gives the category of this very error, without looking at its causes.
    fn category(&self, error: &(dyn Error + 'static)) -> Option<ErrorCategory>;

    /// Gives the category of an error that only says that something went wrong within; it is asked
    /// when no cause says what.
    fn fallback(&self, error: &(dyn Error + 'static)) -> Option<ErrorCategory> {
        _ = error;
        None
    }
}

impl<F> Classifier for F
where
    F: Fn(&(dyn Error + 'static)) -> Option<ErrorCategory>,
{
    fn category(&self, error: &(dyn Error + 'static)) -> Option<ErrorCategory> {
        self(error)
    }
}

/// Tells the category that a status of HTTP stands for; `None` for one that is no error.
#[must_use]
pub fn of_status(status: u16) -> Option<ErrorCategory> {
    Some(match status {
        401 | 403 | 407 | 511 => ErrorCategory::Auth,
        404 | 410 => ErrorCategory::NotFound,
        409 | 412 => ErrorCategory::Conflict,
        408 | 504 => ErrorCategory::Timeout,
        // The server cannot answer now; it may later.
        429 | 502 | 503 => ErrorCategory::Network,
        400..=499 => ErrorCategory::InvalidInput,
        500..=599 => ErrorCategory::Internal,
        _ => return None,
    })
}

/// Finds an error of a type behind the pointers in which chains keep them.
#[must_use]
pub fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let shared = || error.downcast_ref::<Arc<T>>().map(|error| &**error);
    let boxed = || error.downcast_ref::<Box<T>>().map(|error| &**error);
    error.downcast_ref().or_else(shared).or_else(boxed)
}
