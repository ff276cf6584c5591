//! One best-effort event per command: what ran, in which version, on which platform.
//!
//! An event has no identifier of a user, a machine or an installation, no argument, no flag and no
//! error message. Version 1 has six fields. Version 2 adds how the command ended. Nothing is sent
//! that the [schema](EventSchema) does not declare:
//!
//! ```
//! use ktel_usage::event::{Event, EventSchema, Vocabulary};
//! use ktel_model::standard::schema::Form;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let vocabulary = Vocabulary::new("acme", ["get apis", "plan"])?;
//! let schema = EventSchema::new(&"acme".parse()?, &vocabulary, ktel_usage::event::Version::One);
//! let command = vocabulary.resolve("acme get apis").name().ok_or("not an event")?;
//! let event = Event::new("2026-05-12T14:30:45Z".parse()?, "0.4.0", command);
//! let applied = schema.apply(&event, Form::Exact);
//! assert_eq!(applied.sent.get("command_path"), Some(&"get apis".into()));
//! # Ok(())
//! # }
//! ```
//!
//! Resolving a command borrows from the vocabulary. Nothing is allocated before an [`Event`] is made.

mod category;
mod command;
mod platform;
mod schema;

use std::time::Duration;

use jiff::Timestamp;
use ktel_model::names;
use ktel_model::standard::duration_bucket;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use category::{categorize, categorize_with};
pub use command::{Command, InvalidVocabulary, PLUGIN, Vocabulary};
pub use ktel_model::error_category::{Classifier, ErrorCategory, of_status};
pub use platform::{arch, os};
pub use schema::{EventSchema, Rejected};

/// Which fields an event has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Version {
    /// Six fields.
    #[default]
    One,
    /// Six fields, and how the command ended.
    Two,
}

impl Version {
    /// Gives the number that is sent.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It succeeded.
    Success,
    /// It failed with an error message.
    Failure,
    /// A signal ended it.
    Interrupted,
    /// It panicked.
    Panicked,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Success, Self::Failure, Self::Interrupted, Self::Panicked];

    /// Gives the word that is sent.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Interrupted => "interrupted",
            Self::Panicked => "panicked",
        }
    }
}

/// How a command ended, for events of version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The outcome.
    pub outcome: Outcome,
    /// The category of the error, if it failed.
    pub error_category: Option<ErrorCategory>,
    /// How long it took. Only the bucket is sent.
    pub duration: Option<Duration>,
}

/// One run of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    timestamp: Timestamp,
    version: String,
    os: &'static str,
    arch: &'static str,
    command_path: String,
    ending: Option<Ending>,
}

impl Event {
    /// Makes an event of version 1 for this platform. The time is cut to the second.
    #[must_use]
    pub fn new(timestamp: Timestamp, version: &str, command_path: &str) -> Self {
        let timestamp = Timestamp::from_second(timestamp.as_second())
            .expect("the second of a timestamp is in range");
        let (version, command_path) = (version.to_owned(), command_path.to_owned());
        Self { timestamp, version, os: os(), arch: arch(), command_path, ending: None }
    }

    /// Sets another platform.
    #[must_use]
    pub fn on(mut self, os: &'static str, arch: &'static str) -> Self {
        (self.os, self.arch) = (os, arch);
        self
    }

    /// Makes it an event of version 2.
    #[must_use]
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = Some(ending);
        self
    }

    /// Gives the version that its fields have.
    #[must_use]
    pub fn schema_version(&self) -> Version {
        if self.ending.is_some() { Version::Two } else { Version::One }
    }

    /// Gives the fields in the order of the wire: the bucket of the duration, the others exact.
    #[must_use]
    pub fn raw(&self) -> Map<String, Value> {
        let Self { timestamp, version, os, arch, command_path, ending } = self;
        let mut raw = Map::new();
        raw.insert(names::SCHEMA_VERSION.into(), self.schema_version().number().into());
        raw.insert(names::TIMESTAMP.into(), timestamp.to_string().into());
        raw.insert("version".into(), version.clone().into());
        raw.insert("os".into(), (*os).into());
        raw.insert("arch".into(), (*arch).into());
        raw.insert(names::COMMAND_PATH.into(), command_path.clone().into());
        if let Some(Ending { outcome, error_category, duration }) = ending {
            raw.insert("outcome".into(), outcome.word().into());
            if let Some(category) = error_category {
                raw.insert("error_category".into(), category.word().into());
            }
            if let Some(duration) = duration {
                // The exact duration is never stored.
                raw.insert("duration".into(), duration_bucket(duration.as_secs()).into());
            }
        }
        raw
    }

    /// Gives its time, since the epoch.
    #[must_use]
    pub fn since_epoch(&self) -> Duration {
        // Only a wrong clock shows a time before 1970.
        Duration::try_from(self.timestamp.as_duration()).unwrap_or_default()
    }

    /// Gives its day, which decides which fields have expired.
    #[must_use]
    pub fn day(&self) -> jiff::civil::Date {
        self.timestamp.to_zoned(jiff::tz::TimeZone::UTC).date()
    }
}
