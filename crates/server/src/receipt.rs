//! Receipts: what this receiver says, signed, of what it keeps and until when.
//!
//! A receipt is an item with a signature of its own, as reports are (`ktel_model::signature`). Its
//! digest covers what the store really holds, value by value, so that whoever has the report and the
//! standard can compute it again, and needs nobody for it.

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

/// The key of a receiver, shared by all that serve one store. It is never printed.
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
    /// Makes one.
    ///
    /// # Panics
    /// When the system has no randomness, without which nothing here is safe.
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

    /// Reads what a store keeps.
    pub(crate) fn from_row(secret: &str, made: i32) -> Option<Self> {
        Self::from_pkcs8(hex::read(secret)?, date_of(made))
    }

    /// Gives what a store keeps: the secret, and the day.
    pub(crate) fn row(&self) -> (String, i32) {
        (hex::written(&self.pkcs8), day_number(self.made))
    }

    /// Gives the part that everybody may know.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.pair.public_key().as_ref().try_into().expect("such keys have 32 bytes")
    }

    /// Names it, in the way in which installations are named: by its hash.
    #[must_use]
    pub fn id(&self) -> String {
        installation_id(&self.public())
    }

    /// Describes it to everybody.
    #[must_use]
    pub fn described(&self) -> Value {
        json!({
            "id": self.id(), "algorithm": "ed25519", "public_key": hex::written(&self.public()),
            "made": self.made.to_string(),
        })
    }

    /// Signs a receipt for a record that is stored now.
    #[must_use]
    pub fn stored(&self, claim: StoredClaim) -> Value {
        self.sign(&json!({
            "schema": SCHEMA, "of": "report", "receiver": self.id(), "id": claim.id,
            "day": claim.day.to_string(), "received": claim.received.to_string(),
            "product": claim.product, "digest": claim.digest, "kept_until": claim.kept_until,
        }))
    }

    /// Signs a receipt for an installation that is forgotten now.
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

/// What a receiver says of a record that it stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClaim {
    /// The id of the report.
    pub id: String,
    /// Its day.
    pub day: Date,
    /// The day on which it came.
    pub received: Date,
    /// The product that it speaks for.
    pub product: Option<String>,
    /// The digest of what is stored.
    pub digest: String,
    /// The last day on which rows of each schema are there.
    pub kept_until: BTreeMap<String, Date>,
}

impl StoredClaim {
    /// Says what is true of a record once it is stored.
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

/// Gives the digest of everything that a store keeps of a record.
#[must_use]
pub fn digest(record: &Record) -> String {
    format!("sha256:{}", hex::written(&Sha256::digest(canonical(record))))
}

/// Writes everything that a store keeps of a record: columns that are empty are left out, names are in
/// the order of their letters, and there is no white space.
#[must_use]
pub fn canonical(record: &Record) -> String {
    let Record { key, received, product, source, authenticated, sections, tally: _ } = record;
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

/// A receipt whose signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The key that signed it.
    pub key: PublicKey,
    /// What it says.
    pub claim: Claim,
}

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// A record is stored.
    Stored(StoredClaim),
    /// An installation is forgotten.
    Forgotten {
        /// Which.
        installation: String,
        /// When.
        day: Date,
        /// How many rows it had.
        rows: u64,
    },
}

/// Why a receipt, or a report beside it, cannot be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Error {
    /// It is something else.
    #[error("this is no receipt")]
    Form,
    /// Its signature is not right: somebody changed it.
    #[error("the signature of the receipt is not right")]
    Signature,
    /// It is of no report.
    #[error("the receipt is of no report")]
    OfNoReport,
    /// No report beside it has its id.
    #[error("no report has the id and the day of the receipt")]
    NoReport,
    /// The report beside it could not have been stored.
    #[error("the report could not have been stored: {}", .0.words().1)]
    Rejected(Reason),
    /// What would be stored of the report beside it is not what the receipt says.
    #[error("what was stored is not this report")]
    Differs,
}

impl Receipt {
    /// Reads a receipt, and checks its signature. White space between its parts does not matter.
    ///
    /// # Errors
    /// When it is none, or not as it was signed.
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

    /// Names the key that signed it.
    #[must_use]
    pub fn receiver(&self) -> String {
        installation_id(&self.key)
    }

    /// Computes again what is stored of a report, and compares it; `reports` may be several, one a line.
    ///
    /// # Errors
    /// When none of them is what the receipt speaks of.
    pub fn compare(&self, reports: &[u8], catalog: &Catalog) -> Result<(), Error> {
        let Claim::Stored(stored) = &self.claim else { return Err(Error::OfNoReport) };
        let mut found = Err(Error::NoReport);
        // One report may be written on many lines, or many reports on one each.
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

/// Reads a report as it was read on the day on which it came.
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
        sender: Sender::Token,
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
