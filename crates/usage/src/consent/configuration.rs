//! `telemetry.enabled` and `telemetry.debug` in a product's configuration.
//!
//! Both are looked for at the root of the file and in the profile in use, where keys may be nested or
//! joined by `.`, and their case does not matter; so the ancestor reads its files.

use serde_json::Value;

use crate::yaml;

use super::verdicts::{GO_TRUE, hear_file, not_understood, shown};
use super::{Document, Said, Testimony, Voice};

const SECTION: &str = "telemetry";
const ENABLED: &str = "enabled";
const DEBUG: &str = "debug";

/// Hears `telemetry.enabled`.
pub(super) fn hear(document: &Document, profile: Option<&str>) -> Testimony {
    hear_file(Voice::Configuration, document, |text| match yaml::parse::<Value>(text) {
        Ok(root) => enabled(&root, profile),
        Err(error) => not_understood(&error.to_string()),
    })
}

fn enabled(root: &Value, profile: Option<&str>) -> (Said, String) {
    let sections = [vec![], vec![SECTION]];
    let in_profile = profile.map(|profile| [vec![profile], vec![profile, SECTION]]);
    for path in sections.iter().chain(in_profile.iter().flatten()) {
        // An empty section says nothing; what is none could have said anything.
        let strange = |value: &&Value| !value.is_object() && !value.is_null();
        if let Some(value) = find(root, path).into_iter().find(strange) {
            return not_understood(&shown(&value.to_string()));
        }
    }
    let mut verdict = (Said::Nothing, "does not mention `telemetry.enabled`".to_owned());
    for value in setting(root, profile, ENABLED) {
        let how = format!("sets `telemetry.enabled` to {}", shown(&value.to_string()));
        if !is_true(value) {
            return (Said::No, how);
        }
        verdict = (Said::Yes, how);
    }
    verdict
}

/// Reads `telemetry.debug` from the text of a configuration: whether events are kept in a local file
/// for a human to read. What is not understood keeps nothing.
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

/// As the ancestor reads a value.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_i64().is_some_and(|number| number != 0),
        Value::String(text) => GO_TRUE.contains(&text.as_str()),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}
