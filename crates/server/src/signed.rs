//! Signatures of items: only the holder of its key may send reports of an installation.

use ktel_model::signature::{self, installation_id};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Map, Value};

/// The JSON member of a signature.
const MEMBER: &str = "signature";

/// A signature that does not match its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forged;

/// The installation whose key signed exactly these bytes; `None` without a signature.
///
/// # Errors
/// When the signature is invalid.
pub fn signer(item: &[u8], parsed: &Map<String, Value>) -> Result<Option<String>, Forged> {
    if !parsed.contains_key(MEMBER) {
        return Ok(None);
    }
    // Trailing white space is not signed.
    let signed = signature::split(item.trim_ascii()).ok_or(Forged)?;
    let key = UnparsedPublicKey::new(&ED25519, &signed.key);
    key.verify(&signed.bytes, &signed.signature).map_err(|_unspecified| Forged)?;
    Ok(Some(installation_id(&signed.key)))
}

#[cfg(test)]
mod tests {
    use ktel_model::signature;
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::{Forged, signer};

    fn signed(item: &str) -> (String, String) {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap();
        let key = pair.public_key().as_ref().try_into().unwrap();
        let signature = pair.sign(item.as_bytes()).as_ref().try_into().unwrap();
        let item = signature::attach(item.as_bytes(), &key, &signature).unwrap();
        (String::from_utf8(item).unwrap(), signature::installation_id(&key))
    }

    #[track_caller]
    fn check(item: &str, expected: Result<Option<String>, Forged>) {
        assert_eq!(signer(item.as_bytes(), &serde_json::from_str(item).unwrap()), expected);
    }

    #[test]
    fn only_the_exact_bytes_are_signed() {
        let (item, id) = signed(r#"{"pods":1, "nodes":2}"#);
        check(&item, Ok(Some(id.clone())));
        check(&format!("{item}\n"), Ok(Some(id)));
        check(&item.replace("1, ", "1,"), Err(Forged));
        check(&item.replace("\"pods\":1", "\"pods\":2"), Err(Forged));
        check(r#"{"pods":1}"#, Ok(None));
        check(r#"{"signature":"ed25519:none","pods":1}"#, Err(Forged));
        let (other, _) = signed(r#"{"pods":1}"#);
        let stolen = other.split_once(",\"signature\"").unwrap().1;
        check(&format!("{{\"pods\":9,\"signature\"{stolen}"), Err(Forged));
    }
}
