//! Why a sink cannot be used as it is planned.

use thiserror::Error;

/// Why no sender can be made. The texts name fields, never values.
#[derive(Debug, Error)]
pub enum SetupError {
    /// Something that the plan asks for is not in the credentials.
    #[error("the secret has no {missing}")]
    Incomplete {
        /// What is missing.
        missing: &'static str,
    },
    /// A certificate or authority is no text.
    #[error("the secret's {field} is not PEM")]
    NotPem {
        /// Which.
        field: &'static str,
    },
    /// The name of a server and a proxy exclude each other: the proxy resolves the name.
    #[error("`tls.serverName` cannot be used through a proxy")]
    ServerName,
    /// A header cannot be sent.
    #[error(transparent)]
    Header(#[from] ktel_delivery::http::BadHeader),
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Client(#[from] ktel_delivery::http::Error),
}
