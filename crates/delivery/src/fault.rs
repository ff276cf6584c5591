//! The verdict when no answer came: made of the error of the transport.

use std::error::Error;
use std::io;

use crate::verdict::{Trouble, Verdict};

type Cause<'a> = &'a (dyn Error + 'static);

/// Judges a failed exchange. Without an answer, the parcel is tried again.
#[must_use]
pub fn judge(error: Cause<'_>) -> Verdict {
    let causes = causes(error);
    let trouble = causes.iter().find_map(|cause| trouble(*cause));
    // The innermost error is the most precise one, and outer ones may quote a URL.
    let innermost = causes.last().map(ToString::to_string).unwrap_or_default();
    Verdict::retry(trouble.unwrap_or(Trouble::Unreachable), innermost)
}

fn trouble(cause: Cause<'_>) -> Option<Trouble> {
    let http = cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
    let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
    if http || io == Some(io::ErrorKind::TimedOut) {
        return Some(Trouble::Timeout);
    }
    match cause.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::InvalidCertificate(_)) => Some(Trouble::Untrusted),
        _ => None,
    }
}

/// Gives an error and its causes. The error inside an I/O error is not its `source`.
fn causes(error: Cause<'_>) -> Vec<Cause<'_>> {
    const DEEP: usize = 16; // chains have five or six
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next.filter(|_| causes.len() < DEEP) {
        causes.push(error);
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as Cause<'_>).or_else(|| error.source());
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::{Trouble, Verdict, judge};
    use std::io;

    #[test]
    fn the_cause_is_found_inside_other_errors() {
        let expired = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let wrapped = io::Error::other(io::Error::other(expired.clone()));
        assert_eq!(judge(&wrapped), Verdict::retry(Trouble::Untrusted, expired.to_string()));
        let late = io::Error::from(io::ErrorKind::TimedOut);
        assert_eq!(judge(&late), Verdict::retry(Trouble::Timeout, "timed out"));
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(judge(&reset), Verdict::retry(Trouble::Unreachable, "connection reset"));
    }
}
