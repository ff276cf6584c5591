//! Whose telemetry it is, and how its workload is found in the cluster.

/// The product that a report speaks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Product {
    /// Its name; also looked for as `app.kubernetes.io/name` when there is no selector.
    pub name: Option<String>,
    /// The label selector that finds its workload.
    pub selector: Option<String>,
    /// The namespace it runs in.
    pub namespace: Option<String>,
    /// The namespace and name of the pod this runs in, where it is the product's own.
    pub own_pod: Option<(String, String)>,
    /// Whether the metadata of Helm's release Secret may be read.
    pub read_helm_release: bool,
}

impl Product {
    /// Gives the label selector that finds the workload, unless only the own pod can.
    #[must_use]
    pub fn workload_selector(&self) -> Option<String> {
        self.selector
            .clone()
            .or_else(|| self.name.as_ref().map(|name| format!("app.kubernetes.io/name={name}")))
    }
}
