//! What is asked of a made-up cluster.

/// How large a made-up cluster is, and how much of it a service mesh runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Synthetic {
    /// The number of nodes.
    pub nodes: usize,
    /// The number of pods; three make a Deployment.
    pub pods: usize,
    /// The number of services, each with one EndpointSlice.
    pub services: usize,
    /// The number of namespaces, at least one.
    pub namespaces: usize,
    /// The share of Deployments with a sidecar, from 0 to 1: half of Istio, half of Linkerd.
    pub meshed_share: f64,
    /// What tells clusters of one size apart.
    pub seed: u64,
    /// The version of the server and its kubelets.
    pub version: String,
}

impl Default for Synthetic {
    fn default() -> Self {
        Self {
            nodes: 3,
            pods: 30,
            services: 6,
            namespaces: 4,
            meshed_share: 0.0,
            seed: 1,
            version: "v1.36.1".to_owned(),
        }
    }
}
