//! Applies the standard to what was collected: nothing else than what this returns is sent.

use indexmap::IndexMap;
use jiff::civil::Date;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::blur::blur;
use super::schema::{Expiry, Field, Form, Schema};

/// What remains of a section once the standard was applied.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Applied {
    /// What may be sent, in the schema's order.
    pub sent: Map<String, Value>,
    /// What was left out, without its names.
    pub dropped: Dropped,
    /// Required fields that are not in `sent`, though they have not expired.
    pub missing: Vec<String>,
}

/// Why a value was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The standard does not know it.
    Undeclared,
    /// It is not of its field's type.
    WrongType,
    /// Its field is past its end.
    Expired,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Undeclared, Self::WrongType, Self::Expired];

    /// Names the reason as envelopes and metrics do.
    pub fn word(self) -> &'static str {
        match self {
            Self::Undeclared => "undeclared",
            Self::WrongType => "wrong_type",
            Self::Expired => "expired",
        }
    }
}

/// How many values were left out, by reason. Names are never kept: they could say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    undeclared: u64,
    wrong_type: u64,
    expired: u64,
}

impl Dropped {
    /// How many were left out for a reason.
    pub fn count(&self, reason: Reason) -> u64 {
        match reason {
            Reason::Undeclared => self.undeclared,
            Reason::WrongType => self.wrong_type,
            Reason::Expired => self.expired,
        }
    }

    /// Counts one more.
    pub fn note(&mut self, reason: Reason) {
        let count = match reason {
            Reason::Undeclared => &mut self.undeclared,
            Reason::WrongType => &mut self.wrong_type,
            Reason::Expired => &mut self.expired,
        };
        *count = count.saturating_add(1);
    }

    /// Adds another section's counts.
    pub fn add(&mut self, other: &Self) {
        self.undeclared = self.undeclared.saturating_add(other.undeclared);
        self.wrong_type = self.wrong_type.saturating_add(other.wrong_type);
        self.expired = self.expired.saturating_add(other.expired);
    }

    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The reasons that occurred and how often.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        let counts = Reason::ALL.into_iter().map(|reason| (reason, self.count(reason)));
        counts.filter(|(_, count)| *count > 0)
    }
}

impl Serialize for Dropped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (reason, count) in self.iter() {
            map.serialize_entry(reason.word(), &count)?;
        }
        map.end()
    }
}

impl Schema {
    /// Keeps what the schema declares, in the form it declares, as long as it has not expired.
    ///
    /// Takes what a collector found as well as what another `apply` returned: what is already
    /// blurred passes unchanged, so that a receiver can apply the schema once more.
    pub fn apply(&self, raw: &Map<String, Value>, form: Form, today: Date) -> Applied {
        let mut dropped = Dropped::default();
        let sent = apply_fields(&self.fields, raw, form, today, &mut dropped);
        let missing = |(name, field): &(&String, &Field)| {
            field.required && !field.expires.is_past(today) && !sent.contains_key(*name)
        };
        let missing = self.fields.iter().filter(missing).map(|(name, _)| name.clone()).collect();
        Applied { sent, dropped, missing }
    }
}

impl Expiry {
    /// Whether the field is no longer sent on this day.
    pub fn is_past(&self, today: Date) -> bool {
        match self {
            Self::On(date) => today >= *date,
            Self::Never(_) => false,
        }
    }
}

pub(crate) fn apply_fields(
    fields: &IndexMap<String, Field>,
    raw: &Map<String, Value>,
    form: Form,
    today: Date,
    dropped: &mut Dropped,
) -> Map<String, Value> {
    for _ in raw.keys().filter(|name| !fields.contains_key(*name)) {
        dropped.note(Reason::Undeclared);
    }
    let mut sent = Map::new();
    for (name, field) in fields {
        let Some(value) = raw.get(name) else { continue };
        if field.expires.is_past(today) {
            dropped.note(Reason::Expired);
            continue;
        }
        match blur(&field.of, value, form, today, dropped) {
            Ok(value) => {
                sent.insert(name.clone(), value);
            }
            Err(reason) => dropped.note(reason),
        }
    }
    sent
}
