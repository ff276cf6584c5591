//! Receipts: signed statements of a receiver about what it stored, and until when.
//!
//! A receipt is an item with a signature of its own, as reports are (`ktel_model::signature`). Its
//! digest covers the stored values, so that anyone with the report and the standard can verify it
//! independently.

use std::collections::BTreeMap;

use jiff::civil::Date;
use ktel_model::signature::{self, PublicKey, installation_id};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::catalog::Catalog;
use crate::cell::Cell;
use crate::hex;
use crate::ingest::{self, Context, EVENTS, REPORT, Reason, Sender};
use crate::record::{Record, Section, date_of, day_number};
use crate::signed::{Forged, signer};
use crate::store::keep::Forgotten;

/// The name of a receipt.
pub const SCHEMA: &str = "ktel/receipt";

/// The signing key of a receiver, shared by all processes on one store. It is never printed.
pub struct SigningKey {
    pkcs8: Vec<u8>,
    pair: Ed25519KeyPair,
    made: Date,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SigningKey").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Generates a key.
    ///
    /// # Panics
    /// When the system provides no random bytes.
    #[must_use]
    pub fn random(made: Date) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let pkcs8 = pkcs8.expect("the system gives random bytes");
        Self::from_pkcs8(pkcs8.as_ref().to_vec(), made).expect("it was just made")
    }

    fn from_pkcs8(pkcs8: Vec<u8>, made: Date) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).ok()?;
        Some(Self { pkcs8, pair, made })
    }

    /// Decodes a stored key.
    pub(crate) fn from_row(secret: &str, made: i32) -> Option<Self> {
        Self::from_pkcs8(hex::read(secret)?, date_of(made))
    }

    /// Encodes the key for the store: the secret, and the day.
    pub(crate) fn row(&self) -> (String, i32) {
        (hex::written(&self.pkcs8), day_number(self.made))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.pair.public_key().as_ref().try_into().expect("such keys have 32 bytes")
    }

    /// The id of the key, derived from its hash as the ids of installations are.
    #[must_use]
    pub fn id(&self) -> String {
        installation_id(&self.public())
    }

    /// The public description of the key.
    #[must_use]
    pub fn described(&self) -> Value {
        json!({
            "id": self.id(), "algorithm": "ed25519", "public_key": hex::written(&self.public()),
            "made": self.made.to_string(),
        })
    }

    /// Signs a receipt for a stored record.
    #[must_use]
    pub fn stored(&self, claim: StoredClaim) -> Value {
        self.sign(&json!({
            "schema": SCHEMA, "of": "report", "receiver": self.id(), "id": claim.id,
            "day": claim.day.to_string(), "received": claim.received.to_string(),
            "product": claim.product, "digest": claim.digest, "kept_until": claim.kept_until,
        }))
    }

    /// Signs a receipt for an erased installation.
    #[must_use]
    pub fn forgotten(&self, installation: &str, day: Date, forgotten: &Forgotten) -> Value {
        let Forgotten { rows, items, records } = forgotten;
        self.sign(&json!({
            "schema": SCHEMA, "of": "forget", "receiver": self.id(),
            "installation": installation, "day": day.to_string(), "rows": rows, "items": items,
            "records": records,
        }))
    }

    fn sign(&self, item: &Value) -> Value {
        let item = item.to_string();
        let signed = self.pair.sign(item.as_bytes());
        let signed = signed.as_ref().try_into().expect("such signatures have 64 bytes");
        let signed = signature::attach(item.as_bytes(), &self.public(), &signed);
        let signed = signed.expect("a receipt is an object");
        serde_json::from_slice(&signed).expect("a signed object is one")
    }
}

/// The claim that a record was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClaim {
    /// The id of the report.
    pub id: String,
    /// Its day.
    pub day: Date,
    /// The day on which it was received.
    pub received: Date,
    /// Its product.
    pub product: Option<String>,
    /// The digest of what is stored.
    pub digest: String,
    /// The last day on which rows of each schema are kept.
    pub kept_until: BTreeMap<String, Date>,
}

impl StoredClaim {
    /// The claim for a record, valid once it is stored.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let until = |section: &Section| {
            let days = i32::try_from(section.table.keep_days).unwrap_or(i32::MAX);
            let last = day_number(record.key.day).saturating_add(days);
            (section.table.schema.clone(), date_of(last))
        };
        Self {
            id: record.key.id.clone(),
            day: record.key.day,
            received: record.received,
            product: record.product.clone(),
            digest: digest(record),
            kept_until: record.sections.iter().map(until).collect(),
        }
    }
}

/// The digest of everything that is stored of a record.
#[must_use]
pub fn digest(record: &Record) -> String {
    format!("sha256:{}", hex::written(&Sha256::digest(canonical(record))))
}

/// The canonical JSON of everything that is stored of a record: without empty columns and white space,
/// with sorted names.
#[must_use]
pub fn canonical(record: &Record) -> String {
    let Record { key, received, product, source, authenticated, sections, .. } = record;
    let mut value = json!({
        "id": key.id, "day": key.day.to_string(), "received": received.to_string(),
        "product": product, "source": source.as_str(), "authenticated": authenticated,
        "rows": sections.iter().map(row).collect::<Vec<_>>(),
    });
    value.sort_all_objects();
    value.to_string()
}

fn row(Section { table, cells, items }: &Section) -> Value {
    let cells = table.columns.iter().zip(cells);
    let values: Map<String, Value> = cells
        .filter_map(|(column, cell)| Some((column.name.clone(), cell_value(cell.as_ref()?))))
        .collect();
    let words: BTreeMap<(&str, &str), _> =
        items.iter().map(|it| ((it.field.as_str(), it.word.as_str()), it.columns())).collect();
    let words: Vec<Value> = words
        .into_iter()
        .map(|((field, word), (number, bucket))| {
            json!({"field": field, "word": word, "number": number, "bucket": bucket})
        })
        .collect();
    json!({"table": table.name, "values": values, "words": words})
}

fn cell_value(cell: &Cell) -> Value {
    match cell {
        Cell::Boolean(flag) => json!(flag),
        Cell::Integer(number) => json!(number),
        Cell::Real(number) => json!(number),
        Cell::Text(text) => json!(text),
    }
}

/// A receipt with a valid signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The key that signed it.
    pub key: PublicKey,
    /// Its claim.
    pub claim: Claim,
}

/// The claim of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// A record was stored.
    Stored(StoredClaim),
    /// An installation was erased.
    Forgotten {
        /// Which.
        installation: String,
        /// When.
        day: Date,
        /// How many rows it had.
        rows: u64,
    },
}

/// Why a receipt is not valid, or does not match a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Error {
    /// It is not a receipt.
    #[error("not a receipt")]
    Form,
    /// Its signature is invalid: the receipt was changed.
    #[error("the signature of the receipt is invalid")]
    Signature,
    /// It is not about a report.
    #[error("the receipt is not about a report")]
    OfNoReport,
    /// No given report has its id.
    #[error("no report has the id and the day of the receipt")]
    NoReport,
    /// The report would have been rejected.
    #[error("the report could not have been stored: {}", .0.code_and_message().1)]
    Rejected(Reason),
    /// The digest of the report is not that of the receipt.
    #[error("the stored record differs from this report")]
    Differs,
}

impl Receipt {
    /// Parses a receipt and verifies its signature, regardless of white space.
    ///
    /// # Errors
    /// When it is not a receipt, or was changed.
    pub fn read(receipt: &Value) -> Result<Self, Error> {
        let map = receipt.as_object().ok_or(Error::Form)?;
        if text(map, "schema") != Some(SCHEMA) {
            return Err(Error::Form);
        }
        let signed = signature::split(receipt.to_string().as_bytes()).ok_or(Error::Signature)?;
        UnparsedPublicKey::new(&ED25519, &signed.key)
            .verify(&signed.bytes, &signed.signature)
            .map_err(|_unspecified| Error::Signature)?;
        if text(map, "receiver") != Some(&installation_id(&signed.key)) {
            return Err(Error::Form);
        }
        let claim = claim(map).ok_or(Error::Form)?;
        Ok(Self { key: signed.key, claim })
    }

    /// The id of the key that signed it.
    #[must_use]
    pub fn receiver(&self) -> String {
        installation_id(&self.key)
    }

    /// Computes the digest of a report, and compares it. `reports` may be several, one per line.
    ///
    /// # Errors
    /// When none of them matches the receipt.
    pub fn compare(&self, reports: &[u8], catalog: &Catalog) -> Result<(), Error> {
        let Claim::Stored(stored) = &self.claim else { return Err(Error::OfNoReport) };
        let mut found = Err(Error::NoReport);
        // One report may span several lines, or each line may be one report.
        let whole = std::iter::once(reports);
        for item in whole.chain(reports.split(|byte| *byte == b'\n')) {
            let Ok(parsed) = serde_json::from_slice::<Map<String, Value>>(item) else { continue };
            match again(stored, item, &parsed, catalog) {
                Err(Error::NoReport) => {}
                Ok(record) if digest(&record) == stored.digest => return Ok(()),
                Ok(_) => found = Err(Error::Differs),
                Err(error) => found = Err(error),
            }
        }
        found
    }
}

/// Reads a report as on the day on which it was received.
fn again(
    stored: &StoredClaim,
    item: &[u8],
    parsed: &Map<String, Value>,
    catalog: &Catalog,
) -> Result<Record, Error> {
    let read = match text(parsed, "schema") {
        Some(REPORT) => ingest::report,
        Some(EVENTS) => ingest::events,
        Some(_) | None => return Err(Error::NoReport),
    };
    if text(parsed, "id").is_some_and(|id| id != stored.id) {
        return Err(Error::NoReport);
    }
    let signer = signer(item, parsed).map_err(|Forged| Error::Rejected(Reason::Signature))?;
    let context = Context {
        catalog,
        today: stored.received,
        token_product: stored.product.as_deref(),
        sender: Sender::Token(0),
        key: Some(&stored.id),
        signer: signer.as_deref(),
    };
    let record = read(context, parsed).map_err(Error::Rejected)?.record;
    if record.key.day == stored.day { Ok(record) } else { Err(Error::NoReport) }
}

fn claim(map: &Map<String, Value>) -> Option<Claim> {
    let day = |name| text(map, name)?.parse::<Date>().ok();
    match text(map, "of")? {
        "report" => {
            let kept_until = map.get("kept_until")?.as_object()?.iter();
            let kept_until = kept_until
                .map(|(schema, day)| Some((schema.clone(), day.as_str()?.parse().ok()?)))
                .collect::<Option<_>>()?;
            Some(Claim::Stored(StoredClaim {
                id: text(map, "id")?.to_owned(),
                day: day("day")?,
                received: day("received")?,
                product: text(map, "product").map(str::to_owned),
                digest: text(map, "digest")?.to_owned(),
                kept_until,
            }))
        }
        "forget" => {
            let rows = map.get("rows")?.as_object()?.values().filter_map(Value::as_u64).sum();
            let installation = text(map, "installation")?.to_owned();
            Some(Claim::Forgotten { installation, day: day("day")?, rows })
        }
        _ => None,
    }
}

fn text<'m>(map: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    map.get(name)?.as_str()
}

#[cfg(test)]
mod tests;
