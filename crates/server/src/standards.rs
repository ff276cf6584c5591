//! The built-in files of the standard, as texts.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../telemetry/", $name, ".yaml")))),*]
    };
}

/// Every file by its name.
pub(crate) const FILES: &[(&str, &str)] = files![
    "cluster-state",
    "command",
    "config-activity",
    "feature-flags",
    "gateway-usage",
    "identify-deployment",
    "identify-platform",
    "ingress-usage",
    "kamaji-create",
    "kamaji-delete",
    "kamaji-stats",
    "kamaji-update",
    "kic-ping",
    "knative-usage",
    "kongctl",
    "mesh-detect",
    "plugin-usage",
    "route-types",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::FILES;

    #[test]
    fn every_file_of_the_standard_is_known_to_the_receiver() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../telemetry");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let known = FILES.iter().map(|(name, _)| format!("{name}.yaml")).collect();
        assert_eq!(there, known);
    }
}
