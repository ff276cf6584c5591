//! Reads lists that the API server writes as protobuf. Lists of whole pods have about three quarters of the
//! bytes of JSON, both compressed.
//!
//! Only declared fields are read ([`fields`]), into the same types as from JSON: a message is given to
//! serde as a map that has the names of JSON as its keys. A kind without a table is read as JSON.

use serde::Deserialize;
use serde::de::DeserializeOwned;

mod error;
pub(crate) mod fields;
mod message;
mod wire;

use error::Malformed;
use fields::{List, UNKNOWN};
use message::{Budget, Reader};

/// Every answer in protobuf starts with this. No JSON does.
const MAGIC: &[u8] = b"k8s\0";

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
