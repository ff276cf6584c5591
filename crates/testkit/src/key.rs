//! A P-256 key pair for one test.

use anyhow::{Context, anyhow};
use pem::Pem;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair,
};

/// The DER head of a P-256 public key (RFC 5480); the 65 bytes of the point follow.
const P256_PUBLIC_KEY_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pkcs8: Vec<u8>,
}

/// How the two numbers of a signature are written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// One after the other, as JSON Web Tokens have them (`ES256`).
    Fixed,
    /// As DER, as certificates have them.
    Der,
}

impl Key {
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let algorithm = Form::Fixed.algorithm(); // the key is the same for both forms
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new());
        let document = document.map_err(|_unspecified| anyhow!("generate a key"))?;
        Ok(Self { pkcs8: document.as_ref().to_vec() })
    }

    pub(crate) fn from_pem(text: &[u8]) -> anyhow::Result<Self> {
        Ok(Self { pkcs8: pem::parse(text).context("parse a key")?.into_contents() })
    }

    /// Gives the private key as PKCS #8.
    pub(crate) fn private_der(&self) -> &[u8] {
        &self.pkcs8
    }

    pub(crate) fn private_pem(&self) -> String {
        Pem::new("PRIVATE KEY", self.pkcs8.as_slice()).to_string()
    }

    /// Gives the public key as a certificate holds it.
    pub(crate) fn public_der(&self) -> anyhow::Result<Vec<u8>> {
        let pair = self.pair(Form::Fixed)?;
        Ok([P256_PUBLIC_KEY_HEAD.as_slice(), pair.public_key().as_ref()].concat())
    }

    pub(crate) fn public_pem(&self) -> anyhow::Result<String> {
        Ok(Pem::new("PUBLIC KEY", self.public_der()?).to_string())
    }

    pub(crate) fn sign(&self, form: Form, message: &[u8]) -> anyhow::Result<Vec<u8>> {
        let signature = self.pair(form)?.sign(&SystemRandom::new(), message);
        let signature = signature.map_err(|_unspecified| anyhow!("sign with a key"))?;
        Ok(signature.as_ref().to_vec())
    }

    fn pair(&self, form: Form) -> anyhow::Result<EcdsaKeyPair> {
        EcdsaKeyPair::from_pkcs8(form.algorithm(), &self.pkcs8, &SystemRandom::new())
            .map_err(|rejected| anyhow!("read a key: {rejected}"))
    }
}

impl Form {
    fn algorithm(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::Fixed => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::Der => &ECDSA_P256_SHA256_ASN1_SIGNING,
        }
    }
}
