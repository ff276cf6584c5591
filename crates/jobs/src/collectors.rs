//! The collectors: built-in jobs that need code.

use std::sync::Arc;

use crate::job::Collector;

mod feature_flags;
mod identify_deployment;
mod identify_platform;
mod mesh_detect;

/// The names by which schemas refer to collectors.
pub(crate) const COLLECTORS: &[&str] =
    &["identify-platform", "identify-deployment", "feature-flags", "mesh-detect"];

/// Finds a collector by its name.
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
    use super::{COLLECTORS, collector};

    #[test]
    fn every_collector_that_is_named_exists() {
        for name in COLLECTORS {
            assert!(collector(name).is_some(), "{name}");
        }
    }
}
