//! A signature within an item: the last member of a JSON object, over the exact bytes before it.
//!
//! `{…,"signature":"ed25519:KEY.SIGNATURE"}`, in hexadecimal digits. The signed bytes are those of the
//! item without that member: `{…}`. So an item keeps its signature when it is posted alone, as one of
//! several lines, or in a file, and no canonical form of JSON is needed. This module only finds the
//! parts; it does no cryptography.

use sha2::{Digest, Sha256};

/// A public key of Ed25519.
pub type PublicKey = [u8; 32];
/// A signature of Ed25519.
pub type Signature = [u8; 64];

const OPENS: &[u8] = b",\"signature\":\"ed25519:";
const CLOSES: &[u8] = b"\"}";
/// The member, with its comma and the brace behind it.
const MEMBER_BYTES: usize = OPENS.len() + 2 * 32 + 1 + 2 * 64 + CLOSES.len();

/// The parts of a signed item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The signed bytes.
    pub bytes: Vec<u8>,
    /// The public key.
    pub key: PublicKey,
    /// The signature. It is not verified yet.
    pub signature: Signature,
}

/// Puts a signature into the item that it signs; `None` if that is no object with members.
#[must_use]
pub fn attach(item: &[u8], key: &PublicKey, signature: &Signature) -> Option<Vec<u8>> {
    let open = item.strip_suffix(b"}").filter(|open| open.len() > 1 && open.starts_with(b"{"))?;
    let mut signed = Vec::with_capacity(item.len() + MEMBER_BYTES);
    signed.extend_from_slice(open);
    signed.extend_from_slice(OPENS);
    push_hex(&mut signed, key);
    signed.push(b'.');
    push_hex(&mut signed, signature);
    signed.extend_from_slice(CLOSES);
    Some(signed)
}

/// Splits an item into its parts; `None` if it does not end with a signature.
#[must_use]
pub fn split(item: &[u8]) -> Option<Signed> {
    let start = item.len().checked_sub(MEMBER_BYTES)?;
    let (open, member) = item.split_at_checked(start)?;
    let digits = member.strip_prefix(OPENS)?.strip_suffix(CLOSES)?;
    let (key, signature) = digits.split_at_checked(2 * 32)?;
    let (key, signature) = (from_hex(key)?, from_hex(signature.strip_prefix(b".")?)?);
    let mut bytes = open.to_vec();
    bytes.push(b'}');
    Some(Signed { bytes, key, signature })
}

/// Gives the identifier of the installation with this key: a UUID of version 8, made of the SHA-256 of
/// the key, so that only the owner of the key can sign for it.
#[must_use]
pub fn installation_id(key: &PublicKey) -> String {
    let digest: [u8; 32] = Sha256::digest(key).into();
    let mut hex = String::with_capacity(36);
    for (index, byte) in digest.into_iter().take(16).enumerate() {
        let byte = match index {
            6 => 0x80 | (byte & 0x0f),
            8 => 0x80 | (byte & 0x3f),
            _ => byte,
        };
        if matches!(index, 4 | 6 | 8 | 10) {
            hex.push('-');
        }
        hex.push_str(&format!("{byte:02x}"));
    }
    hex
}

fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.extend_from_slice(format!("{byte:02x}").as_bytes());
    }
}

/// Reads lower-case digits only, so that a key has one spelling.
fn from_hex<const LENGTH: usize>(digits: &[u8]) -> Option<[u8; LENGTH]> {
    if digits.len() != 2 * LENGTH {
        return None;
    }
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{MEMBER_BYTES, attach, installation_id, split};

    #[test]
    fn what_was_signed_comes_back_byte_for_byte() {
        for item in [&b"{\"a\":1}"[..], b"{ \"a\" : {} }", b"{\"signature\":\"old\"}"] {
            let signed = attach(item, &[1; 32], &[2; 64]).unwrap();
            assert_eq!(signed.len(), item.len() - 1 + MEMBER_BYTES);
            let back = split(&signed).unwrap();
            assert_eq!((&back.bytes[..], back.key, back.signature), (item, [1; 32], [2; 64]));
            let parsed: serde_json::Value = serde_json::from_slice(&signed).unwrap();
            assert!(parsed["signature"].as_str().unwrap().starts_with("ed25519:0101"));
        }
    }

    #[test]
    fn what_is_no_object_is_not_signed_and_what_is_not_signed_is_not_split() {
        for item in [&b""[..], b"{}", b"[1]", b"{", b"}", b"1"] {
            assert_eq!(attach(item, &[1; 32], &[2; 64]), None, "{item:?}");
        }
        let signed = attach(b"{\"a\":1}", &[0xab; 32], &[2; 64]).unwrap();
        let upper = String::from_utf8(signed.clone()).unwrap().replace("abab", "ABAB");
        let spaced = [&signed[..], b" "].concat();
        for item in [&b"{\"a\":1}"[..], upper.as_bytes(), &spaced, &signed[1..]] {
            let split = split(item);
            assert!(split.is_none_or(|split| !split.bytes.starts_with(b"{")), "{item:?}");
        }
    }

    #[test]
    fn an_identifier_is_a_uuid_of_version_8() {
        let id = installation_id(&[7; 32]);
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'8', "{id}");
        assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
        assert_ne!(id, installation_id(&[8; 32]));
    }
}
