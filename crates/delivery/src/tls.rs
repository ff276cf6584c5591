//! TLS settings: trusted certificate authorities and the certificate of the client.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

use crate::secret::{Secret, read_text};

mod authority;
mod named;
mod system;

use named::Named;

/// Certificates. Without any, the authorities of the system are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// The certificates to trust instead of those of the system: of authorities, or of servers
    /// themselves. Nothing is trusted that a server's own certificate signed.
    pub authorities: Option<Pem>,
    /// The certificate of the client and its key.
    pub identity: Option<(Pem, Pem)>,
}

/// Certificates or a key in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pem {
    /// A file, which is read when a connection is configured.
    File(PathBuf),
    /// The text itself.
    Text {
        /// Its origin, for errors.
        name: String,
        /// The text, which may hold a key.
        text: Secret,
    },
}

impl fmt::Display for Pem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Text { name, .. } => out.write_str(name),
        }
    }
}

impl Pem {
    fn read(&self) -> Result<Cow<'_, str>, Error> {
        match self {
            Self::File(path) => {
                let failed = |source| Error::Read { name: self.to_string(), source };
                read_text(path).map(Cow::Owned).map_err(failed)
            }
            Self::Text { text, .. } => Ok(Cow::Borrowed(text.reveal())),
        }
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        let text = self.read()?;
        let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        match parsed {
            Ok(chain) if !chain.is_empty() => Ok(chain),
            _ => Err(Error::Empty { name: self.to_string(), what: "certificate" }),
        }
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// It cannot be read.
    #[error("read `{name}`")]
    Read {
        /// The file, or the origin of the text.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// It holds no certificate or key.
    #[error("`{name}` holds no {what} in PEM")]
    Empty {
        /// The file, or the origin of the text.
        name: String,
        /// What is missing.
        what: &'static str,
    },
    /// The certificate and the key do not belong together, or their type is not supported.
    #[error("use the certificate in `{name}`")]
    Unusable {
        /// The file, or the origin of the text.
        name: String,
        /// Why.
        source: rustls::Error,
    },
    /// The system has no certificate authorities.
    #[error("the system has no certificate authorities")]
    NoAuthorities,
}

impl Trust {
    /// Makes the configuration of a connection.
    ///
    /// # Errors
    /// When a file cannot be used, or the system has no authorities and none are named.
    pub fn configure(&self) -> Result<ClientConfig, Error> {
        let verifier = self.verifier()?;
        if verifier.is_empty() { Err(Error::NoAuthorities) } else { self.with(verifier) }
    }

    /// Makes the configuration for a receiver without TLS. The list of certificate authorities may be
    /// empty; then no proxy that speaks TLS is trusted.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub(crate) fn configure_without_tls(&self) -> Result<ClientConfig, Error> {
        self.with(self.verifier()?)
    }

    fn with(&self, verifier: Verifier) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows TLS 1.2 and 1.3");
        let builder = match verifier {
            Verifier::System(roots) => builder.with_root_certificates(roots),
            Verifier::Named(named) => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(named))
            }
        };
        let Some((certificate, key)) = &self.identity else {
            return Ok(builder.with_no_client_auth());
        };
        let chain = certificate.certificates()?;
        let text = key.read()?;
        let parsed = PrivateKeyDer::from_pem_slice(text.as_bytes());
        let empty = Error::Empty { name: key.to_string(), what: "private key" };
        // The error of the parser would quote the key.
        let parsed = parsed.map_err(|_| empty)?;
        builder
            .with_client_auth_cert(chain, parsed)
            .map_err(|source| Error::Unusable { name: certificate.to_string(), source })
    }

    fn verifier(&self) -> Result<Verifier, Error> {
        if let Some(pem) = &self.authorities {
            let algorithms = default_provider().signature_verification_algorithms;
            let unusable = |source| Error::Unusable { name: pem.to_string(), source };
            let named = Named::new(pem.certificates()?, algorithms).map_err(unusable)?;
            return Ok(Verifier::Named(named));
        }
        Ok(Verifier::System(system::authorities()))
    }
}

/// Who says whether a server is trusted.
enum Verifier {
    /// The authorities of the system, if it has any.
    System(Arc<RootCertStore>),
    /// The certificates that a user names, at least one.
    Named(Named),
}

impl Verifier {
    fn is_empty(&self) -> bool {
        matches!(self, Self::System(roots) if roots.is_empty())
    }
}
