//! How a sink authenticates.

use url::Url;

use super::reason::{CONFLICT, INVALID};
use crate::resource::finding::Finding;
use crate::resource::messages;
use crate::resource::path::FieldPath;
use crate::resource::spec::{Authentication, SecretKey};
use crate::resource::wire::{self, AuthenticationType as Type, SecretRef};

/// Reads how a sink authenticates. None if it cannot be told.
pub(super) fn normalise(
    written: &wire::Authentication,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<Authentication> {
    let before = findings.len();
    for message in conflicts(written) {
        findings.push(Finding::error(path.clone(), CONFLICT, message));
    }
    if findings.len() > before {
        return None;
    }
    let (kind, secret) = match (&written.kind, &written.basic, &written.bearer) {
        (Some(kind), ..) => (*kind, written.secret_ref.as_ref()?),
        (None, Some(basic), _) => (Type::BasicAuth, &basic.secret_ref),
        (None, None, Some(bearer)) => (Type::BearerToken, &bearer.secret_ref),
        (None, None, None) => return None, // a conflict already
    };
    let key = |key: &str| SecretKey { name: secret.name.clone(), key: key.to_owned() };
    let only = |default: &str| key(secret.key.as_deref().unwrap_or(default));
    Some(match kind {
        Type::BearerToken => Authentication::BearerToken(only("token")),
        Type::BasicAuth => {
            Authentication::BasicAuth { user: key("username"), password: key("password") }
        }
        Type::ApiKeyHeader => Authentication::ApiKeyHeader {
            name: written.header.clone()?,
            prefix: written.prefix.clone().unwrap_or_default(),
            key: only("apiKey"),
        },
        Type::OAuth2ClientCredentials => Authentication::OAuth2ClientCredentials {
            token_url: token_url(written.token_url.as_deref()?, path, findings)?,
            scopes: written.scopes.clone(),
            id: key("clientId"),
            secret: key("clientSecret"),
        },
        Type::Mtls => Authentication::Mtls { certificate: key("tls.crt"), key: key("tls.key") },
    })
}

/// The rules of the CRD, in its order.
fn conflicts(written: &wire::Authentication) -> Vec<&'static str> {
    let is = |kind: Type| written.kind == Some(kind);
    let has_key = |secret: &SecretRef| secret.key.is_some();
    let given = [written.kind.is_some(), written.basic.is_some(), written.bearer.is_some()];
    let has_header = written.header.is_some();
    let has_url = written.token_url.is_some();
    let takes_key = written.kind.is_none() || is(Type::BearerToken) || is(Type::ApiKeyHeader);
    let rules = [
        (given.into_iter().filter(|&is| is).count() == 1, messages::ONE_AUTHENTICATION),
        (written.kind.is_some() == written.secret_ref.is_some(), messages::TYPE_AND_SECRET),
        (takes_key || !written.secret_ref.as_ref().is_some_and(has_key), messages::KEY),
        (!written.basic.as_ref().is_some_and(|basic| has_key(&basic.secret_ref)), messages::KEY),
        (
            if is(Type::ApiKeyHeader) {
                has_header
            } else {
                !has_header && written.prefix.is_none()
            },
            messages::HEADER,
        ),
        (
            if is(Type::OAuth2ClientCredentials) {
                has_url
            } else {
                !has_url && written.scopes.is_empty()
            },
            messages::TOKEN_URL,
        ),
    ];
    rules.into_iter().filter(|(holds, _)| !holds).map(|(_, message)| message).collect()
}

fn token_url(text: &str, path: &FieldPath, findings: &mut Vec<Finding>) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| url.host().is_some());
    if url.is_none() {
        let message = "is no address; write one as `https://login.example.com/token`";
        findings.push(Finding::error(path.field("tokenUrl"), INVALID, message));
    }
    url
}
