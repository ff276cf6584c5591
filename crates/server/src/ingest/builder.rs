//! Builds the record of an item, section by section.

use jiff::civil::Date;
use ktel_model::Schema;
use ktel_model::standard::Omitted;
use ktel_model::standard::schema::{Field, Form, Type};
use serde_json::{Map, Value};

use super::context::{Context, Read, Reason, Rejected, Sender};
use crate::catalog::Entry;
use crate::limits::SECTIONS_MAX;
use crate::record::{Record, RecordKey, Section, Source, day_number};
use crate::tally::Tally;
use crate::token;

/// The parts of one item that can be stored, as far as they were read.
pub(super) struct ItemBuilder {
    pub(super) sections: Vec<Section>,
    parts: Vec<usize>,
    pub(super) omitted: Omitted,
    pub(super) rejected: Vec<Rejected>,
    tally: Tally,
    today: Date,
    /// Whether only events of commands may be added.
    events_only: bool,
    installation_check: InstallationCheck,
}

impl ItemBuilder {
    pub(super) fn new(context: Context<'_>, parts: usize) -> Result<Self, Reason> {
        if parts > SECTIONS_MAX {
            return Err(Reason::TooMany);
        }
        let (sections, rejected, today) = (Vec::new(), Vec::new(), context.today);
        let (omitted, tally) = (Omitted::default(), Tally::default());
        let installation_check = InstallationCheck::of(context);
        let events_only = context.sender == Sender::ProductKey;
        // A key of no product would be one of all products.
        if events_only && context.token_product.is_none() {
            return Err(Reason::Role);
        }
        Ok(Self {
            sections,
            parts: Vec::new(),
            omitted,
            rejected,
            tally,
            today,
            events_only,
            installation_check,
        })
    }

    /// Adds a part; one that is not an object is rejected.
    pub(super) fn add(
        &mut self,
        part: usize,
        entry: Option<&Entry>,
        raw: Option<&Map<String, Value>>,
    ) {
        let section = match (entry, raw) {
            (None, _) => Err(Reason::UnknownSchema),
            (Some(entry), _) if self.events_only && !entry.is_of_commands() => Err(Reason::Role),
            (Some(entry), Some(raw)) => self.apply(entry, raw),
            (Some(_), None) => Err(Reason::Malformed),
        };
        match section {
            Ok(section) => {
                self.sections.push(section);
                self.parts.push(part);
            }
            Err(reason) => self.rejected.push(Rejected { part, reason }),
        }
    }

    fn apply(&mut self, entry: &Entry, raw: &Map<String, Value>) -> Result<Section, Reason> {
        let applied = entry.schema.apply(raw, Form::Exact, self.today);
        self.omitted.add(&applied.omitted);
        // A job that found nothing sends an empty section, which is stored as a row.
        if applied.sent.is_empty() && !raw.is_empty() {
            return Err(Reason::Empty);
        }
        let installation = self.installation_check.check(&entry.schema, &applied.sent)?;
        self.tally.add(&entry.schema, installation, &applied.sent, self.today);
        let (cells, items) = entry.table.row(&applied.sent);
        Ok(Section { table: std::sync::Arc::clone(&entry.table), cells, items })
    }

    /// Rejects sections past their retention, without counting them.
    fn expire(&mut self, day: Date) {
        let age = day_number(self.today).saturating_sub(day_number(day));
        let sections = std::mem::take(&mut self.sections).into_iter();
        for (section, part) in sections.zip(std::mem::take(&mut self.parts)) {
            if age > i32::try_from(section.table.keep_days).unwrap_or(i32::MAX) {
                self.tally.counts.retain(|source, _| source.schema != section.table.schema);
                self.rejected.push(Rejected { part, reason: Reason::Expired });
            } else {
                self.sections.push(section);
                self.parts.push(part);
            }
        }
    }

    pub(super) fn finish(
        mut self,
        context: Context<'_>,
        (source, day, id): (Source, Date, Option<&str>),
        product: Option<String>,
    ) -> Result<Read, Reason> {
        self.expire(day);
        let Self { sections, omitted, rejected, tally, today, .. } = self;
        if sections.is_empty() {
            return Err(rejected.first().map_or(Reason::Empty, |rejected| rejected.reason));
        }
        let key = match id.or(context.key) {
            Some(id) => RecordKey::new(day, id, today),
            None => RecordKey::new(day, &token::random(), today),
        };
        let key = key.ok_or(Reason::Key)?;
        let (key, authenticated, token_group) = match context.sender {
            Sender::Token(group) => (key, true, group),
            Sender::Public | Sender::ProductKey | Sender::Kamaji | Sender::Line => {
                (key.unsigned(), false, 0)
            }
        };
        let received = today;
        let record =
            Record { key, received, product, source, authenticated, token_group, sections, tally };
        Ok(Read { record, omitted, rejected })
    }
}

/// Who may send reports of an installation.
enum InstallationCheck {
    /// Anyone: these reports are counted separately from signed ones.
    Anybody,
    /// The author of a line: the same, but not for an id that is derived from a key.
    Line,
    /// The installation that signed, if one did.
    Signer(Option<String>),
}

impl InstallationCheck {
    fn of(context: Context<'_>) -> Self {
        match context.sender {
            Sender::Token(_) | Sender::Public | Sender::ProductKey => {
                Self::Signer(context.signer.map(str::to_owned))
            }
            Sender::Kamaji => Self::Anybody,
            Sender::Line => Self::Line,
        }
    }

    /// The installation of a section, if its schema identifies installations.
    fn check(&self, schema: &Schema, sent: &Map<String, Value>) -> Result<Option<String>, Reason> {
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

/// Whether an id may be derived from a key: those are UUIDs of version 8.
fn is_of_a_key(id: &str) -> bool {
    id.len() == 36 && id.as_bytes().get(14) == Some(&b'8')
}
