//! The installation's identity: a random key in a Secret, made once somebody may report.
//!
//! It is random, so it reveals nothing about the cluster, and every product has its own. Keys are used for [`KEY_DAYS`](limits::KEY_DAYS); those before stay in the
//! Secret, so that what they signed can be forgotten on request.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use ktel_model::envelope::Installation;
use ktel_model::signature::{self, PublicKey};
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::limits;

/// Entries of the Secret.
const KEY: &str = "key";
const MADE_AT: &str = "made-at";
const RETIRED: &str = "retired-";

/// Who reports.
pub(super) struct Identity {
    pair: Ed25519KeyPair,
    public: PublicKey,
    /// What receivers get of it.
    pub(super) installation: Installation,
}

impl Identity {
    fn from_pkcs8(bytes: &[u8], persisted: bool) -> Option<Self> {
        // Why a key cannot be read does not matter: another one is made.
        let pair = Ed25519KeyPair::from_pkcs8(bytes).ok()?;
        let public: PublicKey = pair.public_key().as_ref().try_into().ok()?;
        let id = signature::installation_id(&public);
        Some(Self { pair, public, installation: Installation { id, persisted } })
    }

    /// Makes one that ends with this process, and says so.
    pub(super) fn ephemeral() -> Self {
        Self::from_pkcs8(&random_key(), false).expect("a key that was just made can be read")
    }

    /// Puts a signature into an item.
    pub(super) fn sign(&self, item: &[u8]) -> Vec<u8> {
        let signed = self.pair.sign(item);
        let signed = signed.as_ref().try_into().expect("such signatures have 64 bytes");
        signature::attach(item, &self.public, &signed).expect("an envelope is an object")
    }
}

fn random_key() -> Vec<u8> {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
    key.expect("the system has randomness").as_ref().to_vec()
}

/// What is to be done about the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// It serves.
    Keep,
    /// There is none, or none that can be read.
    Make,
    /// It has served long enough.
    Rotate,
}

/// Decides by the age of the key; one from the future was made by a clock that nobody can trust.
fn plan(made_at: Option<Timestamp>, now: Timestamp) -> Plan {
    let Some(made_at) = made_at else { return Plan::Make };
    let end = made_at.checked_add((limits::KEY_DAYS * 24).hours());
    match end {
        Ok(end) if now < end && made_at <= now + 24.hours() => Plan::Keep,
        _ => Plan::Rotate,
    }
}

/// Reads the identity, and makes or renews it where that is due and `may_write`; `None` where the
/// role does not allow it.
pub(super) async fn obtain(
    api: &Api<Secret>,
    name: &str,
    now: Timestamp,
    may_write: bool,
) -> Result<Option<Identity>, kube::Error> {
    loop {
        let secret = match api.get_opt(name).await {
            Ok(secret) => secret,
            Err(error) if is(&error, 403) => return Ok(None),
            Err(error) => return Err(error),
        };
        let data = secret.as_ref().and_then(|secret| secret.data.clone()).unwrap_or_default();
        let known = data.get(KEY).and_then(|key| Identity::from_pkcs8(&key.0, true));
        let made_at =
            data.get(MADE_AT).and_then(|text| std::str::from_utf8(&text.0).ok()?.parse().ok());
        if plan(made_at.filter(|_| known.is_some()), now) == Plan::Keep || !may_write {
            return Ok(known);
        }
        let key = random_key();
        let next = Secret {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                resource_version: secret
                    .as_ref()
                    .and_then(|one| one.metadata.resource_version.clone()),
                ..ObjectMeta::default()
            },
            data: Some(renewed(data, key.clone(), now)),
            type_: secret.as_ref().map_or(Some("Opaque".into()), |secret| secret.type_.clone()),
            ..Secret::default()
        };
        let parameters = PostParams::default();
        let written = match secret {
            Some(_) => api.replace(name, &parameters, &next).await,
            None => api.create(&parameters, &next).await,
        };
        match written {
            Ok(_) => return Ok(Identity::from_pkcs8(&key, true)),
            // Somebody else was faster: theirs it is.
            Err(error) if is(&error, 409) => {}
            // An old key that may not be renewed is better than none.
            Err(error) if is(&error, 403) => return Ok(known),
            Err(error) => return Err(error),
        }
    }
}

/// Puts a new key into the entries, and the old one among those that are kept; pure.
fn renewed(
    mut data: BTreeMap<String, ByteString>,
    key: Vec<u8>,
    now: Timestamp,
) -> BTreeMap<String, ByteString> {
    let retired = data.remove(KEY).zip(data.remove(MADE_AT));
    if let Some((key, made_at)) = retired {
        // A day names it; letters that no key of a Secret may have cannot stand in a day.
        let day: String = String::from_utf8_lossy(&made_at.0).chars().take(10).collect();
        data.insert(format!("{RETIRED}{day}"), key);
    }
    let names: Vec<String> =
        data.keys().filter(|name| name.starts_with(RETIRED)).cloned().collect();
    for oldest in names.iter().take(names.len().saturating_sub(limits::KEYS_RETIRED_MAX)) {
        data.remove(oldest);
    }
    data.insert(KEY.into(), ByteString(key));
    data.insert(MADE_AT.into(), ByteString(now.to_string().into_bytes()));
    data
}

/// Tells whether the API server answered with a status.
pub(super) fn is(error: &kube::Error, code: u16) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == code)
}

#[cfg(test)]
mod tests;
