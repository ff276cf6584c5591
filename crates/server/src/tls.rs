//! TLS of the server: a certificate that is reloaded when its files change, and client certificates.
//!
//! All listeners share one configuration for the lifetime of the process. Its certificate and its client
//! authority are replaced when their files change. Files that do not match each other, as in the middle of
//! a renewal, are ignored until they do.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, VerifierBuilderError,
    WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{
    DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::limits::{TLS_FILE_BYTES_MAX, TLS_RELOAD_EVERY};

/// The files of a certificate and of a client authority, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate chain of the server.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority of client certificates; clients need none without it.
    pub client_authority: Option<PathBuf>,
}

/// Why files cannot be used. It never quotes their content.
#[derive(Debug, Error)]
pub enum Error {
    /// One cannot be read.
    #[error("read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// One is larger than such files are.
    #[error("`{}` has more than {TLS_FILE_BYTES_MAX} bytes", path.display())]
    Long {
        /// The file.
        path: PathBuf,
    },
    /// One holds nothing of what it should.
    #[error("`{}` holds no {what} in PEM", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What is missing.
        what: &'static str,
    },
    /// The certificate and the key do not match, or their algorithm is not supported.
    #[error("use the certificate in `{}` with its key", path.display())]
    Unusable {
        /// The certificate's file.
        path: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// The client authority is invalid.
    #[error("use the authority in `{}`", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: VerifierBuilderError,
    },
}

/// The result of a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// The files have not changed.
    Unchanged,
    /// They have changed, and are in use from now on.
    Renewed,
}

/// A TLS configuration that follows its files.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    config: Arc<ServerConfig>,
    current: Arc<Current>,
    seen: Contents,
}

/// The content of the files at the last reload.
#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_authority: Option<Vec<u8>>,
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Contents") // a private key is among them
    }
}

/// The certificate and authority in use.
#[derive(Debug)]
struct Current(RwLock<Parsed>);

#[derive(Debug, Clone)]
struct Parsed {
    identity: Arc<CertifiedKey>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn load(files: Files) -> Result<Self, Error> {
        let seen = files.read()?;
        let current = Arc::new(Current(RwLock::new(files.parse(&seen)?)));
        let config = Arc::new(configure(&current, files.client_authority.is_some()));
        Ok(Self { files, config, current, seen })
    }

    /// The configuration for listeners. It stays the same when certificates are renewed.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Reads the files, and uses them if they have changed.
    ///
    /// # Errors
    /// When they have changed and cannot be used; the previous ones stay in use. Readable files fail only
    /// once.
    pub fn reload(&mut self) -> Result<Reload, Error> {
        let now = self.files.read()?;
        if now == self.seen {
            return Ok(Reload::Unchanged);
        }
        let parsed = self.files.parse(&now);
        self.seen = now;
        *self.current.0.write().expect("no holder panics") = parsed?;
        Ok(Reload::Renewed)
    }

    /// Reloads the files periodically, until `stop` is cancelled.
    pub async fn watch(mut self, stop: CancellationToken) {
        let mut was_unread = false;
        while stop.run_until_cancelled(tokio::time::sleep(TLS_RELOAD_EVERY)).await.is_some() {
            let looked = self.reload();
            let is_unread = matches!(looked, Err(Error::Read { .. } | Error::Long { .. }));
            let is_said = std::mem::replace(&mut was_unread, is_unread) && is_unread;
            match looked {
                Ok(Reload::Unchanged) => {}
                Ok(Reload::Renewed) => info!("a renewed certificate is in use"),
                Err(_) if is_said => {}
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    warn!(
                        error,
                        "the renewed certificate cannot be used; the previous one stays in use"
                    );
                }
            }
        }
    }
}

impl Files {
    fn read(&self) -> Result<Contents, Error> {
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
            client_authority: self.client_authority.as_deref().map(read).transpose()?,
        })
    }

    fn parse(&self, contents: &Contents) -> Result<Parsed, Error> {
        let provider = provider();
        let chain = certificates(&self.certificate, &contents.certificate)?;
        let no_key = || Error::Empty { path: self.key.clone(), what: "private key" };
        // The error could quote the key.
        let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|_| no_key())?;
        let identity = CertifiedKey::from_der(chain, key, &provider)
            .map_err(|source| Error::Unusable { path: self.certificate.clone(), source })?;
        let clients = match (&self.client_authority, &contents.client_authority) {
            (Some(path), Some(text)) => Some(verifier(path, text, &provider)?),
            _ => None,
        };
        Ok(Parsed { identity: Arc::new(identity), clients })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, TLS_FILE_BYTES_MAX + 1), &mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > TLS_FILE_BYTES_MAX {
        return Err(Error::Long { path: path.to_owned() });
    }
    Ok(bytes)
}

fn certificates(path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    match CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>() {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(Error::Empty { path: path.to_owned(), what: "certificate" }),
    }
}

fn verifier(
    path: &Path,
    text: &[u8],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, text)? {
        roots
            .add(certificate)
            .map_err(|source| Error::Unusable { path: path.to_owned(), source })?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map(|verifier| verifier as Arc<dyn ClientCertVerifier>)
        .map_err(|source| Error::Authority { path: path.to_owned(), source })
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn configure(current: &Arc<Current>, asks_clients: bool) -> ServerConfig {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring knows TLS 1.2 and 1.3");
    let resolver = Arc::clone(current) as Arc<dyn ResolvesServerCert>;
    let mut config = if asks_clients {
        let clients = Arc::clone(current) as Arc<dyn ClientCertVerifier>;
        builder.with_client_cert_verifier(clients).with_cert_resolver(resolver)
    } else {
        builder.with_no_client_auth().with_cert_resolver(resolver)
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if asks_clients {
        // A resumed session would not present its client certificate again, whose authority may no
        // longer be trusted.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    config
}

impl Current {
    fn now(&self) -> Parsed {
        self.0.read().expect("no holder panics").clone()
    }

    fn clients(&self) -> Result<Arc<dyn ClientCertVerifier>, rustls::Error> {
        self.now().clients.ok_or(rustls::Error::NoCertificatesPresented)
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now().identity)
    }
}

impl ClientCertVerifier for Current {
    /// Sends no hints: the authority may change, and clients know which certificate to use.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.clients()?.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.clients()?.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.clients()?.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.clients().map(|clients| clients.supported_verify_schemes()).unwrap_or_default()
    }
}
