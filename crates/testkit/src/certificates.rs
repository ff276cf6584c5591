//! A certificate authority for one test, with valid and invalid certificates for loopback.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use pem::Pem;
use ring::rand::{SecureRandom, SystemRandom};

use crate::key::Key;
use x509::{Certificate, Purpose, Validity};

mod der;
mod x509;

const AUTHORITY: &str = "ktel test authority";
/// To the last time of the short form (UTCTime): no test has a later clock.
const FOR_EVER: Validity = Validity { from: "200101000000Z", until: "491231235959Z" };
const LONG_PAST: Validity = Validity { from: "200101000000Z", until: "200201000000Z" };

/// A certificate authority that is trusted only where a test says so.
#[derive(Debug, Clone)]
pub struct Authority {
    key: Key,
    certificate: Vec<u8>,
}

/// A certificate with its private key.
#[derive(Debug, Clone)]
pub struct Identity {
    key: Key,
    certificate: Vec<u8>,
}

/// Where an identity was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate, as PEM.
    pub certificate: PathBuf,
    /// The private key, as PEM.
    pub key: PathBuf,
}

impl Authority {
    /// Makes an authority with a key of its own.
    ///
    /// # Panics
    ///
    /// The system has no randomness.
    #[must_use]
    pub fn new() -> Self {
        let (key, certificate) = issue(AUTHORITY, FOR_EVER, &Purpose::Sign, None);
        Self { key, certificate }
    }

    /// Gives its certificate as PEM, for clients to trust.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        pem(&self.certificate)
    }

    pub(crate) fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// Signs a server's identity for `127.0.0.1`, `::1` and `localhost`.
    #[must_use]
    pub fn server(&self) -> Identity {
        self.sign("localhost", FOR_EVER, &loopback())
    }

    /// Signs a server's identity for loopback that was valid in January 2020.
    #[must_use]
    pub fn expired_server(&self) -> Identity {
        self.sign("localhost", LONG_PAST, &loopback())
    }

    /// Signs a server's identity for `elsewhere.example` only.
    #[must_use]
    pub fn server_elsewhere(&self) -> Identity {
        let elsewhere = Purpose::Serve { names: vec!["elsewhere.example"], addresses: Vec::new() };
        self.sign("elsewhere.example", FOR_EVER, &elsewhere)
    }

    /// Signs a client's identity.
    #[must_use]
    pub fn client(&self, name: &str) -> Identity {
        self.sign(name, FOR_EVER, &Purpose::Connect)
    }

    fn sign(&self, subject: &str, validity: Validity, purpose: &Purpose) -> Identity {
        let (key, certificate) = issue(subject, validity, purpose, Some(&self.key));
        Identity { key, certificate }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Identity {
    /// Makes a self-signed identity of a server on loopback.
    ///
    /// # Panics
    ///
    /// The system has no randomness.
    #[must_use]
    pub fn self_signed() -> Self {
        let (key, certificate) = issue("localhost", FOR_EVER, &loopback(), None);
        Self { key, certificate }
    }

    /// Gives the certificate as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        pem(&self.certificate)
    }

    /// Gives the private key as PEM.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.private_pem()
    }

    pub(crate) fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    pub(crate) fn key_der(&self) -> &[u8] {
        self.key.private_der()
    }

    /// Writes both as `{name}.pem` and `{name}.key`.
    ///
    /// # Errors
    ///
    /// The directory cannot be written.
    pub fn write(&self, directory: &Path, name: &str) -> anyhow::Result<Files> {
        let files = Files {
            certificate: directory.join(format!("{name}.pem")),
            key: directory.join(format!("{name}.key")),
        };
        fs::write(&files.certificate, self.certificate_pem()).context("write a certificate")?;
        fs::write(&files.key, self.key_pem()).context("write a private key")?;
        Ok(files)
    }
}

fn loopback() -> Purpose {
    let addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    Purpose::Serve { names: vec!["localhost"], addresses }
}

/// Makes a key and its certificate, signed by the authority's key or by itself.
fn issue(
    subject: &str,
    validity: Validity,
    purpose: &Purpose,
    authority: Option<&Key>,
) -> (Key, Vec<u8>) {
    let key = Key::generate().expect("the system has randomness");
    let mut serial = [0; 8];
    SystemRandom::new().fill(&mut serial).expect("the system has randomness");
    serial[0] = 0x40 | (serial[0] & 0x3f); // positive, and of one length
    let certificate = Certificate { serial, subject, key: &key, validity, purpose };
    let signed = match authority {
        Some(authority) => certificate.signed_by(AUTHORITY, authority),
        None => certificate.signed_by(subject, &key),
    };
    let signed = signed.expect("a key that was just made signs");
    (key, signed)
}

fn pem(certificate: &[u8]) -> String {
    Pem::new("CERTIFICATE", certificate).to_string()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::real;

    /// Lets OpenSSL judge one certificate, as strictly as it can.
    #[track_caller]
    fn check(openssl: &Path, trusted: &str, judged: &str, arguments: &[&str], expected: &str) {
        let directory = tempfile::tempdir().unwrap();
        let [ca, certificate] =
            ["ca.pem", "certificate.pem"].map(|name| directory.path().join(name));
        fs::write(&ca, trusted).unwrap();
        fs::write(&certificate, judged).unwrap();
        let output = Command::new(openssl)
            .args(["verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile"])
            .arg(ca)
            .args(arguments)
            .arg(certificate)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(said.contains(expected), "expected `{expected}`: {said}");
        assert_eq!(output.status.success(), expected == "OK", "{said}");
    }

    #[test]
    fn openssl_accepts_the_good_ones_and_says_what_is_wrong_with_the_others() {
        let [openssl] = real::require(["openssl"]);
        let authority = Authority::new();
        let own = Identity::self_signed();
        let (trusted, ip) = (authority.certificate_pem(), ["-verify_ip", "127.0.0.1"]);
        let server = ["-purpose", "sslserver"];
        let table = [
            (&trusted, authority.server(), ip.as_slice(), "OK"),
            (&trusted, authority.server(), &["-verify_ip", "::1"], "OK"),
            (&trusted, authority.server(), &["-verify_hostname", "localhost"], "OK"),
            (&trusted, authority.server(), &server, "OK"),
            (&trusted, authority.client("me"), &["-purpose", "sslclient"], "OK"),
            (&trusted, authority.client("me"), &server, "unsuitable certificate purpose"),
            (&trusted, authority.expired_server(), &ip, "certificate has expired"),
            (&trusted, authority.server_elsewhere(), &ip, "IP address mismatch"),
            (&trusted, Authority::new().server(), &ip, "unable to get local issuer certificate"),
            (&trusted, own.clone(), &ip, "self-signed certificate"),
            (&own.certificate_pem(), own.clone(), &["-verify_ip", "::1", "-partial_chain"], "OK"),
        ];
        for (trusted, judged, arguments, expected) in table {
            check(&openssl, trusted, &judged.certificate_pem(), arguments, expected);
        }
    }
}
