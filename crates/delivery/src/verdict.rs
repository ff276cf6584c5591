//! What the answer of a receiver means: one pure table per protocol.

use std::time::Duration;

#[cfg(feature = "network")]
use crate::limits::SHOWN_ANSWER_CHARS_MAX;

#[cfg(feature = "network")]
pub mod http;
#[cfg(feature = "network")]
pub mod otlp;
#[cfg(feature = "network")]
mod rejected;
#[cfg(feature = "network")]
pub mod retry_after;
#[cfg(feature = "network")]
pub mod splunk;

/// What to do with a parcel after an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver accepted it.
    Accepted,
    /// The receiver accepted it, and asks us to send more slowly.
    AcceptedSlowly,
    /// The receiver accepted it, but rejected some of its items.
    PartlyAccepted {
        /// How many items it rejected.
        rejected: u64,
        /// The message of the receiver.
        message: String,
    },
    /// Try again later.
    Retry {
        /// Why.
        trouble: Trouble,
        /// How long the receiver asks us to wait.
        after: Option<Duration>,
        /// The message of the receiver or of the transport.
        message: String,
    },
    /// Keep it: somebody has to correct something first. Unless [`Hold::may_concern_one_parcel`], it
    /// says nothing about this parcel, so the others for this receiver wait as well.
    Held {
        /// What has to be corrected.
        hold: Hold,
        /// The message of the receiver or of the transport.
        message: String,
    },
    /// Never try again: the receiver judged this very parcel.
    Rejected {
        /// Why.
        rejection: Rejection,
        /// The message of the receiver.
        message: String,
    },
}

/// Why a parcel has to wait. A closed set, so that reasons can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trouble {
    /// No connection, or it was lost without an answer.
    Unreachable,
    /// The receiver does not answer in time.
    Timeout,
    /// The receiver asks for fewer requests.
    Throttled,
    /// The receiver, or a proxy before it, cannot take it now.
    Unavailable,
    /// Accepted, but never confirmed as stored.
    Unconfirmed,
}

/// What has to be corrected before a parcel can be delivered. A closed set, so that reasons can be
/// counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hold {
    /// The credentials are missing or wrong.
    Unauthorized,
    /// The credentials do not suffice for this parcel. They may for others.
    Forbidden,
    /// A proxy before the receiver requires credentials.
    ProxyUnauthorized,
    /// The address is not one of a receiver.
    NotFound,
    /// The receiver redirects to another address. Credentials are not sent there.
    Redirected,
    /// The receiver is not set up for what was asked.
    Misconfigured,
    /// The certificate of the receiver is not trusted.
    Untrusted,
    /// The receiver could not process it, and does not say that the parcel is the reason. It may be.
    Unprocessed,
}

/// Why a parcel was rejected. A closed set, so that reasons can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rejection {
    /// The receiver cannot read it.
    Malformed,
    /// It is too large.
    TooLarge,
    /// Its line could be read as more than one, so it is not sent.
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
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

impl Hold {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Unauthorized,
        Self::Forbidden,
        Self::ProxyUnauthorized,
        Self::NotFound,
        Self::Redirected,
        Self::Misconfigured,
        Self::Untrusted,
        Self::Unprocessed,
    ];

    /// Gives the word for counters and lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::ProxyUnauthorized => "proxy-unauthorized",
            Self::NotFound => "not-found",
            Self::Redirected => "redirected",
            Self::Misconfigured => "misconfigured",
            Self::Untrusted => "untrusted",
            Self::Unprocessed => "unprocessed",
        }
    }

    /// Says whether it may concern this parcel only. Then the others are sent meanwhile.
    #[must_use]
    pub fn may_concern_one_parcel(self) -> bool {
        match self {
            Self::Forbidden | Self::Unprocessed => true,
            Self::Unauthorized
            | Self::ProxyUnauthorized
            | Self::NotFound
            | Self::Redirected
            | Self::Misconfigured
            | Self::Untrusted => false,
        }
    }
}

impl Rejection {
    /// Gives the word for counters and lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::Unsafe => "unsafe",
            Self::Other => "other",
        }
    }
}

impl Verdict {
    /// Makes a retry without a time.
    pub fn retry(trouble: Trouble, message: impl Into<String>) -> Self {
        Self::Retry { trouble, after: None, message: message.into() }
    }

    /// Makes a hold.
    pub fn held(hold: Hold, message: impl Into<String>) -> Self {
        Self::Held { hold, message: message.into() }
    }

    /// Makes a rejection.
    pub fn rejected(rejection: Rejection, message: impl Into<String>) -> Self {
        Self::Rejected { rejection, message: message.into() }
    }

    /// Gives the message, so that secrets can be removed from it.
    pub fn message_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Accepted | Self::AcceptedSlowly => None,
            Self::PartlyAccepted { message, .. }
            | Self::Retry { message, .. }
            | Self::Held { message, .. }
            | Self::Rejected { message, .. } => Some(message),
        }
    }

    /// Says whether the receiver accepted the parcel.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        match self {
            Self::Accepted | Self::AcceptedSlowly | Self::PartlyAccepted { .. } => true,
            Self::Retry { .. } | Self::Held { .. } | Self::Rejected { .. } => false,
        }
    }
}

/// The parts of an HTTP answer that a verdict needs.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The header `Retry-After`, read.
    pub retry_after: Option<Duration>,
    /// The body, cut at [`limits::RECEIVER_ANSWER_BYTES_MAX`](crate::limits::RECEIVER_ANSWER_BYTES_MAX).
    pub body: &'a [u8],
}

#[cfg(feature = "network")]
impl Answer<'_> {
    /// Gives the beginning of the body as one line without control characters.
    fn says(&self) -> String {
        let text = String::from_utf8_lossy(self.body);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let shown = line.chars().filter(|one| !one.is_control()).take(SHOWN_ANSWER_CHARS_MAX);
        let text: String = shown.collect();
        if text.is_empty() {
            return format!("status {}", self.status);
        }
        format!("status {}: {text}", self.status)
    }
}
