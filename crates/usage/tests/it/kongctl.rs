//! If a user turned telemetry off for kongctl, it is off for ktel too.
//!
//! [`kongctl_is_off`] is the rule of kongctl, from observations of that program. It shares no code
//! with ktel.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use ktel_usage::product_file::ProductFile;
use ktel_usage::telemetry::Telemetry;

/// Environment variables.
type Variables = &'static [(&'static str, &'static str)];

const VARIABLES: [Variables; 16] = [
    &[],
    &[("DO_NOT_TRACK", "1")],
    &[("DO_NOT_TRACK", "0")],
    &[("KONGCTL_NO_TELEMETRY", "true")],
    &[("KONGCTL_NO_TELEMETRY", "TRUE")],
    &[("KONGCTL_NO_TELEMETRY", "false")],
    &[("KONGCTL_DEFAULT_TELEMETRY_ENABLED", "false")],
    &[("KONGCTL_DEFAULT_TELEMETRY_ENABLED", "true")],
    &[("KONGCTL_DEFAULT_TELEMETRY_ENABLED", "")],
    &[("KONGCTL_DEFAULT_TELEMETRY_ENABLED", "off")],
    &[("KONGCTL_TEAM_A_TELEMETRY_ENABLED", "0")],
    &[("KONGCTL_PROFILE", "team-a")],
    &[("KONGCTL_PROFILE", "")],
    &[("KONGCTL_PROFILE", "team-a"), ("KONGCTL_TEAM_A_TELEMETRY_ENABLED", "F")],
    &[("KONGCTL_PROFILE", "team-a"), ("KONGCTL_TEAM_A_TELEMETRY_ENABLED", "T")],
    &[("KONGCTL_PROFILE", "team-b"), ("KONGCTL_TEAM_B_TELEMETRY_ENABLED", "false")],
];

/// A configuration, and the value of `telemetry.enabled` that kongctl reads in each profile.
struct Configuration {
    text: Option<&'static str>,
    enabled: &'static [(&'static str, bool)],
}

const fn configuration(
    text: &'static str,
    enabled: &'static [(&'static str, bool)],
) -> Configuration {
    Configuration { text: Some(text), enabled }
}

static CONFIGURATIONS: [Configuration; 11] = [
    Configuration { text: None, enabled: &[] },
    configuration("default: {output: json}\nteam-a:\n", &[]),
    configuration("default: {telemetry: {enabled: true}}", &[("default", true)]),
    configuration("default: {telemetry: {enabled: false}}", &[("default", false)]),
    configuration("default.telemetry.enabled: false", &[("default", false)]),
    configuration("default.telemetry: {enabled: \"0\"}", &[("default", false)]),
    configuration("Default: {Telemetry: {Enabled: no}}", &[("default", false)]),
    configuration("team-a: {telemetry: {enabled: false}}", &[("team-a", false)]),
    configuration(
        "default: {telemetry: {enabled: true}}\nteam-a: {telemetry: {enabled: false}}",
        &[("default", true), ("team-a", false)],
    ),
    configuration(
        "default: {telemetry: {enabled: false}}\nteam-a: {telemetry: {enabled: true}}",
        &[("default", false), ("team-a", true)],
    ),
    configuration("team-b: {telemetry.enabled: false}", &[("team-b", false)]),
];

const PREFERENCES: [Option<&str>; 2] = [None, Some("on\n")];
const LEGACY_PREFERENCES: [Option<&str>; 4] = [None, Some("true\n"), Some("f"), Some("maybe")];
const PROFILES: [Option<&str>; 3] = [None, Some("default"), Some("team-a")];
const POLICIES: [Option<&str>; 2] = [None, Some("telemetry: off")];

/// What kongctl sees. It knows neither the preference nor the policy of ktel.
#[derive(Clone, Copy)]
struct Row<'r> {
    flag: bool,
    variables: Variables,
    legacy_preference: Option<&'r str>,
    profile: Option<&'r str>,
    configuration: &'r Configuration,
}

impl Row<'_> {
    fn variable(&self, name: &str) -> Option<&'static str> {
        self.variables.iter().find(|(one, _)| *one == name).map(|(_, value)| *value)
    }
}

/// Reads a boolean as Go's `strconv.ParseBool`.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Decides as kongctl: the first that decides wins, and telemetry is on if nothing does.
fn kongctl_is_off(row: Row<'_>) -> bool {
    if row.flag || row.variable("DO_NOT_TRACK") == Some("1") {
        return true;
    }
    if row.variable("KONGCTL_NO_TELEMETRY").is_some_and(|value| value.to_lowercase() == "true") {
        return true;
    }
    if let Some(text) = row.legacy_preference {
        return parse_bool(text.trim()) != Some(true);
    }
    let not_empty = |value: &&str| !value.is_empty();
    let profile = row.profile.or(row.variable("KONGCTL_PROFILE").filter(not_empty));
    let profile = profile.unwrap_or("default");
    let name = format!("KONGCTL_{}_TELEMETRY_ENABLED", profile.to_uppercase().replace('-', "_"));
    if let Some(value) = row.variable(&name).filter(not_empty) {
        return parse_bool(value) != Some(true);
    }
    row.configuration.enabled.iter().any(|(one, enabled)| *one == profile && !enabled)
}

/// A home directory with one combination of files.
struct Home {
    path: PathBuf,
    preference: Option<&'static str>,
    legacy_preference: Option<&'static str>,
    configuration: &'static Configuration,
}

/// Writes a home directory for every combination of files.
fn homes(root: &Path) -> Vec<Home> {
    let write = |path: PathBuf, text: Option<&str>| {
        if let Some(text) = text {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    };
    let mut homes = Vec::new();
    for preference in PREFERENCES {
        for legacy_preference in LEGACY_PREFERENCES {
            for configuration in &CONFIGURATIONS {
                let path = root.join(homes.len().to_string());
                write(path.join(".config/ktel/kongctl/preference"), preference);
                write(path.join(".config/kongctl/.telemetry-enabled"), legacy_preference);
                write(path.join(".config/kongctl/config.yaml"), configuration.text);
                homes.push(Home { path, preference, legacy_preference, configuration });
            }
        }
    }
    homes
}

#[test]
fn what_turns_kongctl_off_turns_ktel_off() {
    let root = tempfile::tempdir().unwrap();
    let homes = homes(root.path());
    let products = POLICIES.map(|policy| {
        let path = root.path().join(if policy.is_some() { "policy.yaml" } else { "absent.yaml" });
        if let Some(text) = policy {
            fs::write(&path, text).unwrap();
        }
        let text = format!(
            "ktel: 1\nname: kongctl\nconsent: opt-out\npolicy: {}\nnotice: {{text: Why.}}\n",
            path.display()
        );
        let read = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        ProductFile::parse(&text, "kongctl.yaml", &read).unwrap()
    });
    let (mut rows, mut both_on, mut wrong) = (0, 0, Vec::new());
    for Home { path, preference, legacy_preference, configuration } in &homes {
        for variables in VARIABLES {
            let environment = |name: &str| -> Option<OsString> {
                let found = variables.iter().find(|(one, _)| *one == name);
                let home = (name == "HOME").then(|| path.into());
                home.or_else(|| found.map(|(_, value)| value.into()))
            };
            for (flag, profile) in [false, true].into_iter().flat_map(|f| PROFILES.map(|p| (f, p)))
            {
                let legacy_preference = *legacy_preference;
                let row = Row { flag, variables, legacy_preference, profile, configuration };
                let off = kongctl_is_off(row);
                for product in &products {
                    let ktel = Telemetry::of(product, &environment)
                        .no_telemetry(flag)
                        .configuration(None, profile)
                        .consent();
                    rows += 1;
                    both_on += usize::from(ktel.given && !off);
                    if ktel.given && off {
                        wrong.push(format!(
                            "{variables:?} {preference:?} {legacy_preference:?} --profile {profile:?} {:?}",
                            configuration.text
                        ));
                    }
                }
            }
        }
    }
    assert_eq!(wrong.len(), 0, "of {rows} rows, among them {:#?}", &wrong[..wrong.len().min(10)]);
    assert!(rows >= 1_000 && both_on >= 100, "{rows} rows, in {both_on} both are on");
}
