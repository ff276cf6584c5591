//! The schema of the events of a product: the built-in file, with the words of the product.

use jiff::Timestamp;
use jiff::civil::Date;
use ktel_model::names::{COMMAND_PATH, SCHEMA_VERSION};
use ktel_model::standard::schema::{Form, Type};
use ktel_model::standard::{Applied, Reason};
use ktel_model::{Schema, built_in};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::limits;
use crate::product_name::ProductName;

use super::{Event, PLUGIN, Version, Vocabulary};

const VERSION: &str = "version";
/// The fields that version 2 adds.
const OF_VERSION_TWO: [&str; 3] = ["outcome", "error_category", "duration"];

/// The schema of a product's events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSchema {
    schema: Schema,
}

/// Why a document is not an event.
#[derive(Debug, Error)]
pub enum Rejected {
    /// It is too long.
    #[error("the event holds more than {} bytes", limits::EVENT_BYTES_MAX)]
    TooLong,
    /// It is not a JSON object.
    #[error("the event is not a JSON object")]
    NotAnObject {
        /// Where the parser stopped.
        source: serde_json::Error,
    },
    /// It has values that are not declared. The message does not repeat them.
    #[error("values of the event are {}: {count}", reason.word())]
    OmittedValues {
        /// Why they cannot be sent.
        reason: Reason,
        /// How many.
        count: u64,
    },
    /// It has no value for a required field.
    #[error("the event has no `{field}`")]
    Missing {
        /// The field.
        field: String,
    },
}

impl EventSchema {
    /// Makes the schema of the events of a product. Its commands are the only words; version 1 has
    /// only the six fields.
    #[must_use]
    pub fn new(product: &ProductName, vocabulary: &Vocabulary, version: Version) -> Self {
        let mut schema = Self::template();
        schema.vendor = product.to_string();
        if version == Version::One {
            schema.fields.retain(|name, _| !OF_VERSION_TWO.contains(&name.as_str()));
        }
        let command_path =
            schema.fields.get_mut(COMMAND_PATH).expect("a test proves the built-in schema");
        let words = vocabulary.words().into_iter().map(str::to_owned).collect();
        command_path.of = Type::CommandPath(words);
        let first = vocabulary.commands().first().map_or(PLUGIN, String::as_str);
        command_path.example = first.into();
        let number = schema.fields.get_mut(SCHEMA_VERSION);
        number.expect("a test proves the built-in schema").example = version.number().into();
        Self { schema }
    }

    /// Gives the built-in schema, with the words of an example.
    #[must_use]
    pub fn template() -> Schema {
        built_in::COMMAND.schema()
    }

    /// Gives the schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Says whether the events of a version of the product can be sent. Those of a build without a
    /// version number, such as `dev`, cannot.
    #[must_use]
    pub fn accepts_version(&self, version: &str) -> bool {
        let event = Event::new(Timestamp::UNIX_EPOCH, version, PLUGIN);
        !self.apply(&event, Form::Exact).missing.iter().any(|field| field == VERSION)
    }

    /// Omits from an event what may not be sent.
    #[must_use]
    pub fn apply(&self, event: &Event, form: Form) -> Applied {
        self.schema.apply(&event.raw(), form, event.day())
    }

    /// Accepts an event that another program wrote, if every value is declared.
    ///
    /// # Errors
    /// When it is too long, is not a JSON object, has undeclared values, or lacks a required one.
    pub fn accept(
        &self,
        text: &[u8],
        form: Form,
        today: Date,
    ) -> Result<Map<String, Value>, Rejected> {
        if text.len() > limits::EVENT_BYTES_MAX {
            return Err(Rejected::TooLong);
        }
        let raw: Map<String, Value> =
            serde_json::from_slice(text).map_err(|source| Rejected::NotAnObject { source })?;
        let Applied { sent, omitted, missing } = self.schema.apply(&raw, form, today);
        // A field that expired after the event was written is omitted. That is not the writer's error.
        let wrong = omitted.iter().find(|(reason, _)| *reason != Reason::Expired);
        match (wrong, missing.into_iter().next()) {
            (Some((reason, count)), _) => Err(Rejected::OmittedValues { reason, count }),
            (None, Some(field)) => Err(Rejected::Missing { field }),
            (None, None) => Ok(sent),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::event::{ErrorCategory, Outcome};
    use ktel_model::built_in;
    use ktel_model::standard::schema::Kind;

    #[test]
    fn the_built_in_file_knows_every_word() {
        let schema = built_in::COMMAND.schema();
        assert_eq!((schema.name.as_str(), schema.kind), ("command", Kind::Event));
        let words = |field: &str| schema.words(field).unwrap();
        let outcomes: Vec<&str> = Outcome::ALL.into_iter().map(Outcome::word).collect();
        assert_eq!(words("outcome").values, outcomes);
        let (other, categories): (Vec<_>, Vec<_>) =
            ErrorCategory::ALL.into_iter().partition(|one| *one == ErrorCategory::Other);
        let categories: Vec<&str> = categories.into_iter().map(ErrorCategory::word).collect();
        assert_eq!(words("error_category").values, categories);
        assert_eq!(words("error_category").other, other[0].word());
    }
}
