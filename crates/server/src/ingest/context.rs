//! What is known of an item besides its text, and what was decided about it.

use jiff::civil::Date;
use ktel_model::standard::Omitted;

use crate::catalog::Catalog;
use crate::limits::PRODUCT_BYTES_MAX;
use crate::record::{Record, Source};

/// What is known of an item besides its text.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The accepted schemas.
    pub catalog: &'a Catalog,
    /// The current day, in UTC.
    pub today: Date,
    /// The only product that the token may send for.
    pub token_product: Option<&'a str>,
    /// The kind of sender.
    pub sender: Sender,
    /// The id for an item without one.
    pub key: Option<&'a str>,
    /// The installation that signed the item.
    pub signer: Option<&'a str>,
}

/// The kind of sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The holder of a token that is a secret, and the group of the token.
    Token(u8),
    /// The holder of a token that anybody can have.
    Public,
    /// The holder of a product key: anybody, and only for events of its product.
    ProductKey,
    /// A client of Kamaji's own receiver, without a token.
    Kamaji,
    /// The author of a line, without a token.
    Line,
}

/// The values that the transport supplies for an item without an envelope.
#[derive(Debug, Clone, Copy)]
pub struct TransportDefaults<'a> {
    /// The transport.
    pub source: Source,
    /// The product.
    pub product: Option<&'a str>,
    /// Its day, if known.
    pub day: Option<Date>,
}

/// An item that can be stored, and what was omitted from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The record.
    pub record: Record,
    /// The values that were omitted.
    pub omitted: Omitted,
    /// Sections and events that were rejected.
    pub rejected: Vec<Rejected>,
}

/// Why an item, or a part of one, is rejected. It never quotes what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is not a JSON object of the expected form.
    Malformed,
    /// No schema of this receiver declares it.
    UnknownSchema,
    /// Its id or its day is invalid.
    Key,
    /// The token is for another product.
    Product,
    /// The token is a product key, and this is no event of its product.
    Role,
    /// It has too many parts.
    TooMany,
    /// Nothing of it is declared.
    Empty,
    /// A required field is missing.
    Missing,
    /// Its day is longer ago than its retention.
    Expired,
    /// The signature is invalid, or missing in a report of an installation.
    Signature,
}

impl Reason {
    /// The code and the message of the response.
    #[must_use]
    pub fn code_and_message(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => ("malformed", "not an object of the expected form"),
            Self::UnknownSchema => ("unknown_schema", "no schema of this receiver declares it"),
            Self::Key => ("key", "the id or the day is invalid"),
            Self::Product => ("product", "the token is for another product"),
            Self::Role => ("role", "a product key sends only events of its product"),
            Self::TooMany => ("too_many", "too many parts in one item"),
            Self::Empty => ("empty", "nothing of it is declared"),
            Self::Missing => ("missing", "a required field is missing"),
            Self::Expired => ("expired", "its day is longer ago than the retention of its schema"),
            Self::Signature => {
                ("signature", "a report of an installation must be signed by its key")
            }
        }
    }

    /// The HTTP status of a request with only this item.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Key => 400,
            // The sender keeps the item until it has the token of its product, or of its role.
            Self::Product | Self::Role => 403,
            Self::TooMany => 413,
            // Another token or key does not make this item valid.
            Self::Signature | Self::UnknownSchema | Self::Empty | Self::Missing | Self::Expired => {
                422
            }
        }
    }
}

/// A rejected part of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// Its index, from 0.
    pub part: usize,
    /// The reason.
    pub reason: Reason,
}

impl Context<'_> {
    pub(super) fn product(&self, named: Option<&str>) -> Result<Option<String>, Reason> {
        match (self.token_product, named) {
            (Some(token_product), Some(named)) if token_product != named => Err(Reason::Product),
            (Some(token_product), _) => Ok(Some(token_product.to_owned())),
            (None, Some(named)) if is_product(named) => Ok(Some(named.to_owned())),
            (None, Some(_)) => Err(Reason::Malformed),
            (None, None) => Ok(None),
        }
    }
}

/// Whether a text is a valid name of a product. Other text could be personal data.
pub(super) fn is_product(name: &str) -> bool {
    let letter =
        |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_' | b'.');
    (1..=PRODUCT_BYTES_MAX).contains(&name.len()) && name.bytes().all(letter)
}
