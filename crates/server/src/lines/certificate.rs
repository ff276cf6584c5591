//! Reads the certificate under which lines are taken.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use thiserror::Error;

/// Why there is no TLS.
#[derive(Debug, Error)]
pub enum Error {
    /// A file that is not there, or is not PEM.
    #[error("read `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: pem::Error,
    },
    /// A certificate and a key that do not belong together, or are of no known kind.
    #[error("use the certificate `{}`", path.display())]
    Unfit {
        /// The certificate.
        path: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
}

/// Reads a certificate, with those that vouch for it, and its key.
///
/// # Errors
/// When a file cannot be read, or the two do not belong together.
pub fn load(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, Error> {
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    let chain = CertificateDer::pem_file_iter(certificate).map_err(file(certificate))?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(file(certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(file(key))?;
    let unfit = |source| Error::Unfit { path: certificate.to_owned(), source };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().map_err(unfit)?;
    let config = config.with_no_client_auth().with_single_cert(chain, key).map_err(unfit)?;
    Ok(Arc::new(config))
}
