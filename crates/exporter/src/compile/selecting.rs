//! What resource selectors are compiled with.

use super::cluster::Cluster;
use crate::plan::Tenant;
use crate::settings::{Resources, Settings};

/// What the selectors of an Exporter are compiled with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selecting<'a> {
    pub(super) namespace: &'a str,
    pub(super) tenant: &'a Tenant,
    pub(super) settings: &'a Settings,
    pub(super) cluster: &'a Cluster,
}

/// A selector that cannot be used. Why is a finding.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable;

impl Selecting<'_> {
    /// How a resource stands on metrics.
    pub(super) fn resources(&self) -> &Resources {
        &self.settings.resources
    }
}
