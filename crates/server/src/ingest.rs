//! Decides what of a body is stored: pure, and the same for every way that it may come.
//!
//! Every section goes through [`Schema::apply`](ktel_model::Schema::apply): an undeclared value is
//! dropped, a value of a wrong type loses its field, and a section of an unknown schema is refused
//! without harm to its neighbours.

use jiff::civil::Date;
use ktel_model::Schema;
use ktel_model::standard::Dropped;
use ktel_model::standard::schema::{Field, Form, Type};
use serde_json::{Map, Value};

use crate::catalog::{COMMAND_PATH, Catalog, Entry};
use crate::limits::{PRODUCT_BYTES_MAX, SECTIONS_MAX};
use crate::record::{Key, Record, Section, Source, day_number, is_believable};
use crate::tally::Tally;
use crate::token;

pub mod body;
pub mod line;
pub mod otlp;
mod pairs;

pub use pairs::line;

/// What is known of a request besides its body.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What may be stored.
    pub catalog: &'a Catalog,
    /// The day, in UTC.
    pub today: Date,
    /// The only product that the sender's token speaks for.
    pub bound: Option<&'a str>,
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
    Ancestor,
    /// Whoever writes a line.
    Line,
}

/// What the way of an item says of it, where it has no envelope of its own.
#[derive(Debug, Clone, Copy)]
pub struct Loose<'a> {
    /// The way.
    pub way: Source,
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
    /// What was dropped of declared sections.
    pub dropped: Dropped,
    /// Sections and events that were refused.
    pub refused: Vec<Refused>,
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

/// A part that was refused, by its place in its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// From 0.
    pub part: usize,
    /// Why.
    pub reason: Reason,
}

/// Reads an envelope (`ktel/report`).
///
/// # Errors
/// When nothing of it can be stored.
pub fn report(context: Context<'_>, item: &Map<String, Value>) -> Result<Read, Reason> {
    let schemas = object(item, "schemas")?;
    let data = object(item, "data")?;
    let product = item.get("product").and_then(|product| product.get("name"));
    let product = context.product(product.and_then(Value::as_str))?;
    let day = item.get("day").and_then(Value::as_str).and_then(|day| day.parse().ok());
    let day = day.ok_or(Reason::Malformed)?;
    let mut found = Found::new(context, data.len())?;
    for (part, (job, section)) in data.iter().enumerate() {
        // What the user piped in is declared nowhere, and stays out.
        let Some(declared) = schemas.get(job) else {
            found.dropped.note(ktel_model::standard::Reason::Undeclared);
            continue;
        };
        let text = |name| declared.get(name).and_then(Value::as_str);
        let entry = text("schema").and_then(|id| context.catalog.find(id, text("version")));
        found.take(part, entry, section.as_object());
    }
    found.finish(context, (Source::Report, day, id_of(item)), product)
}

/// Reads a batch of events (`ktel/events`).
///
/// # Errors
/// When nothing of it can be stored.
pub fn events(context: Context<'_>, item: &Map<String, Value>) -> Result<Read, Reason> {
    let events = item.get("events").and_then(Value::as_array).ok_or(Reason::Malformed)?;
    let product = context.product(item.get("product").and_then(Value::as_str))?;
    let entry = context.catalog.events(product.as_deref());
    let mut found = Found::new(context, events.len())?;
    for (part, event) in events.iter().enumerate() {
        found.take(part, entry, event.as_object());
    }
    // The day has to be the same however late the batch is repeated, so it comes out of itself.
    let day = events.iter().filter_map(Value::as_object).find_map(day_of).unwrap_or(context.today);
    found.finish(context, (Source::Events, day, id_of(item)), product)
}

/// Reads what comes without a route of its own: an envelope, a batch, a bare report or one event.
///
/// # Errors
/// When nothing of it can be stored.
pub fn collected(
    context: Context<'_>,
    loose: Loose<'_>,
    event: &Map<String, Value>,
) -> Result<Read, Reason> {
    let mut read = match event.get("schema").and_then(Value::as_str) {
        Some(REPORT) => report(context, event),
        Some(EVENTS) => events(context, event),
        Some(_) | None => bare(context, loose, event),
    }?;
    read.record.source = loose.way;
    Ok(read)
}

/// Reads what the ancestor's clients post: one flat or nested object for each of four routes.
///
/// # Errors
/// When it cannot be stored, or lacks what its schema requires.
pub fn ancestor(
    context: Context<'_>,
    route: &str,
    item: &Map<String, Value>,
) -> Result<Read, Reason> {
    let entry = context.catalog.find(&format!("ktel/kamaji-{route}"), None);
    let entry = entry.ok_or(Reason::UnknownSchema)?;
    // What is there but of a wrong type costs its field, as everywhere.
    let lacks = |(name, field): (&String, &Field)| {
        field.required && !field.expires.is_past(context.today) && !item.contains_key(name)
    };
    if entry.schema.fields.iter().any(lacks) {
        return Err(Reason::Missing);
    }
    let mut found = Found::new(context, 1)?;
    found.take(0, Some(entry), Some(item));
    let kamaji = Some("kamaji".to_owned());
    found.finish(context, (Source::Ancestor, context.today, None), kamaji)
}

/// The name of an envelope.
pub const REPORT: &str = ktel_model::envelope::SCHEMA;
/// The name of a batch.
pub const EVENTS: &str = "ktel/events";

fn bare(
    context: Context<'_>,
    loose: Loose<'_>,
    event: &Map<String, Value>,
) -> Result<Read, Reason> {
    let product = context.product(loose.product.filter(|product| is_product(product)))?;
    let mut found = Found::new(context, event.len())?;
    // A repetition has the day of what it repeats; a day that cannot be right is as good as none.
    let mut day = loose.day.filter(|day| is_believable(*day, context.today));
    if event.contains_key(COMMAND_PATH) {
        day = day_of(event).or(day);
        found.take(0, context.catalog.events(product.as_deref()), Some(event));
    } else {
        for (part, (job, section)) in event.iter().enumerate() {
            match context.catalog.job(job) {
                Some(entry) => found.take(part, Some(entry), section.as_object()),
                None => found.dropped.note(ktel_model::standard::Reason::Undeclared),
            }
        }
    }
    if found.sections.is_empty() && found.refused.is_empty() {
        return Err(Reason::UnknownSchema);
    }
    found.finish(context, (loose.way, day.unwrap_or(context.today), None), product)
}

/// What was found so far.
struct Found {
    sections: Vec<Section>,
    parts: Vec<usize>,
    dropped: Dropped,
    refused: Vec<Refused>,
    tally: Tally,
    today: Date,
    speaker: Speaker,
}

impl Found {
    fn new(context: Context<'_>, parts: usize) -> Result<Self, Reason> {
        if parts > SECTIONS_MAX {
            return Err(Reason::TooMany);
        }
        let (sections, refused, today) = (Vec::new(), Vec::new(), context.today);
        let (dropped, tally) = (Dropped::default(), Tally::default());
        let speaker = Speaker::of(context);
        Ok(Self { sections, parts: Vec::new(), dropped, refused, tally, today, speaker })
    }

    /// Takes a part, which is none of any schema if it is no object.
    fn take(&mut self, part: usize, entry: Option<&Entry>, raw: Option<&Map<String, Value>>) {
        let section = match (entry, raw) {
            (None, _) => Err(Reason::UnknownSchema),
            (Some(entry), Some(raw)) => self.apply(entry, raw),
            (Some(_), None) => Err(Reason::Malformed),
        };
        match section {
            Ok(section) => {
                self.sections.push(section);
                self.parts.push(part);
            }
            Err(reason) => self.refused.push(Refused { part, reason }),
        }
    }

    fn apply(&mut self, entry: &Entry, raw: &Map<String, Value>) -> Result<Section, Reason> {
        let applied = entry.schema.apply(raw, Form::Exact, self.today);
        self.dropped.add(&applied.dropped);
        // A job that found nothing says so with an empty section; that is worth a row.
        if applied.sent.is_empty() && !raw.is_empty() {
            return Err(Reason::Empty);
        }
        let installation = self.speaker.hear(&entry.schema, &applied.sent)?;
        self.tally.add(&entry.schema, installation, &applied.sent, self.today);
        let (cells, items) = entry.table.row(&applied.sent);
        Ok(Section { table: std::sync::Arc::clone(&entry.table), cells, items })
    }

    /// Refuses what would be deleted at once, and does not count it either.
    fn expire(&mut self, day: Date) {
        let age = day_number(self.today).saturating_sub(day_number(day));
        let sections = std::mem::take(&mut self.sections).into_iter();
        for (section, part) in sections.zip(std::mem::take(&mut self.parts)) {
            if age > i32::try_from(section.table.keep_days).unwrap_or(i32::MAX) {
                self.tally.said.retain(|who, _| who.schema != section.table.schema);
                self.refused.push(Refused { part, reason: Reason::Expired });
            } else {
                self.sections.push(section);
                self.parts.push(part);
            }
        }
    }

    fn finish(
        mut self,
        context: Context<'_>,
        (source, day, id): (Source, Date, Option<&str>),
        product: Option<String>,
    ) -> Result<Read, Reason> {
        self.expire(day);
        let Self { sections, parts: _, dropped, refused, tally, today, speaker: _ } = self;
        if sections.is_empty() {
            return Err(refused.first().map_or(Reason::Empty, |refused| refused.reason));
        }
        let key = match id.or(context.key) {
            Some(id) => Key::new(day, id, today),
            None => Key::new(day, &token::random(), today),
        };
        let key = key.ok_or(Reason::Key)?;
        let key = if context.sender == Sender::Token { key } else { key.of_nobody() };
        let authenticated = context.sender == Sender::Token;
        let record =
            Record { key, received: today, product, source, authenticated, sections, tally };
        Ok(Read { record, dropped, refused })
    }
}

/// Who may speak for an installation.
enum Speaker {
    /// Whoever comes: what is said is counted apart from what is signed.
    Anybody,
    /// Whoever writes a line: the same, and never under an id that is made of a key.
    Line,
    /// The installation that signed, if one did.
    Signer(Option<String>),
}

impl Speaker {
    fn of(context: Context<'_>) -> Self {
        match context.sender {
            Sender::Token => Self::Signer(context.signer.map(str::to_owned)),
            Sender::Ancestor => Self::Anybody,
            Sender::Line => Self::Line,
        }
    }

    /// Gives the installation that a section is about, where its schema follows installations.
    fn hear(&self, schema: &Schema, sent: &Map<String, Value>) -> Result<Option<String>, Reason> {
        let is_id = |field: &Field| matches!(field.of, Type::Id);
        let mut ids = schema.fields.iter().filter(|(_, field)| is_id(field));
        let Some(id) = ids.find_map(|(name, _)| sent.get(name)?.as_str()) else { return Ok(None) };
        match self {
            Self::Line if is_of_a_key(id) => Err(Reason::Signature),
            Self::Anybody | Self::Line => Ok(Some(format!("unsigned {id}"))),
            Self::Signer(Some(signer)) if signer == id => Ok(Some(id.to_owned())),
            Self::Signer(_) => Err(Reason::Signature),
        }
    }
}

impl Context<'_> {
    fn product(&self, named: Option<&str>) -> Result<Option<String>, Reason> {
        match (self.bound, named) {
            (Some(bound), Some(named)) if bound != named => Err(Reason::Product),
            (Some(bound), _) => Ok(Some(bound.to_owned())),
            (None, Some(named)) if is_product(named) => Ok(Some(named.to_owned())),
            (None, Some(_)) => Err(Reason::Malformed),
            (None, None) => Ok(None),
        }
    }
}

/// Tells whether a text could be a product's name; anything else could be a person's.
fn is_product(name: &str) -> bool {
    let letter =
        |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_' | b'.');
    (1..=PRODUCT_BYTES_MAX).contains(&name.len()) && name.bytes().all(letter)
}

/// Tells whether an id could be that of an installation that signs: those are of version 8.
fn is_of_a_key(id: &str) -> bool {
    id.len() == 36 && id.as_bytes().get(14) == Some(&b'8')
}

fn object<'v>(item: &'v Map<String, Value>, name: &str) -> Result<&'v Map<String, Value>, Reason> {
    item.get(name).and_then(Value::as_object).ok_or(Reason::Malformed)
}

fn id_of(item: &Map<String, Value>) -> Option<&str> {
    item.get("id").and_then(Value::as_str)
}

/// Reads the day of an event, whose time is exact or a day.
fn day_of(event: &Map<String, Value>) -> Option<Date> {
    let time = event.get("timestamp")?.as_str()?;
    time.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests;
