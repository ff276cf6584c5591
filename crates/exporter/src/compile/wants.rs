//! What the cluster has to be asked for, so that an Exporter can be compiled.

use std::collections::BTreeSet;

use super::cluster::{Cluster, Kind};
use super::kinds::kinds_of;
use super::selecting::Selecting;
use crate::plan::Tenant;
use crate::resource::spec::Spec;
use crate::settings::{Reach, Resolve, Settings};

/// What the cluster has to be asked for beside the namespaces of Exporters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wants {
    /// All namespaces, with their labels.
    pub namespaces: bool,
    /// The objects of these kinds: names and labels.
    pub objects: BTreeSet<Kind>,
}

/// Says what the cluster has to be asked for, so that an Exporter can be compiled. Kinds have to be known already.
#[must_use]
pub fn wants(spec: &Spec, settings: &Settings, cluster: &Cluster) -> Wants {
    let nobody = Tenant { name: String::new(), matchers: Vec::new(), path: None };
    let selecting = Selecting { namespace: "", tenant: &nobody, settings, cluster };
    let mut wants = Wants::default();
    for selector in spec.sources.iter().flat_map(|source| &source.metrics.selectors) {
        wants.namespaces |=
            selector.namespaces.is_some() && settings.resources.namespaces != Reach::Own;
        let has_labels = !selector.labels.requirements.is_empty();
        if has_labels && settings.resources.resolve == Resolve::Objects {
            wants.objects.extend(kinds_of(&selecting, selector));
        }
    }
    wants
}
