//! Makes the headers of a sink from its credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use ktel_delivery::Secret;
use ktel_delivery::http::sensitive;

use super::judge::Redactor;
use super::setup_error::SetupError;
use crate::credentials::Credentials;
use crate::plan::{Authentication, SinkPlan};

/// Names the product, then the kind of exporter, as OTLP's specification asks for.
const AGENT: &str = concat!(
    "ktel/",
    env!("CARGO_PKG_VERSION"),
    " OTel-OTLP-Exporter-Rust/",
    env!("CARGO_PKG_VERSION")
);

/// Makes the headers of each request, but a token that is fetched.
pub(super) fn headers(
    plan: &SinkPlan,
    credentials: &Credentials,
    redactor: &mut Redactor,
) -> Result<HeaderMap, SetupError> {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    for (name, value) in &plan.headers {
        let (name, mut value) = sensitive(name, value)?;
        value.set_sensitive(false);
        headers.insert(name, value);
    }
    for name in &plan.secret_headers {
        let found = credentials.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, secret) = found.ok_or(SetupError::Incomplete { missing: "header's value" })?;
        redactor.add(secret.reveal());
        let (name, value) = sensitive(name, secret.reveal())?;
        headers.insert(name, value);
    }
    if let Some((name, value)) = own(&plan.authentication, credentials, redactor)? {
        headers.insert(name, value);
    }
    Ok(headers)
}

fn own(
    authentication: &Authentication,
    credentials: &Credentials,
    redactor: &mut Redactor,
) -> Result<Option<(HeaderName, HeaderValue)>, SetupError> {
    let header = match authentication {
        Authentication::None
        | Authentication::Mtls
        | Authentication::OAuth2ClientCredentials { .. } => return Ok(None),
        Authentication::BearerToken => {
            let token = token(credentials, "token")?;
            redactor.add(token.reveal());
            sensitive(AUTHORIZATION.as_str(), &format!("Bearer {}", token.reveal()))?
        }
        Authentication::ApiKeyHeader { name, prefix } => {
            let key = token(credentials, "API key")?;
            redactor.add(key.reveal());
            sensitive(name, &format!("{prefix}{}", key.reveal()))?
        }
        Authentication::BasicAuth => {
            let (user, password) = user(credentials)?;
            redactor.add(password.reveal());
            let pair = STANDARD.encode(format!("{user}:{}", password.reveal()));
            redactor.add(&pair);
            sensitive(AUTHORIZATION.as_str(), &format!("Basic {pair}"))?
        }
    };
    Ok(Some(header))
}

fn token<'c>(
    credentials: &'c Credentials,
    missing: &'static str,
) -> Result<&'c Secret, SetupError> {
    credentials.token.as_ref().ok_or(SetupError::Incomplete { missing })
}

/// Gives a user and a password, or the id and the secret of an OAuth client.
pub(super) fn user(credentials: &Credentials) -> Result<(&str, &Secret), SetupError> {
    let user =
        credentials.user.as_deref().ok_or(SetupError::Incomplete { missing: "user name" })?;
    let password = credentials.password.as_ref();
    Ok((user, password.ok_or(SetupError::Incomplete { missing: "password" })?))
}
