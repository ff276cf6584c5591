//! A failed exchange: no answer came that could be read.

use std::error::Error;
use std::fmt;
use std::io;

use thiserror::Error as ThisError;

use crate::limits::TRANSPORT_CAUSES_MAX;
use crate::verdict::{Hold, Trouble, Verdict};

type Cause<'a> = &'a (dyn Error + 'static);

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[error("{message}")]
pub struct Fault {
    /// Its class.
    pub kind: FaultKind,
    /// The innermost error of the transport.
    pub message: String,
}

/// The class of a [`Fault`]. A closed set, so that faults can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// No connection, or it was lost without an answer.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The certificate of the other side is not trusted.
    Untrusted,
    /// The answer is longer than the reader allows.
    TooLong,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Untrusted => "untrusted",
            Self::TooLong => "too-long",
        })
    }
}

impl Fault {
    /// Makes a fault.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Classifies an error of the transport.
    #[must_use]
    pub fn of(error: Cause<'_>) -> Self {
        let causes = causes(error);
        let kind = causes.iter().find_map(|cause| kind(*cause));
        // The innermost error is the most precise one, and outer ones may quote a URL.
        let innermost = causes.last().map(ToString::to_string).unwrap_or_default();
        Self::new(kind.unwrap_or(FaultKind::Unreachable), innermost)
    }
}

impl From<Fault> for Verdict {
    /// Judges a parcel that got no answer. Only a certificate has to be looked at by a person.
    fn from(Fault { kind, message }: Fault) -> Self {
        match kind {
            FaultKind::Unreachable => Self::retry(Trouble::Unreachable, message),
            FaultKind::Timeout => Self::retry(Trouble::Timeout, message),
            FaultKind::Untrusted => Self::held(Hold::Untrusted, message),
            // It may have been accepted: the part that says so was not read.
            FaultKind::TooLong => Self::retry(Trouble::Unconfirmed, message),
        }
    }
}

fn kind(cause: Cause<'_>) -> Option<FaultKind> {
    let http = cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
    let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
    if http || io == Some(io::ErrorKind::TimedOut) {
        return Some(FaultKind::Timeout);
    }
    match cause.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::InvalidCertificate(_)) => Some(FaultKind::Untrusted),
        _ => None,
    }
}

/// Gives an error and its causes. The error inside an I/O error is not its `source`.
fn causes(error: Cause<'_>) -> Vec<Cause<'_>> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next.filter(|_| causes.len() < TRANSPORT_CAUSES_MAX) {
        causes.push(error);
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as Cause<'_>).or_else(|| error.source());
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultKind, Hold, Trouble, Verdict};
    use std::io;

    #[test]
    fn the_cause_is_found_inside_other_errors() {
        let expired = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let wrapped = io::Error::other(io::Error::other(expired.clone()));
        let untrusted = Fault::new(FaultKind::Untrusted, expired.to_string());
        assert_eq!(Fault::of(&wrapped), untrusted);
        let late = io::Error::from(io::ErrorKind::TimedOut);
        assert_eq!(Fault::of(&late), Fault::new(FaultKind::Timeout, "timed out"));
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(Fault::of(&reset), Fault::new(FaultKind::Unreachable, "connection reset"));
    }

    #[test]
    fn a_parcel_without_an_answer_waits_and_an_untrusted_receiver_holds_it() {
        for (kind, expected) in [
            (FaultKind::Unreachable, Verdict::retry(Trouble::Unreachable, "why")),
            (FaultKind::Timeout, Verdict::retry(Trouble::Timeout, "why")),
            (FaultKind::Untrusted, Verdict::held(Hold::Untrusted, "why")),
            (FaultKind::TooLong, Verdict::retry(Trouble::Unconfirmed, "why")),
        ] {
            assert_eq!(Verdict::from(Fault::new(kind, "why")), expected, "{kind}");
        }
    }
}
