//! Whose token a request shows; it is looked up once, and read by everything behind the guard.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::token::{Role, Stamp};

/// How a token is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Bearer,
    Splunk,
    /// As a password, whatever the name before it.
    Basic,
}

impl Scheme {
    fn word(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Splunk => "Splunk",
            Self::Basic => "Basic",
        }
    }
}

/// Why a token is none, or is good for nothing now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// Nothing is shown.
    Missing,
    /// What is shown is no token, or not in a way that the route takes.
    Scheme,
    /// There is nothing where the token should be.
    Empty,
    Unknown,
    Role,
    TooOften,
}

/// What came of looking at what a request shows.
#[derive(Debug, Clone)]
pub(super) struct Shown(pub(super) Result<Arc<Stamp>, Denied>);

impl Shown {
    /// Gives the token, whatever it is good for.
    pub(super) fn stamp(&self) -> Option<&Stamp> {
        self.0.as_deref().ok()
    }

    /// Gives the token of a sender.
    pub(super) fn sender(&self) -> Result<&Stamp, Denied> {
        match &self.0 {
            Ok(stamp) if stamp.role == Role::Ingest => Ok(stamp),
            Ok(_) => Err(Denied::Role),
            Err(denied) => Err(*denied),
        }
    }
}

/// Finds the token that is shown in one of these ways.
pub(super) fn token<'h>(
    headers: &'h HeaderMap,
    schemes: &[Scheme],
) -> Result<Cow<'h, str>, Denied> {
    let value = headers.get(AUTHORIZATION).ok_or(Denied::Missing)?.to_str();
    let parts = value.ok().and_then(|value| value.split_once(' '));
    let (given, credentials) = parts.ok_or(Denied::Scheme)?;
    let mut schemes = schemes.iter();
    let scheme = schemes.find(|scheme| given.eq_ignore_ascii_case(scheme.word()));
    let token = match scheme.ok_or(Denied::Scheme)? {
        Scheme::Bearer | Scheme::Splunk => Cow::Borrowed(credentials.trim()),
        Scheme::Basic => Cow::Owned(password(credentials.trim()).ok_or(Denied::Scheme)?),
    };
    if token.is_empty() { Err(Denied::Empty) } else { Ok(token) }
}

fn password(credentials: &str) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    Some(pair.split_once(':')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{Denied, Scheme, token};

    #[test]
    fn a_token_is_found_in_the_ways_that_are_taken_and_in_no_other() {
        use Scheme::{Basic, Bearer, Splunk};
        for (authorization, schemes, expected) in [
            (None, &[Bearer][..], Err(Denied::Missing)),
            (Some("Bearer one"), &[Bearer], Ok("one")),
            (Some("bearer  one"), &[Basic, Bearer], Ok("one")),
            (Some("Bearer one"), &[Splunk, Basic], Err(Denied::Scheme)),
            (Some("Bearer one"), &[], Err(Denied::Scheme)),
            (Some("SPLUNK one"), &[Splunk, Basic], Ok("one")),
            (Some("Splunk one"), &[Bearer, Basic], Err(Denied::Scheme)),
            (Some("Basic eDpvbmU="), &[Splunk, Basic], Ok("one")),
            (Some("basic eDpvOm4="), &[Basic], Ok("o:n")),
            (Some("Basic  eDpvbmU="), &[Basic], Ok("one")),
            (Some("Basic eDpvbmU="), &[Bearer], Err(Denied::Scheme)),
            (Some("Basic eA=="), &[Basic], Err(Denied::Scheme)),
            (Some("Basic eDpvbmU"), &[Basic], Err(Denied::Scheme)),
            (Some("Basic eDo="), &[Basic], Err(Denied::Empty)),
            (Some("Bearer "), &[Bearer], Err(Denied::Empty)),
            (Some("Bearer"), &[Bearer], Err(Denied::Scheme)),
            (Some("one"), &[Bearer, Splunk, Basic], Err(Denied::Scheme)),
            (Some("Bearer \u{e9}"), &[Bearer], Err(Denied::Scheme)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(authorization) = authorization {
                let value = HeaderValue::from_bytes(authorization.as_bytes()).unwrap();
                headers.insert("authorization", value);
            }
            let found = token(&headers, schemes);
            assert_eq!(found.as_deref(), expected.as_ref().copied(), "{authorization:?}");
        }
    }
}
