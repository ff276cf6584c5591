//! Which keys of which Secrets a sink needs, and its credentials once they are there.

use std::collections::BTreeSet;

use ktel_delivery::Secret;
use thiserror::Error;

use crate::credentials::Credentials;
use crate::resource::spec::{Authentication, OtlpHttp, SecretKey};

/// Which keys of which Secrets a sink needs. They are in the Exporter's namespace, always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretNeeds {
    /// For [`Credentials::token`].
    pub token: Option<SecretKey>,
    /// For [`Credentials::user`].
    pub user: Option<SecretKey>,
    /// For [`Credentials::password`].
    pub password: Option<SecretKey>,
    /// For [`Credentials::headers`], by name.
    pub headers: Vec<(String, SecretKey)>,
    /// For [`Credentials::authorities`].
    pub authorities: Option<SecretKey>,
    /// For [`Credentials::certificate`].
    pub certificate: Option<SecretKey>,
    /// For [`Credentials::key`].
    pub key: Option<SecretKey>,
}

/// A key that is not there, or cannot be used. Names, never values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Missing {
    /// The Secret or its key is not there.
    #[error("the Secret `{}` has no key `{}`", .0.name, .0.key)]
    Absent(SecretKey),
    /// It is no text, or empty.
    #[error("the key `{}` of the Secret `{}` is empty or no text", .0.key, .0.name)]
    Unusable(SecretKey),
}

impl SecretNeeds {
    pub(super) fn of(otlp: &OtlpHttp) -> Self {
        let mut needs = Self {
            headers: otlp.headers_from.clone(),
            authorities: otlp.authorities.clone(),
            ..Self::default()
        };
        match otlp.authentication.clone() {
            Authentication::None => {}
            Authentication::BearerToken(key) | Authentication::ApiKeyHeader { key, .. } => {
                needs.token = Some(key);
            }
            Authentication::BasicAuth { user, password } => {
                (needs.user, needs.password) = (Some(user), Some(password));
            }
            Authentication::OAuth2ClientCredentials { id, secret, .. } => {
                (needs.user, needs.password) = (Some(id), Some(secret));
            }
            Authentication::Mtls { certificate, key } => {
                (needs.certificate, needs.key) = (Some(certificate), Some(key));
            }
        }
        needs
    }

    /// The names of the Secrets.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        let Self { token, user, password, headers, authorities, certificate, key } = self;
        let single = [token, user, password, authorities, certificate, key];
        let keys = single.into_iter().flatten().chain(headers.iter().map(|(_, key)| key));
        keys.map(|key| key.name.as_str()).collect()
    }

    /// Makes the credentials. `get` gives the value of a key, none where it is not there.
    ///
    /// # Errors
    /// Names all that is missing.
    pub fn credentials(
        &self,
        get: impl Fn(&SecretKey) -> Option<Vec<u8>>,
    ) -> Result<Credentials, Vec<Missing>> {
        let mut missing = Vec::new();
        let mut bytes = |key: &SecretKey| {
            let value = get(key).ok_or_else(|| Missing::Absent(key.clone()));
            let value = value.and_then(|value| {
                if value.is_empty() { Err(Missing::Unusable(key.clone())) } else { Ok(value) }
            });
            value.map_err(|error| missing.push(error)).ok()
        };
        let authorities = self.authorities.as_ref().and_then(&mut bytes);
        let certificate = self.certificate.as_ref().and_then(&mut bytes);
        let mut text = |key: &SecretKey| {
            let value = bytes(key)?;
            let text = String::from_utf8(value).ok().map(|text| text.trim().to_owned());
            Some((key.clone(), text.filter(|text| !text.is_empty())))
        };
        let token = self.token.as_ref().and_then(&mut text);
        let user = self.user.as_ref().and_then(&mut text);
        let password = self.password.as_ref().and_then(&mut text);
        let key = self.key.as_ref().and_then(&mut text);
        let headers: Vec<_> =
            self.headers.iter().map(|(name, key)| (name.clone(), text(key))).collect();
        let mut usable = |found: Option<(SecretKey, Option<String>)>| {
            let (key, text) = found?;
            text.or_else(|| {
                missing.push(Missing::Unusable(key));
                None
            })
        };
        let secret = |text: Option<String>| text.as_deref().map(Secret::new);
        let credentials = Credentials {
            token: secret(usable(token)),
            user: usable(user),
            password: secret(usable(password)),
            key: secret(usable(key)),
            headers: headers
                .into_iter()
                .filter_map(|(name, found)| Some((name, Secret::new(&usable(found)?))))
                .collect(),
            authorities,
            certificate,
            is_pending: false,
        };
        if missing.is_empty() { Ok(credentials) } else { Err(missing) }
    }
}
