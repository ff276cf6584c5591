//! The values of a sink's secrets. They come beside the plan and may change while it runs.

use std::fmt;

use ktel_delivery::Secret;

/// The values of a sink's secrets, as read from its Secrets or files. Each is there if the plan asks for it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// A bearer token or an API key.
    pub token: Option<Secret>,
    /// The user of basic authentication, or the OAuth client's id.
    pub user: Option<String>,
    /// The password of basic authentication, or the OAuth client's secret.
    pub password: Option<Secret>,
    /// Headers with secret values.
    pub headers: Vec<(String, Secret)>,
    /// The authorities that are trusted, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// The client's certificate and its chain, as PEM.
    pub certificate: Option<Vec<u8>>,
    /// The client's key, as PEM.
    pub key: Option<Secret>,
    /// They are not known yet: nothing is sent until they are.
    pub is_pending: bool,
}

impl Credentials {
    /// Gives those of a sink whose Secrets were not looked for yet.
    #[must_use]
    pub fn pending() -> Self {
        Self { is_pending: true, ..Self::default() }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Credentials") // never their values
    }
}
