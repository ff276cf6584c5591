//! What consent is decided from, and what the decision looks like.

use std::fmt;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::product_name::ProductName;

use super::profiles::Profiles;

/// What applies while no source decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultConsent {
    /// Nothing is sent until a user allows it.
    OptIn,
    /// Telemetry is sent, once its notice was shown, until a source denies it.
    OptOut,
    /// Nothing is sent, whatever the other sources decide.
    Off,
}

/// A source of consent: a flag, a variable, a file or the product itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// `--no-telemetry`.
    Flag,
    /// `DO_NOT_TRACK`.
    DoNotTrack,
    /// `PRODUCT_NO_TELEMETRY`.
    ProductVariable,
    /// `KTEL_NO_TELEMETRY`.
    KtelVariable,
    /// `PRODUCT_TELEMETRY_ENABLED`.
    EnabledVariable,
    /// `PRODUCT_PROFILE_TELEMETRY_ENABLED`.
    ProfileVariable,
    /// The policy of the organisation for every product that uses ktel.
    KtelPolicy,
    /// The policy of the organisation for this product.
    ProductPolicy,
    /// The preference of the user.
    Preference,
    /// The file `.telemetry-enabled` beside the configuration, which kongctl writes.
    LegacyPreference,
    /// The configuration of the product.
    Configuration,
    /// The default of the product.
    Default,
}

/// What a source decides, in the words of the authorizers of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Telemetry may be sent, unless another source denies it.
    Allow,
    /// Telemetry must not be sent.
    Deny,
    /// The source leaves the decision to the others.
    NoOpinion,
}

impl Decision {
    /// Gives the word that a table shows.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::NoOpinion => "-",
        }
    }
}

/// What one source decides, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The source.
    pub source: Source,
    /// Where it was read: the flag, the variable or the file.
    pub place: String,
    /// Its decision.
    pub decision: Decision,
    /// The reason, a predicate of the place, as in ``is set to `1` ``.
    pub reason: String,
}

impl fmt::Display for Evidence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.place, self.reason)
    }
}

/// Whether telemetry may be sent, and which source decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Whether it may be sent.
    pub given: bool,
    /// The source that decided.
    pub winner: Evidence,
    /// Every other source, in the order of [`Source`].
    pub others: Vec<Evidence>,
}

/// An environment variable. A value that is not Unicode is kept as far as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, if it is set.
    pub value: Option<String>,
}

/// A file that may decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its path.
    pub path: PathBuf,
    /// What was read.
    pub content: Content,
}

/// What was read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The file does not exist.
    Absent,
    /// The file exists and cannot be read.
    Unreadable(io::ErrorKind),
    /// The text of the file.
    Text(String),
}

/// The content of every source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// Whether `--no-telemetry` is given.
    pub flag: bool,
    /// `DO_NOT_TRACK`.
    pub do_not_track: Variable,
    /// `PRODUCT_NO_TELEMETRY`.
    pub product_variable: Variable,
    /// `KTEL_NO_TELEMETRY`.
    pub ktel_variable: Variable,
    /// `PRODUCT_TELEMETRY_ENABLED`.
    pub enabled_variable: Variable,
    /// `PRODUCT_PROFILE_TELEMETRY_ENABLED` of the profile in use, and of other profiles if it is set.
    pub profile_variables: Vec<Variable>,
    /// The policy of the organisation for every product that uses ktel.
    pub ktel_policy: Document,
    /// The policy of the organisation for this product, if there is one.
    pub product_policy: Option<Document>,
    /// The preference of the user, if there is a place for one.
    pub preference: Option<Document>,
    /// The files `.telemetry-enabled`, one for each directory that may hold the configuration.
    pub legacy_preferences: Vec<Document>,
    /// The configuration files of the product.
    pub configurations: Vec<Document>,
    /// The profiles of the configuration.
    pub profiles: Profiles,
    /// The profile in use.
    pub profile: Option<String>,
    /// The product, by its name in policies.
    pub product: ProductName,
    /// What applies while no source decides.
    pub default: DefaultConsent,
}
