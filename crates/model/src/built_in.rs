//! The built-in standard: every file of `telemetry/`, by its name.

use crate::Schema;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(File { name: $name, text: include_str!(concat!("../../../telemetry/", $name, ".yaml")) }),*]
    };
}

/// A file of the standard.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// The name of its schema.
    pub name: &'static str,
    /// What it says.
    pub text: &'static str,
}

impl File {
    /// Reads it.
    #[must_use]
    pub fn schema(self) -> Schema {
        Schema::parse(self.text, &self.path()).expect("a test proves the built-in files")
    }

    /// Gives its path in the repository.
    #[must_use]
    pub fn path(self) -> String {
        format!("telemetry/{}.yaml", self.name)
    }
}

/// The jobs, in the order of the catalog.
pub const JOBS: &[File] = files![
    "identify-platform",
    "identify-deployment",
    "cluster-state",
    "feature-flags",
    "mesh-detect",
    "config-activity",
    "plugin-usage",
    "route-types",
    "ingress-usage",
    "gateway-usage",
    "knative-usage",
];

/// What agents send, and lines of programs before this one.
pub const DOCUMENTS: &[File] = files![
    "kamaji-stats",
    "kamaji-create",
    "kamaji-update",
    "kamaji-delete",
    "kic-ping",
    "kongctl",
];

/// The event of a command, which a product fills with its own words.
pub const COMMAND: File =
    File { name: "command", text: include_str!("../../../telemetry/command.yaml") };

/// Gives every file.
pub fn all() -> impl Iterator<Item = File> {
    JOBS.iter().chain(DOCUMENTS).copied().chain([COMMAND])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;
    use crate::standard::check;

    #[test]
    fn every_file_of_the_folder_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../telemetry");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(there, all().map(|file| format!("{}.yaml", file.name)).collect());
    }

    #[test]
    fn every_file_passes_the_linter_and_is_called_after_its_schema() {
        let today = jiff::civil::date(2026, 11, 21);
        for file in all() {
            let checked = check(file.text, &file.path(), today).unwrap_or_else(|findings| {
                panic!("{}", findings.iter().map(|f| format!("{f}\n")).collect::<String>())
            });
            assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
            assert_eq!(checked.schema.name, file.name);
        }
    }
}
