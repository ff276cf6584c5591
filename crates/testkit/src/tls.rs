//! The server's side of TLS, for the receivers of this crate.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::certificates::{Authority, Identity};

/// The TLS settings of a receiver: its certificate, and which clients it accepts.
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
}

impl ServerTls {
    /// Accepts every client.
    ///
    /// # Panics
    ///
    /// The certificate and the key do not belong together; ours do.
    #[must_use]
    pub fn new(identity: &Identity) -> Self {
        Self::build(identity, None)
    }

    /// Accepts only clients with a certificate that this authority signed.
    ///
    /// # Panics
    ///
    /// As [`ServerTls::new`].
    #[must_use]
    pub fn asking_for_clients_of(authority: &Authority, identity: &Identity) -> Self {
        Self::build(identity, Some(authority))
    }

    fn build(identity: &Identity, clients_of: Option<&Authority>) -> Self {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider supports the default versions");
        let builder = match clients_of {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                let certificate = authority.certificate_der().to_vec();
                roots.add(certificate.into()).expect("our own authority is well-formed");
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().expect("there is a root"))
            }
        };
        let certificate = CertificateDer::from(identity.certificate_der().to_vec());
        let key = PrivatePkcs8KeyDer::from(identity.key_der().to_vec());
        let config = builder.with_single_cert(vec![certificate], key.into());
        Self { config: Arc::new(config.expect("an identity's key and certificate match")) }
    }

    /// Gives what rustls needs, for a server of a test's own.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ServerTls").finish_non_exhaustive()
    }
}
