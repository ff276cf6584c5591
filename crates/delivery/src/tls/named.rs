//! Trusts the certificates that a user names: authorities, and servers' own certificates.
//!
//! rustls takes every named certificate for an authority. Then a server's self-signed certificate is
//! rejected if it says that it is an authority, as `openssl req -x509` writes it; and if it says that it
//! is none, its key could sign certificates for any name. curl and kubectl accept the first, and only
//! the certificate itself of the second. So does this.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use webpki::Error as PkiError;

use super::authority::is_authority;

/// Accepts servers with one of the named certificates, or with one that a named authority signed.
#[derive(Debug)]
pub(super) struct Named {
    certificates: Vec<CertificateDer<'static>>,
    authorities: RootCertStore,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Named {
    pub(super) fn new(
        certificates: Vec<CertificateDer<'static>>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Result<Self, Error> {
        let (mut authorities, mut others) = (RootCertStore::empty(), RootCertStore::empty());
        for certificate in &certificates {
            let to = if is_authority(certificate) { &mut authorities } else { &mut others };
            to.add(certificate.clone())?; // which checks its form
        }
        Ok(Self { certificates, authorities, algorithms })
    }
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let is_named = self.certificates.contains(certificate);
        let parsed = ParsedCertificate::try_from(certificate)?;
        let signed = verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &self.authorities,
            if is_named { &[] } else { intermediates },
            now,
            self.algorithms.all,
        );
        match signed {
            // The period of validity has been checked before.
            Err(Error::InvalidCertificate(error)) if is_named && is_about_the_issuer(&error) => {}
            signed => signed?,
        }
        verify_server_name(&parsed, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Says whether only the issuer is wrong, or the role of the certificate.
fn is_about_the_issuer(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer => true,
        CertificateError::Other(other) => {
            matches!(other.0.downcast_ref(), Some(PkiError::CaUsedAsEndEntity))
        }
        _ => false,
    }
}
