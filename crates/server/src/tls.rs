//! Our side of TLS: a certificate that is read again when its files change, and whom it lets in.
//!
//! One configuration serves every listener for as long as the process runs; what changes in it are
//! the certificate and the authority of clients behind it. Files that do not fit each other, as in
//! the middle of a renewal, leave what is in use.

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

/// The files of an identity, and of whom it lets in; all of them PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Our certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Who signs the certificates of clients; without it, clients need none.
    pub client_authority: Option<PathBuf>,
}

/// Why files cannot be used. It never quotes them.
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
    /// The certificate and the key are no pair, or of no kind that we know.
    #[error("use the certificate in `{}` with its key", path.display())]
    Unusable {
        /// The certificate's file.
        path: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// The authority of clients is none.
    #[error("use the authority in `{}`", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: VerifierBuilderError,
    },
}

/// What a look at the files found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// What is in use.
    Unchanged,
    /// Something else, which is in use from now on.
    Renewed,
}

/// TLS that follows its files.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    config: Arc<ServerConfig>,
    current: Arc<Current>,
    seen: Contents,
}

/// What the files hold, as it was read last.
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

/// What connections are made with now.
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

    /// Gives what listeners need: it stays the same while certificates come and go.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Looks at the files, and takes what they hold if that is something else.
    ///
    /// # Errors
    /// When something else is there and cannot be used; what is in use stays. What could be read and not
    /// be used fails once only.
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

    /// Looks at the files again and again, until it is told to stop.
    pub async fn watch(mut self, stop: CancellationToken) {
        let mut was_unread = false;
        while stop.run_until_cancelled(tokio::time::sleep(TLS_RELOAD_EVERY)).await.is_some() {
            let looked = self.reload();
            let is_unread = matches!(looked, Err(Error::Read { .. } | Error::Long { .. }));
            let is_said = std::mem::replace(&mut was_unread, is_unread) && is_unread;
            match looked {
                Ok(Reload::Unchanged) => {}
                Ok(Reload::Renewed) => info!("a new certificate is in use"),
                Err(_) if is_said => {}
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, "a new certificate cannot be used; the old one stays");
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
        // What is wrong with it would quote it.
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
        // A session that is taken up again would not show its certificate again, and that may be one
        // of an authority that is trusted no longer.
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
    /// Names nobody: whose certificates are wanted may change, and clients know it anyway.
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
