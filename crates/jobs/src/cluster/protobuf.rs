//! Reads lists that the API server writes as protobuf. Lists of whole pods have about three quarters of the
//! bytes of JSON, both compressed.
//!
//! Only declared fields are read ([`fields`]), into the same types as from JSON: a message is given to
//! serde as a map that has the names of JSON as its keys. A kind without a table is read as JSON.

use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(crate) mod fields;
mod message;
mod wire;

use fields::{List, UNKNOWN};
use message::{Budget, Reader};

/// Every answer in protobuf starts with this. No JSON does.
const MAGIC: &[u8] = b"k8s\0";

/// Why an answer in protobuf cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    /// The bytes are no protobuf.
    #[error("byte {at}: {what}")]
    Wire {
        /// How many bytes of its message stand before it.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A field is not of the type that Kubernetes declares.
    #[error("field {number}, `{name}`: not {expected}")]
    Type {
        /// Its number.
        number: u32,
        /// Its name.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// It is of another kind.
    #[error("it is a `{found}` instead of a `{expected}`")]
    Kind {
        /// Its kind.
        found: String,
        /// The kind that was asked for.
        expected: &'static str,
    },
    /// It holds too much.
    #[error("it has more than {limit} values")]
    TooMany {
        /// `limits::PROTOBUF_VALUES_MAX`
        limit: usize,
    },
    /// The type that is read from it rejects a value.
    #[error("{0}")]
    Value(String),
}

impl serde::de::Error for Malformed {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Value(message.to_string())
    }
}

/// Tells whether an answer is protobuf.
pub(crate) fn is_protobuf(answer: &[u8]) -> bool {
    answer.starts_with(MAGIC)
}

/// What stands around every object: `runtime.Unknown`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Unknown<'a> {
    type_meta: TypeMeta,
    #[serde(borrow)]
    raw: &'a [u8],
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TypeMeta {
    kind: String,
}

/// Reads an answer of the kind that was asked for.
pub(crate) fn read<T: DeserializeOwned>(answer: &[u8], list: &List) -> Result<T, Malformed> {
    let budget = Budget::default();
    let unknown = answer.strip_prefix(MAGIC);
    let unknown = unknown.ok_or(Malformed::Wire { at: 0, what: "no protobuf of Kubernetes" })?;
    let Unknown { type_meta, raw } = Unknown::deserialize(Reader::new(unknown, &UNKNOWN, &budget))?;
    if type_meta.kind != list.kind {
        return Err(Malformed::Kind { found: type_meta.kind, expected: list.kind });
    }
    T::deserialize(Reader::new(raw, list.message, &budget))
}

#[cfg(test)]
mod tests;
