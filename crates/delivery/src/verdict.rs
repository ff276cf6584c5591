//! What a receiver's answer means: one pure table per protocol.

use std::time::Duration;

pub mod http;
pub mod otlp;
mod rejected;
pub mod retry_after;
pub mod splunk;

/// What to do with a parcel after an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Accepted,
    /// The receiver has it, and asks us to be slower.
    AcceptedSlowly,
    /// The receiver has it but for some of its items, which it does not want.
    PartlyAccepted {
        /// How many it does not want.
        rejected: u64,
        /// What it says.
        message: String,
    },
    /// Try again later.
    Retry {
        /// Why.
        trouble: Trouble,
        /// Not before, says the receiver.
        after: Option<Duration>,
        /// What it says, or what the transport says.
        message: String,
    },
    /// Never try again.
    Refused {
        /// Why.
        refusal: Refusal,
        /// What it says.
        message: String,
    },
}

/// Why a parcel has to wait; a closed list, so that it can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trouble {
    /// No connection, or it was lost without an answer.
    Unreachable,
    /// The receiver does not answer in time.
    Timeout,
    /// The receiver's certificate is not trusted: a person has to mend that, so that another try
    /// at once is no use.
    Untrusted,
    /// The receiver asks for fewer requests.
    Throttled,
    /// The receiver, or what stands before it, cannot take it now.
    Unavailable,
    /// Taken, but never confirmed to be stored.
    Unconfirmed,
}

/// Why a parcel is not wanted; a closed list, so that it can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// The receiver cannot read it.
    Malformed,
    /// It is too large.
    TooLarge,
    /// The credentials are missing or wrong.
    Unauthorized,
    /// Nothing is there that takes parcels.
    NotFound,
    /// The receiver points elsewhere; credentials are not carried after it.
    Redirected,
    /// The receiver is not set up for what was asked.
    Misconfigured,
    /// It speaks for more than it says, so that it is not sent.
    Unsafe,
    /// Anything else.
    Other,
}

impl Trouble {
    /// Gives the word for counters and lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Untrusted => "untrusted",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

impl Refusal {
    /// Gives the word for counters and lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not-found",
            Self::Redirected => "redirected",
            Self::Misconfigured => "misconfigured",
            Self::Unsafe => "unsafe",
            Self::Other => "other",
        }
    }
}

impl Verdict {
    /// Makes a wait without a time.
    pub fn retry(trouble: Trouble, message: impl Into<String>) -> Self {
        Self::Retry { trouble, after: None, message: message.into() }
    }

    /// Makes a refusal.
    pub fn refused(refusal: Refusal, message: impl Into<String>) -> Self {
        Self::Refused { refusal, message: message.into() }
    }

    /// Gives what the receiver says, for whoever has to strike something out of it.
    pub fn message_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Accepted | Self::AcceptedSlowly => None,
            Self::PartlyAccepted { message, .. }
            | Self::Retry { message, .. }
            | Self::Refused { message, .. } => Some(message),
        }
    }

    /// Tells whether the receiver has the parcel.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        match self {
            Self::Accepted | Self::AcceptedSlowly | Self::PartlyAccepted { .. } => true,
            Self::Retry { .. } | Self::Refused { .. } => false,
        }
    }
}

/// What came back over HTTP, as far as a verdict needs it.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The header `Retry-After`, read.
    pub retry_after: Option<Duration>,
    /// The body, cut at [`limits::RECEIVER_ANSWER_BYTES_MAX`](crate::limits::RECEIVER_ANSWER_BYTES_MAX).
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// Gives the beginning of the body for a person: one line, no control characters.
    fn says(&self) -> String {
        const SHOWN: usize = 200; // two lines of a terminal
        let text = String::from_utf8_lossy(self.body);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let text: String = line.chars().filter(|one| !one.is_control()).take(SHOWN).collect();
        if text.is_empty() {
            return format!("status {}", self.status);
        }
        format!("status {}: {text}", self.status)
    }
}
