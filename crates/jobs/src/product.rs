//! Whose telemetry it is, and how its workload is found in the cluster.

/// The product that a report is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Product {
    /// Its name. Without a selector, the label `app.kubernetes.io/name` is compared with it.
    pub name: Option<String>,
    /// The label selector that finds its workload.
    pub selector: Option<String>,
    /// The namespace it runs in.
    pub namespace: Option<String>,
    /// The namespace and name of the pod that this program runs in, if it belongs to the product.
    pub own_pod: Option<(String, String)>,
    /// Whether the metadata of Helm's release Secret may be read.
    pub read_helm_release: bool,
    /// The namespace and the name of the service through which the product is reached. Its annotations
    /// say whether it is part of a mesh.
    pub publish_service: Option<(String, String)>,
}

impl Product {
    /// Gives the label selector of the workload: the configured one, else one for the name.
    #[must_use]
    pub fn workload_selector(&self) -> Option<String> {
        self.selector
            .clone()
            .or_else(|| self.name.as_ref().map(|name| format!("app.kubernetes.io/name={name}")))
    }
}
