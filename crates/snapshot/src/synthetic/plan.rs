//! Which object of a made-up cluster belongs where: numbers only.

use super::size::Synthetic;

/// Which mesh runs beside a Deployment's containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sidecar {
    None,
    Istio,
    Linkerd,
}

/// The pods of one Deployment.
pub(super) const REPLICAS: usize = 3;

/// The numbers of a cluster, with at least one of what others refer to.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) nodes: usize,
    pub(super) pods: usize,
    pub(super) services: usize,
    pub(super) namespaces: usize,
    pub(super) deployments: usize,
    pub(super) version: String,
    meshed_share: f64,
    seed: u64,
}

impl Plan {
    /// Plans a cluster of which `kept` namespaces and services are made otherwise.
    pub(super) fn new(synthetic: &Synthetic, kept: usize) -> Self {
        Self {
            nodes: synthetic.nodes,
            pods: synthetic.pods,
            services: synthetic.services - kept.min(synthetic.services),
            namespaces: (synthetic.namespaces - kept.min(synthetic.namespaces)).max(1),
            deployments: synthetic.pods.div_ceil(REPLICAS),
            version: synthetic.version.clone(),
            meshed_share: synthetic.meshed_share,
            seed: synthetic.seed,
        }
    }

    /// Returns the namespace of a Deployment; Deployments of one namespace follow each other.
    pub(super) fn namespace_of(&self, deployment: usize) -> usize {
        spread(deployment, self.deployments, self.namespaces)
    }

    /// Returns the Deployment behind a service; it never falls as services go up.
    pub(super) fn deployment_of(&self, service: usize) -> usize {
        spread(service, self.services, self.deployments)
    }

    /// Returns the node of a pod.
    pub(super) fn node_of(&self, pod: usize) -> usize {
        let random = self.random(3, pod) % self.nodes.max(1) as u64;
        usize::try_from(random).unwrap_or(0)
    }

    /// Returns the mesh of a Deployment.
    pub(super) fn sidecar_of(&self, deployment: usize) -> Sidecar {
        let random = self.random(5, deployment);
        // 53 bits are what a double holds exactly.
        let share = (random >> 11) as f64 / (1_u64 << 53) as f64;
        match (share < self.meshed_share, random & 1 == 0) {
            (false, _) => Sidecar::None,
            (true, true) => Sidecar::Istio,
            (true, false) => Sidecar::Linkerd,
        }
    }

    /// Returns a number that the seed, a purpose and an index always give (splitmix64).
    pub(super) fn random(&self, purpose: u64, index: usize) -> u64 {
        let mixed = self.seed ^ purpose.rotate_left(48) ^ index as u64;
        let mut state = mixed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    }
}

/// Spreads `index` of `from` things evenly over `over` places, in order.
fn spread(index: usize, from: usize, over: usize) -> usize {
    let place = index as u128 * over as u128 / from.max(1) as u128;
    usize::try_from(place).unwrap_or(0).min(over.saturating_sub(1))
}
