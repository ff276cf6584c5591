//! `telemetry.enabled` and `telemetry.debug` in the configuration of a product.
//!
//! Both are read at the root of the file and in the profile in use. A profile that is not in use can
//! only deny. As in kongctl, keys may be nested or joined by `.`, and their case does not matter.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::yaml;

use super::evidence::{GO_TRUE, not_understood, quote, read_document};
use super::profiles::Profiles;
use super::types::{Content, Decision, Document, Evidence, Source};

const SECTION: &str = "telemetry";
const ENABLED: &str = "enabled";
const DEBUG: &str = "debug";

/// Reads `telemetry.enabled`.
pub(super) fn read(document: &Document, profiles: &Profiles, in_use: Option<&str>) -> Evidence {
    read_document(Source::Configuration, document, |text| match yaml::parse::<Value>(text) {
        Ok(root) => enabled(&root, profiles, in_use),
        Err(error) => not_understood(&error.to_string()),
    })
}

/// Names the profiles that a configuration has.
pub(super) fn profiles(document: &Document, profiles: &Profiles) -> Vec<String> {
    let Content::Text(text) = &document.content else { return Vec::new() };
    // A text that is not understood denies by itself.
    let root = yaml::parse::<Value>(text).unwrap_or_default();
    sections(&root, profiles).into_iter().map(str::to_owned).collect()
}

/// The first word of every key at the root that can be the name of a profile.
fn sections<'v>(root: &'v Value, profiles: &Profiles) -> BTreeSet<&'v str> {
    let keys = root.as_object().into_iter().flat_map(Map::keys);
    keys.filter_map(|key| key.split('.').next()).filter(|name| profiles.contains(name)).collect()
}

fn enabled(root: &Value, profiles: &Profiles, in_use: Option<&str>) -> (Decision, String) {
    let sections = sections(root, profiles);
    let mut parents = vec![vec![], vec![SECTION]];
    parents.extend(in_use.map(|profile| vec![profile]));
    parents.extend(sections.iter().map(|section| vec![*section, SECTION]));
    // An empty section sets nothing.
    let unexpected = |value: &&Value| !value.is_object() && !value.is_null();
    if let Some(value) = parents.iter().flat_map(|path| find(root, path)).find(unexpected) {
        return not_understood(&quote(&value.to_string()));
    }
    let is_in_use = |section: &str| in_use.is_some_and(|profile| same(profile, section));
    let mut settings = vec![(vec![SECTION, ENABLED], true)];
    settings.extend(
        sections.iter().map(|section| (vec![*section, SECTION, ENABLED], is_in_use(section))),
    );
    let mut reasoned = (Decision::NoOpinion, "does not set `telemetry.enabled`".to_owned());
    for (path, may_allow) in settings {
        for value in find(root, &path) {
            let (key, word) = (quote(&path.join(".")), quote(&value.to_string()));
            let reason = format!("sets {key} to {word}");
            if !is_true(value) {
                return (Decision::Deny, reason);
            }
            if may_allow {
                reasoned = (Decision::Allow, reason);
            }
        }
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
        let values = map.iter().filter(|(name, _)| same(name, &key));
        found.extend(values.flat_map(|(_, value)| find(value, rest)));
    }
    found
}

fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
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
