//! `telemetry.enabled` and `telemetry.debug` in the configuration of a product.
//!
//! Both are read at the root of the file and in the profile in use. As in kongctl, keys may be nested or
//! joined by `.`, and their case does not matter.

use serde_json::Value;

use crate::yaml;

use super::evidence::{GO_TRUE, not_understood, quote, read_document};
use super::types::{Decision, Document, Evidence, Source};

const SECTION: &str = "telemetry";
const ENABLED: &str = "enabled";
const DEBUG: &str = "debug";

/// Reads `telemetry.enabled`.
pub(super) fn read(document: &Document, profile: Option<&str>) -> Evidence {
    read_document(Source::Configuration, document, |text| match yaml::parse::<Value>(text) {
        Ok(root) => enabled(&root, profile),
        Err(error) => not_understood(&error.to_string()),
    })
}

fn enabled(root: &Value, profile: Option<&str>) -> (Decision, String) {
    let sections = [vec![], vec![SECTION]];
    let in_profile = profile.map(|profile| [vec![profile], vec![profile, SECTION]]);
    for path in sections.iter().chain(in_profile.iter().flatten()) {
        // An empty section sets nothing.
        let unexpected = |value: &&Value| !value.is_object() && !value.is_null();
        if let Some(value) = find(root, path).into_iter().find(unexpected) {
            return not_understood(&quote(&value.to_string()));
        }
    }
    let mut reasoned = (Decision::NoOpinion, "does not set `telemetry.enabled`".to_owned());
    for value in setting(root, profile, ENABLED) {
        let reason = format!("sets `telemetry.enabled` to {}", quote(&value.to_string()));
        if !is_true(value) {
            return (Decision::Deny, reason);
        }
        reasoned = (Decision::Allow, reason);
    }
    reasoned
}

/// Reads `telemetry.debug` from the text of a configuration: whether events are also kept in a local
/// file that the user can read. A text that is not understood does not ask for it.
#[must_use]
pub fn keeps_events(configuration: &str, profile: Option<&str>) -> bool {
    let Ok(root) = yaml::parse::<Value>(configuration) else { return false };
    let values = setting(&root, profile, DEBUG);
    !values.is_empty() && values.into_iter().all(is_true)
}

/// Every value of a setting, at the root and in the profile.
fn setting<'v>(root: &'v Value, profile: Option<&str>, key: &str) -> Vec<&'v Value> {
    let mut values = find(root, &[SECTION, key]);
    values.extend(profile.into_iter().flat_map(|profile| find(root, &[profile, SECTION, key])));
    values
}

/// Every value at a path.
fn find<'v>(value: &'v Value, path: &[&str]) -> Vec<&'v Value> {
    if path.is_empty() {
        return vec![value];
    }
    let Value::Object(map) = value else { return Vec::new() };
    let mut found = Vec::new();
    for joined in 1..=path.len() {
        let (head, rest) = path.split_at(joined);
        let key = head.join(".");
        let values = map.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&key));
        found.extend(values.flat_map(|(_, value)| find(value, rest)));
    }
    found
}

/// Reads a value as kongctl does.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_i64().is_some_and(|number| number != 0),
        Value::String(text) => GO_TRUE.contains(&text.as_str()),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}
