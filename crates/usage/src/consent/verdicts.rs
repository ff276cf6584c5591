//! What each kind of voice means by what it says.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::yaml;

use super::{Content, DefaultConsent, Document, Said, Testimony, Variable, Voice};

/// What does not object, in lower case.
const HARMLESS: [&str; 5] = ["", "0", "false", "no", "off"];
/// What Go's `strconv.ParseBool` takes for yes. The ancestor takes all else for no.
pub(super) const GO_TRUE: [&str; 6] = ["1", "t", "T", "TRUE", "true", "True"];
/// And what it takes for no, so that it can be told from garbage.
const GO_FALSE: [&str; 6] = ["0", "f", "F", "FALSE", "false", "False"];
/// Characters of a user's text that are shown.
const SHOWN_MAX: usize = 40;

fn testimony(voice: Voice, place: impl Into<String>, (said, how): (Said, String)) -> Testimony {
    Testimony { voice, place: place.into(), said, how }
}

fn file(voice: Voice, document: &Document, verdict: (Said, String)) -> Testimony {
    testimony(voice, format!("`{}`", document.path.display()), verdict)
}

/// A text as far as it fits in a line.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.trim().chars().take(SHOWN_MAX).collect();
    if shown.len() < text.trim().len() {
        shown.push('…');
    }
    format!("`{}`", shown.escape_debug())
}

/// The flag `--no-telemetry`.
pub(super) fn flag(given: bool) -> Testimony {
    let verdict = match given {
        true => (Said::No, "is given".to_owned()),
        false => (Said::Nothing, "is not given".to_owned()),
    };
    testimony(Voice::Flag, "`--no-telemetry`", verdict)
}

/// Tells whether the value of a variable such as `DO_NOT_TRACK` says no.
pub(super) fn objects(value: &str) -> bool {
    !HARMLESS.contains(&value.trim().to_lowercase().as_str())
}

/// Tells whether the value of a variable such as `PRODUCT_TELEMETRY_ENABLED` says no. The
/// ancestor does not hear an empty one.
pub(super) fn disables(value: &str) -> bool {
    !value.is_empty() && !GO_TRUE.contains(&value)
}

/// A variable that can only object.
pub(super) fn objection(voice: Voice, variable: &Variable) -> Testimony {
    hear_variable(voice, variable, objects)
}

/// A variable that the ancestor reads as a switch; it can only switch off.
pub(super) fn enabling(voice: Voice, variable: &Variable) -> Testimony {
    hear_variable(voice, variable, disables)
}

fn hear_variable(voice: Voice, variable: &Variable, says_no: fn(&str) -> bool) -> Testimony {
    let verdict = match &variable.value {
        None => (Said::Nothing, "is not set".to_owned()),
        Some(value) if says_no(value) => (Said::No, format!("is set to {}", shown(value))),
        Some(value) => {
            (Said::Nothing, format!("is set to {}, which objects to nothing", shown(value)))
        }
    };
    testimony(voice, format!("`{}`", variable.name), verdict)
}

/// What is said by a file that is absent or unreadable; else what `hear` makes of its text.
pub(super) fn hear_file(
    voice: Voice,
    document: &Document,
    hear: impl FnOnce(&str) -> (Said, String),
) -> Testimony {
    let verdict = match &document.content {
        Content::Absent => (Said::Nothing, "is not there".to_owned()),
        Content::Unreadable(kind) => (Said::No, format!("cannot be read ({kind})")),
        Content::Text(text) => hear(text),
    };
    file(voice, document, verdict)
}

pub(super) fn not_understood(what: &str) -> (Said, String) {
    (Said::No, format!("is not understood: {what}"))
}

/// The user's preference: `on` or `off`, as [`Preference`](super::Preference) writes it.
pub(super) fn preference(document: &Document) -> Testimony {
    hear_file(Voice::Preference, document, |text| {
        let word = text.trim().to_lowercase();
        match word.as_str() {
            "on" => (Said::Yes, "says `on`".to_owned()),
            "off" => (Said::No, "says `off`".to_owned()),
            _ => not_understood(&shown(text)),
        }
    })
}

/// The ancestor's preference.
pub(super) fn ancestor_preference(document: &Document) -> Testimony {
    hear_file(Voice::AncestorPreference, document, |text| match text.trim() {
        word if GO_TRUE.contains(&word) => (Said::Yes, format!("says {}", shown(word))),
        word if GO_FALSE.contains(&word) => (Said::No, format!("says {}", shown(word))),
        word => not_understood(&shown(word)),
    })
}

/// What an organisation writes for all of its machines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    /// For every product.
    #[serde(default)]
    telemetry: Allowance,
    /// For single products, by name.
    #[serde(default)]
    products: BTreeMap<String, Allowance>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Allowance {
    Off,
    #[default]
    Allowed,
}

/// An organisation's policy; it allows or forbids, and never asks for telemetry.
pub(super) fn policy(voice: Voice, document: &Document, product: &str) -> Testimony {
    hear_file(voice, document, |text| {
        // An organisation that keeps an empty policy meant to say something.
        let Policy { telemetry, products } = match yaml::parse(text) {
            Ok(Some(policy)) => policy,
            Ok(None) => return not_understood("it is empty"),
            Err(error) => return not_understood(&error.to_string()),
        };
        let own = products.get(product).copied().unwrap_or_default();
        match (telemetry, own) {
            (Allowance::Off, _) => (Said::No, "forbids telemetry".to_owned()),
            (_, Allowance::Off) => (Said::No, format!("forbids telemetry of `{product}`")),
            (Allowance::Allowed, Allowance::Allowed) => {
                (Said::Nothing, "forbids nothing".to_owned())
            }
        }
    })
}

/// What the product itself says.
pub(super) fn default(default: DefaultConsent) -> Testimony {
    let verdict = match default {
        DefaultConsent::OptIn => (Said::Nothing, "waits for a yes (opt-in)"),
        DefaultConsent::OptOut => (Said::Yes, "sends unless somebody says no (opt-out)"),
        DefaultConsent::Off => (Said::No, "never sends (off)"),
    };
    testimony(Voice::Default, "the product", (verdict.0, verdict.1.to_owned()))
}
