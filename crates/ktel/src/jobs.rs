//! The built-in jobs: the files of the standard, and the code behind those that need some.

use std::sync::Arc;

use crate::job::Collector;

mod feature_flags;
mod identify_deployment;
mod identify_platform;
mod mesh_detect;

/// The files of the standard, in the order of the catalog.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("identify-platform", include_str!("../../../telemetry/identify-platform.yaml")),
    ("identify-deployment", include_str!("../../../telemetry/identify-deployment.yaml")),
    ("cluster-state", include_str!("../../../telemetry/cluster-state.yaml")),
    ("feature-flags", include_str!("../../../telemetry/feature-flags.yaml")),
    ("mesh-detect", include_str!("../../../telemetry/mesh-detect.yaml")),
    ("config-activity", include_str!("../../../telemetry/config-activity.yaml")),
    ("plugin-usage", include_str!("../../../telemetry/plugin-usage.yaml")),
    ("route-types", include_str!("../../../telemetry/route-types.yaml")),
    ("ingress-usage", include_str!("../../../telemetry/ingress-usage.yaml")),
    ("gateway-usage", include_str!("../../../telemetry/gateway-usage.yaml")),
    ("knative-usage", include_str!("../../../telemetry/knative-usage.yaml")),
];

/// The names under which schemas ask for code.
pub(crate) const COLLECTORS: &[&str] =
    &["identify-platform", "identify-deployment", "feature-flags", "mesh-detect"];

/// Finds the code behind a name.
pub(crate) fn collector(name: &str) -> Option<Arc<dyn Collector>> {
    Some(match name {
        "identify-platform" => Arc::new(identify_platform::IdentifyPlatform),
        "identify-deployment" => Arc::new(identify_deployment::IdentifyDeployment),
        "feature-flags" => Arc::new(feature_flags::FeatureFlags),
        "mesh-detect" => Arc::new(mesh_detect::MeshDetect),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{COLLECTORS, FILES, collector};
    use ktel_model::standard::check;

    #[test]
    fn every_built_in_file_passes_the_linter_and_is_called_after_its_job() {
        let today = jiff::civil::date(2026, 11, 21);
        for (name, text) in FILES {
            let file = format!("telemetry/{name}.yaml");
            let checked = check(text, &file, today).unwrap_or_else(|findings| {
                panic!("{}", findings.iter().map(|f| format!("{f}\n")).collect::<String>())
            });
            assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
            assert_eq!(checked.schema.name, *name);
        }
    }

    #[test]
    fn every_collector_that_is_named_exists() {
        for name in COLLECTORS {
            assert!(collector(name).is_some(), "{name}");
        }
    }
}
