//! What a product file says, checked.

use std::path::PathBuf;

use ktel_model::Schema;
use serde::Deserialize;

use crate::consent::{DefaultConsent, Profiles};
use crate::event::{EventSchema, Version, Vocabulary};
use crate::product_name::ProductName;

/// The telemetry of a product.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductFile {
    /// Its name.
    pub name: ProductName,
    /// What applies while no source decides.
    pub consent: DefaultConsent,
    /// Where events go. Without it, nothing is sent.
    pub server: Option<String>,
    /// The product key, which the server asks for. It is public.
    pub key: Option<String>,
    /// The policy of the organisation for this product.
    pub policy: Option<PathBuf>,
    /// The profiles of its configuration.
    pub profiles: Profiles,
    /// The commands that events may contain.
    pub vocabulary: Vocabulary,
    /// Which fields its events have.
    pub event_version: Version,
    /// Whether each command sends its event itself, and no event is stored on the machine.
    pub direct: bool,
    /// Whether recording an event starts an upload, if none began lately.
    pub auto_upload: bool,
    /// The schema of its events.
    pub event_schema: EventSchema,
    /// The schemas of what else it may send.
    pub schemas: Vec<Schema>,
    /// The notice for its users.
    pub notice: Notice,
}

impl ProductFile {
    /// Gives everything that the product may send by itself.
    pub fn all_schemas(&self) -> impl Iterator<Item = &Schema> {
        std::iter::once(self.event_schema.schema()).chain(&self.schemas)
    }
}

/// What users read before the first event is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The notice in the words of the product.
    pub text: Option<String>,
    /// Where users can read more.
    pub url: Option<String>,
    /// The command that turns telemetry off.
    pub off: Option<String>,
    /// Where it was shown to users without a terminal.
    pub stood: Option<Stood>,
}

/// Where a notice was shown to users without a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stood {
    /// The kind of place.
    pub place: Place,
    /// The page, the file or the URL.
    pub reference: String,
}

/// A kind of place that can show a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The installer.
    Installer,
    /// The notes that Helm prints after an installation.
    ChartNotes,
    /// The documentation.
    Documentation,
}

impl Place {
    /// Names it in a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Installer => "the installer",
            Self::ChartNotes => "the notes of the chart",
            Self::Documentation => "the documentation",
        }
    }
}
