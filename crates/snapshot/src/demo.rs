//! A small, realistic cluster for demonstrations.

use std::path::Path;

use serde_json::Value;

use crate::load;
use crate::version::VersionInfo;

const OBJECTS: &str = include_str!("demo.yaml");

/// Returns the objects of the cluster.
pub(crate) fn objects() -> Vec<Value> {
    let mut objects = load::yaml::values(Path::new("demo.yaml"), OBJECTS)
        .expect("demo.yaml is part of the program and loaded by its tests");
    objects.retain(|object| !object.is_null());
    objects
}

/// Returns the version of its API server.
pub(crate) fn version() -> VersionInfo {
    VersionInfo::new("v1.31.4-gke.1372000", "linux/amd64")
}
