//! What is known of an item besides its text, and what was decided about it.

use jiff::civil::Date;
use ktel_model::standard::Dropped;

use crate::catalog::Catalog;
use crate::limits::PRODUCT_BYTES_MAX;
use crate::record::{Record, Source};

/// What is known of a request besides its body.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What may be stored.
    pub catalog: &'a Catalog,
    /// The day, in UTC.
    pub today: Date,
    /// The only product that the sender's token speaks for.
    pub token_product: Option<&'a str>,
    /// Who sends.
    pub sender: Sender,
    /// The id for an item that has none.
    pub key: Option<&'a str>,
    /// The installation that signed the item.
    pub signer: Option<&'a str>,
}

/// Who sends, as far as it can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The holder of a token.
    Token,
    /// A client of the ancestor, which shows nothing.
    Kamaji,
    /// Whoever writes a line.
    Line,
}

/// What the way of an item says of it, where it has no envelope of its own.
#[derive(Debug, Clone, Copy)]
pub struct TransportDefaults<'a> {
    /// The way.
    pub source: Source,
    /// Which product it could be about.
    pub product: Option<&'a str>,
    /// Its day, where that is known.
    pub day: Option<Date>,
}

/// An item that can be stored, and what was left out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// What is stored.
    pub record: Record,
    /// What was omitted of declared sections.
    pub omitted: Dropped,
    /// Sections and events that were rejected.
    pub rejected: Vec<Rejected>,
}

/// Why an item, or a part of one, is not stored. It never repeats what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is no JSON object of this kind.
    Malformed,
    /// No schema of this receiver declares it.
    UnknownSchema,
    /// Its id or its day cannot be right.
    Key,
    /// The token speaks for another product.
    Product,
    /// It has too many parts.
    TooMany,
    /// Nothing of it is declared.
    Empty,
    /// A field is not there that its schema requires.
    Missing,
    /// Its day is so long ago that it would have been deleted by now.
    Expired,
    /// The signature is not right, or lacks where an installation speaks.
    Signature,
}

impl Reason {
    /// Gives the word and the sentence that the sender is told.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => ("malformed", "not an object of the expected form"),
            Self::UnknownSchema => ("unknown_schema", "no schema of this receiver declares it"),
            Self::Key => ("key", "the id or the day cannot be right"),
            Self::Product => ("product", "the token speaks for another product"),
            Self::TooMany => ("too_many", "too many parts in one item"),
            Self::Empty => ("empty", "nothing of it is declared"),
            Self::Missing => ("missing", "a required field is not there"),
            Self::Expired => ("expired", "its day is longer ago than this schema's data is kept"),
            Self::Signature => ("signature", "an installation has to sign what it says of itself"),
        }
    }

    /// Gives the status of a request that consists of this alone.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Key => 400,
            Self::Product | Self::Signature => 403,
            Self::TooMany => 413,
            Self::UnknownSchema | Self::Empty | Self::Missing | Self::Expired => 422,
        }
    }
}

/// A part that was rejected, by its place in its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// From 0.
    pub part: usize,
    /// Why.
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

/// Tells whether a text could be a product's name; anything else could be a person's.
pub(super) fn is_product(name: &str) -> bool {
    let letter =
        |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_' | b'.');
    (1..=PRODUCT_BYTES_MAX).contains(&name.len()) && name.bytes().all(letter)
}
