//! Whether a product may send telemetry by itself: everything that can say no is heard.
//!
//! [`decide`] is the one function that decides, for every product. It is told what was found and
//! answers who won and what every other voice said. Any no is final, whoever else says yes; no
//! variable ever says yes.
//!
//! | voice | says no when |
//! |---|---|
//! | the flag `--no-telemetry` | it is given |
//! | `DO_NOT_TRACK` | it is set to anything but an empty text, `0`, `false`, `no`, `off` |
//! | `PRODUCT_NO_TELEMETRY`, `KTEL_NO_TELEMETRY` | likewise |
//! | `PRODUCT_TELEMETRY_ENABLED`, `PRODUCT_PROFILE_TELEMETRY_ENABLED` | it is set to anything but `true`, `1`, `t` |
//! | the organisation's policy, of ktel and of the product | it says so, or cannot be read or understood |
//! | the user's preference | likewise |
//! | `.telemetry-enabled` beside the configuration | likewise |
//! | `telemetry.enabled` of the configuration | it is anything but `true`, or the file cannot be read or understood |
//! | the product | its default is `off`; or `opt-in`, and neither preference nor configuration says yes |
//!
//! ```
//! use ktel_usage::consent::{DefaultConsent, KTEL_POLICY, Sources, Variables, decide};
//! use ktel_usage::directories::{Directories, process_environment};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let product = "acme".parse()?;
//! let sources = Sources {
//!     product: &product,
//!     variables: &Variables::of(&product),
//!     flag: true, // somebody said `--no-telemetry`
//!     environment: &process_environment,
//!     directories: &Directories::of(&process_environment),
//!     ktel_policy: KTEL_POLICY.as_ref(),
//!     product_policy: None,
//!     configuration: None,
//!     default: DefaultConsent::OptOut,
//! };
//! // A no of the flag or of the environment is known before any file is read.
//! assert!(sources.objection().is_some());
//! let consent = decide(sources.gather());
//! assert!(!consent.given);
//! assert_eq!(consent.winner.to_string(), "`--no-telemetry` is given");
//! # Ok(())
//! # }
//! ```
//!
//! What a command sends because its user named the receiver is not asked about here.

mod configuration;
mod preference;
mod sources;
mod verdicts;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::directories::{Directories, process_environment};
use crate::product_name::ProductName;

pub use configuration::keeps_events;
pub use preference::{Error, Preference};
pub use sources::{KTEL_POLICY, Sources, Variables};

/// Asks everybody on this machine who has a say in what a product reports by itself, with no file of
/// the product's own. Nobody's silence is a no: whoever calls this was asked to report.
#[must_use]
pub fn ask(product: &ProductName) -> Consent {
    let directories = Directories::of(&process_environment);
    let sources = Sources {
        product,
        variables: &Variables::of(product),
        flag: false,
        environment: &process_environment,
        directories: &directories,
        ktel_policy: Path::new(KTEL_POLICY),
        product_policy: None,
        configuration: None,
        default: DefaultConsent::OptOut,
    };
    decide(sources.gather())
}

/// What holds as long as nobody has said anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultConsent {
    /// Nothing is sent until a user says yes.
    OptIn,
    /// It is sent, once its notice was shown, until a user says no.
    OptOut,
    /// Nothing is sent, whatever anybody says.
    Off,
}

/// Somebody who can say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Voice {
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
    /// The organisation's policy for everything that uses ktel.
    KtelPolicy,
    /// The organisation's policy for the product.
    ProductPolicy,
    /// The user's preference.
    Preference,
    /// The preference file of the ancestor, `.telemetry-enabled`.
    AncestorPreference,
    /// The product's configuration.
    Configuration,
    /// The product itself.
    Default,
}

/// What a voice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Nothing.
    Nothing,
    /// Telemetry may be sent, unless another one says no.
    Yes,
    /// Telemetry must not be sent.
    No,
}

impl Said {
    /// Gives the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "-",
            Self::Yes => "yes",
            Self::No => "no",
        }
    }
}

/// What a voice says, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Testimony {
    /// Who.
    pub voice: Voice,
    /// Where it was asked: a variable, a file, a flag.
    pub place: String,
    /// What.
    pub said: Said,
    /// How, as in ``is set to `1` ``.
    pub how: String,
}

impl fmt::Display for Testimony {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.place, self.how)
    }
}

/// Whether telemetry may be sent, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Whether it may be sent.
    pub given: bool,
    /// The voice that decided.
    pub winner: Testimony,
    /// Every other voice, in the order in which they are heard.
    pub others: Vec<Testimony>,
}

/// An environment variable, whose value is what there is of it as Unicode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, where it is set.
    pub value: Option<String>,
}

/// A file that may say something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it is.
    pub path: PathBuf,
    /// What there is.
    pub content: Content,
}

/// What there is of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// There is none.
    Absent,
    /// There is one, and it cannot be read.
    Unreadable(io::ErrorKind),
    /// What it says.
    Text(String),
}

/// Everything that can say something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voices {
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
    /// `PRODUCT_PROFILE_TELEMETRY_ENABLED`, where the product has profiles.
    pub profile_variable: Option<Variable>,
    /// The organisation's policy for everything that uses ktel.
    pub ktel_policy: Document,
    /// The organisation's policy for the product, where it has one.
    pub product_policy: Option<Document>,
    /// The user's preference, where there is a place for one.
    pub preference: Option<Document>,
    /// The ancestor's preference files, one for each place where the configuration may stand.
    pub ancestor_preferences: Vec<Document>,
    /// The product's configuration files.
    pub configurations: Vec<Document>,
    /// The profile of the configuration that is in use.
    pub profile: Option<String>,
    /// The product, by its name in policies.
    pub product: ProductName,
    /// What holds when nobody says anything.
    pub default: DefaultConsent,
}

/// Hears everybody. The first no wins, else the first yes, else the product's default.
#[must_use]
pub fn decide(voices: Voices) -> Consent {
    // Exhaustive on purpose: a new voice does not compile until it is heard here.
    let Voices {
        flag,
        do_not_track,
        product_variable,
        ktel_variable,
        enabled_variable,
        profile_variable,
        ktel_policy,
        product_policy,
        preference,
        ancestor_preferences,
        configurations,
        profile,
        product,
        default,
    } = voices;
    let profile = profile.as_deref();
    let mut heard = vec![
        verdicts::flag(flag),
        verdicts::objection(Voice::DoNotTrack, &do_not_track),
        verdicts::objection(Voice::ProductVariable, &product_variable),
        verdicts::objection(Voice::KtelVariable, &ktel_variable),
        verdicts::enabling(Voice::EnabledVariable, &enabled_variable),
    ];
    heard.extend(
        profile_variable.map(|variable| verdicts::enabling(Voice::ProfileVariable, &variable)),
    );
    heard.push(verdicts::policy(Voice::KtelPolicy, &ktel_policy, product.as_str()));
    heard.extend(
        product_policy
            .map(|document| verdicts::policy(Voice::ProductPolicy, &document, product.as_str())),
    );
    heard.extend(preference.map(|document| verdicts::preference(&document)));
    heard.extend(ancestor_preferences.iter().map(verdicts::ancestor_preference));
    heard.extend(configurations.iter().map(|file| configuration::hear(file, profile)));
    heard.push(verdicts::default(default));
    let first = |said| heard.iter().position(|one| one.said == said);
    let winner = first(Said::No).or_else(|| first(Said::Yes)).unwrap_or(heard.len() - 1);
    let winner = heard.remove(winner);
    Consent { given: winner.said == Said::Yes, winner, others: heard }
}

#[cfg(test)]
mod tests;
