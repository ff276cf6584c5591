//! Whether a product may send telemetry by itself.
//!
//! [`decide`] is the one function that decides, for every product. It gets the content of every
//! source, and answers which source decided and what every other source says. Any source can deny;
//! no other source can allow it again. No variable ever allows.
//!
//! | source | denies if |
//! |---|---|
//! | the flag `--no-telemetry` | it is given |
//! | `DO_NOT_TRACK` | the value is not empty, `0`, `false`, `no` or `off` |
//! | `PRODUCT_NO_TELEMETRY`, `KTEL_NO_TELEMETRY` | likewise |
//! | `PRODUCT_TELEMETRY_ENABLED`, `PRODUCT_PROFILE_TELEMETRY_ENABLED` | the value is not empty, `true`, `1` or `t` |
//! | the policy of the organisation, for ktel and for the product | it says so, or cannot be read or understood |
//! | the preference of the user | likewise |
//! | `.telemetry-enabled` beside the configuration | likewise |
//! | `telemetry.enabled` of the configuration, in any profile | it is not `true`, or the file cannot be read or understood |
//! | the product | its default is `off`; or `opt-in`, and neither preference nor configuration allows |
//!
//! ```
//! use ktel_usage::consent::{
//!     DefaultConsent, KTEL_POLICY, Profiles, SourceLocations, Variables, decide,
//! };
//! use ktel_usage::directories::{Directories, process_environment};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let product = "acme".parse()?;
//! let locations = SourceLocations {
//!     product: &product,
//!     variables: &Variables::of(&product),
//!     profiles: &Profiles::default(),
//!     profile: None,
//!     flag: true, // the user gave `--no-telemetry`
//!     environment: &process_environment,
//!     directories: &Directories::of(&process_environment),
//!     ktel_policy: KTEL_POLICY.as_ref(),
//!     product_policy: None,
//!     configuration: None,
//!     default: DefaultConsent::OptOut,
//! };
//! // The flag and the variables are checked before any file is read.
//! assert!(locations.objection().is_some());
//! let consent = decide(locations.read());
//! assert!(!consent.given);
//! assert_eq!(consent.winner.to_string(), "`--no-telemetry` is given");
//! # Ok(())
//! # }
//! ```
//!
//! A configuration may have [`Profiles`]. Each of them can deny, whichever is in use: ktel cannot know
//! for certain which one the product uses. Only the one in use can allow.
//!
//! A command that sends something because its user named the receiver needs no consent.

mod configuration;
mod evidence;
mod locations;
mod preference;
mod profiles;
mod types;

use std::path::Path;

use crate::directories::{Directories, process_environment};
use crate::product_name::ProductName;

pub use configuration::keeps_events;
pub use locations::{KTEL_POLICY, SourceLocations};
pub use preference::{Preference, PreferenceError};
pub use profiles::{Profiles, Variables};
pub use types::{
    Consent, Content, Decision, DefaultConsent, Document, Evidence, Source, Sources, Variable,
};

/// Decides for a product that has no product file, on this machine.
///
/// If no source decides, consent is given: whoever calls this was asked to report.
#[must_use]
pub fn ask(product: &ProductName) -> Consent {
    let directories = Directories::of(&process_environment);
    let locations = SourceLocations {
        product,
        variables: &Variables::of(product),
        profiles: &Profiles::default(),
        profile: None,
        flag: false,
        environment: &process_environment,
        directories: &directories,
        ktel_policy: Path::new(KTEL_POLICY),
        product_policy: None,
        configuration: None,
        default: DefaultConsent::OptOut,
    };
    decide(locations.read())
}

/// Reads every source. The first that denies wins, else the first that allows, else the default.
#[must_use]
pub fn decide(sources: Sources) -> Consent {
    // Exhaustive on purpose: a new source does not compile until it is read here.
    let Sources {
        flag,
        do_not_track,
        product_variable,
        ktel_variable,
        enabled_variable,
        profile_variables,
        ktel_policy,
        product_policy,
        preference,
        legacy_preferences,
        configurations,
        profiles,
        profile,
        product,
        default,
    } = sources;
    let (profile, product) = (profile.as_deref(), product.as_str());
    let mut all = vec![
        evidence::flag(flag),
        evidence::opt_out(Source::DoNotTrack, &do_not_track),
        evidence::opt_out(Source::ProductVariable, &product_variable),
        evidence::opt_out(Source::KtelVariable, &ktel_variable),
        evidence::switch(Source::EnabledVariable, &enabled_variable),
    ];
    all.extend(profile_variables.iter().map(|one| evidence::switch(Source::ProfileVariable, one)));
    all.push(evidence::policy(Source::KtelPolicy, &ktel_policy, product));
    all.extend(product_policy.map(|one| evidence::policy(Source::ProductPolicy, &one, product)));
    all.extend(preference.map(|one| evidence::preference(&one)));
    all.extend(legacy_preferences.iter().map(evidence::legacy_preference));
    all.extend(configurations.iter().map(|one| configuration::read(one, &profiles, profile)));
    all.push(evidence::default(default));
    let first = |decision| all.iter().position(|one| one.decision == decision);
    let winner = first(Decision::Deny).or_else(|| first(Decision::Allow)).unwrap_or(all.len() - 1);
    let winner = all.remove(winner);
    Consent { given: winner.decision == Decision::Allow, winner, others: all }
}

#[cfg(test)]
mod tests;
