//! What each kind of source decides.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::limits::SHOWN_CHARS_MAX;
use crate::yaml;

use super::types::{Content, Decision, DefaultConsent, Document, Evidence, Source, Variable};

/// Values that do not deny, in lower case.
const HARMLESS: [&str; 5] = ["", "0", "false", "no", "off"];
/// What Go's `strconv.ParseBool` reads as true. kongctl reads everything else as false.
pub(super) const GO_TRUE: [&str; 6] = ["1", "t", "T", "TRUE", "true", "True"];
/// What it reads as false, and not as an error.
const GO_FALSE: [&str; 6] = ["0", "f", "F", "FALSE", "false", "False"];

/// A decision and its reason.
type Reasoned = (Decision, String);

fn evidence(source: Source, place: impl Into<String>, (decision, reason): Reasoned) -> Evidence {
    Evidence { source, place: place.into(), decision, reason }
}

/// Quotes a text, as much of it as fits in a line.
pub(super) fn quote(text: &str) -> String {
    let mut shown: String = text.trim().chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < text.trim().len() {
        shown.push('…');
    }
    format!("`{}`", shown.escape_debug())
}

/// The flag `--no-telemetry`.
pub(super) fn flag(given: bool) -> Evidence {
    let reasoned = match given {
        true => (Decision::Deny, "is given".to_owned()),
        false => (Decision::NoOpinion, "is not given".to_owned()),
    };
    evidence(Source::Flag, "`--no-telemetry`", reasoned)
}

/// Says whether the value of a variable such as `DO_NOT_TRACK` denies.
pub(super) fn opts_out(value: &str) -> bool {
    !HARMLESS.contains(&value.trim().to_lowercase().as_str())
}

/// Says whether the value of a variable such as `PRODUCT_TELEMETRY_ENABLED` denies. kongctl
/// ignores an empty one.
pub(super) fn disables(value: &str) -> bool {
    !value.is_empty() && !GO_TRUE.contains(&value)
}

/// A variable such as `DO_NOT_TRACK`.
pub(super) fn opt_out(source: Source, variable: &Variable) -> Evidence {
    read_variable(source, variable, opts_out)
}

/// A variable such as `PRODUCT_TELEMETRY_ENABLED`. It can only switch off.
pub(super) fn switch(source: Source, variable: &Variable) -> Evidence {
    read_variable(source, variable, disables)
}

fn read_variable(source: Source, variable: &Variable, denies: fn(&str) -> bool) -> Evidence {
    let reasoned = match &variable.value {
        None => (Decision::NoOpinion, "is not set".to_owned()),
        Some(value) if denies(value) => (Decision::Deny, format!("is set to {}", quote(value))),
        Some(value) => {
            (Decision::NoOpinion, format!("is set to {}, which denies nothing", quote(value)))
        }
    };
    evidence(source, format!("`{}`", variable.name), reasoned)
}

/// A file. `read` decides from its text; a file that cannot be read denies.
pub(super) fn read_document(
    source: Source,
    document: &Document,
    read: impl FnOnce(&str) -> Reasoned,
) -> Evidence {
    let reasoned = match &document.content {
        Content::Absent => (Decision::NoOpinion, "does not exist".to_owned()),
        Content::Unreadable(kind) => (Decision::Deny, format!("cannot be read ({kind})")),
        Content::Text(text) => read(text),
    };
    evidence(source, format!("`{}`", document.path.display()), reasoned)
}

pub(super) fn not_understood(what: &str) -> Reasoned {
    (Decision::Deny, format!("is not understood: {what}"))
}

/// The preference of the user: `on` or `off`, as [`Preference`](super::Preference) writes it.
pub(super) fn preference(document: &Document) -> Evidence {
    read_document(Source::Preference, document, |text| match text.trim().to_lowercase().as_str() {
        "on" => (Decision::Allow, "says `on`".to_owned()),
        "off" => (Decision::Deny, "says `off`".to_owned()),
        _ => not_understood(&quote(text)),
    })
}

/// The preference as kongctl writes it, in `.telemetry-enabled`.
pub(super) fn legacy_preference(document: &Document) -> Evidence {
    read_document(Source::LegacyPreference, document, |text| match text.trim() {
        word if GO_TRUE.contains(&word) => (Decision::Allow, format!("says {}", quote(word))),
        word if GO_FALSE.contains(&word) => (Decision::Deny, format!("says {}", quote(word))),
        word => not_understood(&quote(word)),
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

/// The policy of an organisation. It denies or has no opinion.
pub(super) fn policy(source: Source, document: &Document, product: &str) -> Evidence {
    read_document(source, document, |text| {
        // An empty policy is more likely a mistake than a permission.
        let Policy { telemetry, products } = match yaml::parse(text) {
            Ok(Some(policy)) => policy,
            Ok(None) => return not_understood("it is empty"),
            Err(error) => return not_understood(&error.to_string()),
        };
        let own = products.get(product).copied().unwrap_or_default();
        match (telemetry, own) {
            (Allowance::Off, _) => (Decision::Deny, "forbids telemetry".to_owned()),
            (_, Allowance::Off) => (Decision::Deny, format!("forbids telemetry of `{product}`")),
            (Allowance::Allowed, Allowance::Allowed) => {
                (Decision::NoOpinion, "forbids nothing".to_owned())
            }
        }
    })
}

/// The default of the product.
pub(super) fn default(default: DefaultConsent) -> Evidence {
    let (decision, reason) = match default {
        DefaultConsent::OptIn => (Decision::NoOpinion, "sends only if the user allows it (opt-in)"),
        DefaultConsent::OptOut => (Decision::Allow, "sends unless a source denies it (opt-out)"),
        DefaultConsent::Off => (Decision::Deny, "never sends (off)"),
    };
    evidence(Source::Default, "the product", (decision, reason.to_owned()))
}
