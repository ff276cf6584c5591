//! Access tokens: random, stored as hashes only, and compared in constant time.

use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::hex;
use crate::limits::TOKEN_GROUPS;

/// The role of a token: what its holder is allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Send reports and events.
    Ingest,
    /// The same with a token that is no secret, as one within a program that is given away.
    Public,
    /// Send events of one product with a *product key*: it stands in the product file, so anybody can have it.
    Events,
    /// Read aggregates.
    Reader,
    /// Read rows, the audit log and groups of any size.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Ingest, Self::Public, Self::Events, Self::Reader, Self::Admin];

    /// The name that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Public => "public",
            Self::Events => "events",
            Self::Reader => "reader",
            Self::Admin => "admin",
        }
    }

    /// Whether a token of this role may send.
    #[must_use]
    pub fn may_send(self) -> bool {
        matches!(self, Self::Ingest | Self::Public | Self::Events)
    }

    /// Parses the name that is stored.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// What is stored of a token: its hash, and what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    hash: [u8; 32],
    /// Its role.
    pub role: Role,
    /// The only product that it may send for; any product if `None`.
    pub product: Option<String>,
}

impl TokenRecord {
    /// Hashes a token. It holds 128 random bits, so one round of hashing is enough.
    #[must_use]
    pub fn of(token: &str, role: Role, product: Option<String>) -> Self {
        Self { hash: Sha256::digest(token).into(), role, product }
    }

    /// Parses a stored hash.
    #[must_use]
    pub fn from_hex(digits: &str, role: Role, product: Option<String>) -> Option<Self> {
        let hash = hex::read(digits)?.try_into().ok()?;
        Some(Self { hash, role, product })
    }

    /// The identifier that people see: the first digits of the hash.
    #[must_use]
    pub fn id(&self) -> String {
        self.hex().chars().take(12).collect()
    }

    /// One of [`TOKEN_GROUPS`] groups of tokens. Counts are kept by group, which says less than by token and
    /// takes bounded room.
    #[must_use]
    pub fn group(&self) -> u8 {
        self.hash[0] % TOKEN_GROUPS
    }

    /// The hash, which identifies the token.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The hash as hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::written(&self.hash)
    }
}

/// All known tokens.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    records: Vec<(Words, Arc<TokenRecord>)>,
}

/// A hash as numbers. Comparing them also takes constant time, and is faster.
type Words = [u64; 4];

impl Tokens {
    /// Prepares tokens for lookups.
    #[must_use]
    pub fn new(records: Vec<TokenRecord>) -> Self {
        let with_words = |record: TokenRecord| (words(&record.hash), Arc::new(record));
        Self { records: records.into_iter().map(with_words).collect() }
    }

    /// Looks a token up. The time does not depend on which one matches.
    #[must_use]
    pub fn find(&self, token: &str) -> Option<&Arc<TokenRecord>> {
        let hash = words(&Sha256::digest(token).into());
        let (mut found, mut at) = (Choice::from(0), 0u64);
        for (index, (words, _)) in (0u64..).zip(&self.records) {
            let same = words.ct_eq(&hash);
            at.conditional_assign(&index, same);
            found |= same;
        }
        let at = usize::try_from(at).ok().filter(|_| found.into())?;
        self.records.get(at).map(|(_, record)| record)
    }
}

fn words(hash: &[u8; 32]) -> Words {
    let mut words = Words::default();
    let (bytes, _none_left) = hash.as_chunks();
    for (word, bytes) in words.iter_mut().zip(bytes) {
        *word = u64::from_ne_bytes(*bytes);
    }
    words
}

/// Generates a token: a random UUID, as Splunk's clients require.
///
/// # Panics
/// When the system provides no random bytes.
#[must_use]
pub fn random() -> String {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    bytes[6] = 0x40 | bytes[6] & 0x0f;
    bytes[8] = 0x80 | bytes[8] & 0x3f;
    let digits = hex::written(&bytes);
    let group = |from, to| digits.get(from..to).expect("16 bytes are 32 digits");
    [group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::{Role, TokenRecord, Tokens, random};

    #[test]
    fn a_token_is_found_by_its_hash_and_by_nothing_else() {
        let record = |token| TokenRecord::of(token, Role::Ingest, Some(format!("of {token}")));
        let tokens = Tokens::new(vec![record("one"), record("two"), record("three")]);
        for token in ["one", "two", "three"] {
            let product = tokens.find(token).unwrap().product.clone();
            assert_eq!(product, Some(format!("of {token}")));
        }
        for token in ["", "four", "ONE", &record("one").hex()] {
            assert_eq!(tokens.find(token), None, "{token}");
        }
        assert_eq!(Tokens::default().find("one"), None);
        // Nor by a part of it.
        let hex = record("one").hex();
        for place in [0, 16, 32, 48, 63] {
            let mut other = hex.clone();
            let digit = if other.get(place..=place) == Some("0") { "1" } else { "0" };
            other.replace_range(place..=place, digit);
            let other = TokenRecord::from_hex(&other, Role::Ingest, None).unwrap();
            assert_eq!(Tokens::new(vec![other]).find("one"), None, "{place}");
        }
    }

    #[test]
    fn the_words_of_roles_stay_what_stores_hold() {
        for (role, word) in [
            (Role::Ingest, "ingest"),
            (Role::Public, "public"),
            (Role::Events, "events"),
            (Role::Reader, "reader"),
            (Role::Admin, "admin"),
        ] {
            assert_eq!((role.as_str(), Role::from_name(word)), (word, Some(role)));
        }
        assert_eq!(Role::from_name("root"), None);
    }

    #[test]
    fn a_stamp_survives_being_written_and_shows_no_token() {
        let record = TokenRecord::of("a secret", Role::Admin, None);
        assert_eq!(TokenRecord::from_hex(&record.hex(), Role::Admin, None), Some(record.clone()));
        assert!(!format!("{record:?}").contains("a secret"));
        let wrong = ["".to_owned(), "zz".repeat(32), "00".repeat(31), "é".repeat(32)];
        for hex in wrong {
            assert_eq!(TokenRecord::from_hex(&hex, Role::Admin, None), None, "{hex}");
        }
    }

    #[test]
    fn two_tokens_differ_and_are_uuids() {
        let (one, other) = (random(), random());
        assert_ne!(one, other);
        let groups: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{one}");
        // Version 4 and its variant (RFC 9562), or some of Splunk's clients do not take it.
        for token in (0..64).map(|_| random()) {
            let marks = [14, 19].map(|place| token.chars().nth(place).unwrap());
            assert!(matches!(marks, ['4', '8' | '9' | 'a' | 'b']), "{token}");
        }
    }
}
