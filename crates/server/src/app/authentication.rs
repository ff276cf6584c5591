//! The token of a request. The middleware looks it up once; routes read the result.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::token::TokenRecord;

/// An authentication scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Bearer,
    Splunk,
    /// The token is the password; the user name is ignored.
    Basic,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Splunk => "Splunk",
            Self::Basic => "Basic",
        }
    }
}

/// Why a request is not authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthError {
    /// The request has no `Authorization` header.
    Missing,
    /// The header is malformed, or its scheme is not one of the route.
    Scheme,
    /// The token is empty.
    Empty,
    Unknown,
    /// The token has another role.
    Role,
    RateLimited,
}

/// The token of a request, or why it has none.
#[derive(Debug, Clone)]
pub(super) struct AuthResult(pub(super) Result<Arc<TokenRecord>, AuthError>);

impl AuthResult {
    /// The token, whatever its role.
    pub(super) fn token(&self) -> Option<&TokenRecord> {
        self.0.as_deref().ok()
    }

    /// The token, if it may send.
    pub(super) fn sender(&self) -> Result<&TokenRecord, AuthError> {
        match &self.0 {
            Ok(token) if token.role.may_send() => Ok(token),
            Ok(_) => Err(AuthError::Role),
            Err(error) => Err(*error),
        }
    }
}

/// Extracts the token of a request that uses one of these schemes.
pub(super) fn token<'h>(
    headers: &'h HeaderMap,
    schemes: &[Scheme],
) -> Result<Cow<'h, str>, AuthError> {
    let value = headers.get(AUTHORIZATION).ok_or(AuthError::Missing)?.to_str();
    let parts = value.ok().and_then(|value| value.split_once(' '));
    let (given, credentials) = parts.ok_or(AuthError::Scheme)?;
    let mut schemes = schemes.iter();
    let scheme = schemes.find(|scheme| given.eq_ignore_ascii_case(scheme.as_str()));
    let token = match scheme.ok_or(AuthError::Scheme)? {
        Scheme::Bearer | Scheme::Splunk => Cow::Borrowed(credentials.trim()),
        Scheme::Basic => Cow::Owned(password(credentials.trim()).ok_or(AuthError::Scheme)?),
    };
    if token.is_empty() { Err(AuthError::Empty) } else { Ok(token) }
}

fn password(credentials: &str) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    Some(pair.split_once(':')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{AuthError, Scheme, token};

    #[test]
    fn a_token_is_found_in_the_schemes_that_are_accepted_and_in_no_other() {
        use Scheme::{Basic, Bearer, Splunk};
        for (authorization, schemes, expected) in [
            (None, &[Bearer][..], Err(AuthError::Missing)),
            (Some("Bearer one"), &[Bearer], Ok("one")),
            (Some("bearer  one"), &[Basic, Bearer], Ok("one")),
            (Some("Bearer one"), &[Splunk, Basic], Err(AuthError::Scheme)),
            (Some("Bearer one"), &[], Err(AuthError::Scheme)),
            (Some("SPLUNK one"), &[Splunk, Basic], Ok("one")),
            (Some("Splunk one"), &[Bearer, Basic], Err(AuthError::Scheme)),
            (Some("Basic eDpvbmU="), &[Splunk, Basic], Ok("one")),
            (Some("basic eDpvOm4="), &[Basic], Ok("o:n")),
            (Some("Basic  eDpvbmU="), &[Basic], Ok("one")),
            (Some("Basic eDpvbmU="), &[Bearer], Err(AuthError::Scheme)),
            (Some("Basic eA=="), &[Basic], Err(AuthError::Scheme)),
            (Some("Basic eDpvbmU"), &[Basic], Err(AuthError::Scheme)),
            (Some("Basic eDo="), &[Basic], Err(AuthError::Empty)),
            (Some("Bearer "), &[Bearer], Err(AuthError::Empty)),
            (Some("Bearer"), &[Bearer], Err(AuthError::Scheme)),
            (Some("one"), &[Bearer, Splunk, Basic], Err(AuthError::Scheme)),
            (Some("Bearer \u{e9}"), &[Bearer], Err(AuthError::Scheme)),
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
