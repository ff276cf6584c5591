//! TLS settings: trusted certificate authorities and the certificate of the client.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

use crate::secret::read_text;

/// Files of certificates. Without any, the authorities of the system are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Trust {
    /// The certificate authorities to trust instead of those of the system.
    pub authorities: Option<PathBuf>,
    /// The certificate of the client and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Why a certificate file cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// It cannot be read.
    #[error("read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds no certificate or key.
    #[error("`{}` holds no {what} in PEM", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What is missing.
        what: &'static str,
    },
    /// The certificate and the key do not belong together, or their type is not supported.
    #[error("use the certificate in `{}`", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
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
        let roots = self.roots()?;
        if roots.is_empty() { Err(Error::NoAuthorities) } else { self.with(roots) }
    }

    /// Makes the configuration for a receiver without TLS. The list of certificate authorities may be
    /// empty; then no proxy that speaks TLS is trusted.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub(crate) fn configure_without_tls(&self) -> Result<ClientConfig, Error> {
        self.with(self.roots()?)
    }

    fn with(&self, roots: RootCertStore) -> Result<ClientConfig, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows TLS 1.2 and 1.3")
            .with_root_certificates(roots);
        let Some((certificate, key)) = &self.identity else {
            return Ok(builder.with_no_client_auth());
        };
        let chain = certificates(certificate)?;
        let text = read(key)?;
        let parsed = PrivateKeyDer::from_pem_slice(text.as_bytes());
        let empty = Error::Empty { path: key.clone(), what: "private key" };
        // The error of the parser would quote the key.
        let parsed = parsed.map_err(|_| empty)?;
        builder
            .with_client_auth_cert(chain, parsed)
            .map_err(|source| Error::Unusable { path: certificate.clone(), source })
    }

    fn roots(&self) -> Result<RootCertStore, Error> {
        let mut roots = RootCertStore::empty();
        if let Some(path) = &self.authorities {
            for certificate in certificates(path)? {
                let unusable = |source| Error::Unusable { path: path.clone(), source };
                roots.add(certificate).map_err(unusable)?;
            }
            return Ok(roots);
        }
        // Some files of a system are often unreadable or malformed; the others are enough.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Ok(roots)
    }
}

fn read(path: &Path) -> Result<String, Error> {
    read_text(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = read(path)?;
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match parsed {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(Error::Empty { path: path.to_owned(), what: "certificate" }),
    }
}
