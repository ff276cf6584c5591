//! What numbers count.

use jiff::civil::Date;
use ktel_model::Schema;
use ktel_model::standard::schema::{Kind, Type};

/// The name of the combined small groups, on both sides.
pub(super) const OTHER: &str = "other";

/// What a chart counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Installations, by their last report of a week: the newest week that is over, if it has data.
    Installations(Date),
    /// Reports of the whole period.
    Reports,
    /// Runs of commands of the whole period; groups are of batches.
    Events,
}

impl Unit {
    /// The unit of a schema; for installations, with the week that they are counted in.
    pub(crate) fn of(schema: &Schema, newest: Date) -> Self {
        let has_id = || schema.fields.values().any(|field| matches!(field.of, Type::Id));
        match schema.kind {
            Kind::Stats if has_id() => Self::Installations(newest),
            Kind::Event => Self::Events,
            Kind::Stats | Kind::Job => Self::Reports,
        }
    }

    /// The plural noun.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Installations(_) => "installations",
            Self::Reports => "reports",
            Self::Events => "events",
        }
    }
}
