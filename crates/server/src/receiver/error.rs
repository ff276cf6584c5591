//! Why a receiver cannot start.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

use super::token_files;
use crate::{catalog, store, tls};

/// Why a receiver cannot start.
#[derive(Debug, Error)]
pub enum Error {
    /// Its schemas do not fit together.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// Its store cannot be opened, or failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Its certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// Its files of tokens cannot be used.
    #[error(transparent)]
    TokenFiles(#[from] token_files::Error),
    /// It cannot listen on an address.
    #[error("listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// Lines over TLS are configured without a certificate.
    #[error("lines over TLS need a certificate")]
    NoCertificate,
}

impl Error {
    /// What an operator can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Catalog(_) | Self::Store(_) => None,
            Self::Tls(_) => Some(
                "name PEM files that belong together; the certificate of the server comes before \
                 those of its issuers",
            ),
            Self::TokenFiles(error) => error.hint(),
            Self::Listen { .. } => Some("name another address; port 0 takes any free port"),
            Self::NoCertificate => Some("name its files with --tls-certificate and --tls-key"),
        }
    }
}
