//! Which kinds the API server serves, for selectors that name resources by their plural.

use std::collections::BTreeMap;

use kube::api::ApiResource;
use kube::discovery::Discovery;
use kube::{Client, Error};
use tokio::time::Instant;
use tracing::warn;

use crate::compile::{self, Kind};
use crate::limits;

/// The kinds that the API server serves.
pub struct Kinds {
    client: Client,
    /// When they were read last.
    read: Option<Instant>,
    resources: BTreeMap<Kind, ApiResource>,
}

impl std::fmt::Debug for Kinds {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Kinds").field("known", &self.resources.len()).finish_non_exhaustive()
    }
}

impl Kinds {
    /// Knows none yet.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, read: None, resources: BTreeMap::new() }
    }

    /// Reads them, by two requests, unless that was lately. Tells whether they are other ones now.
    pub async fn refresh(&mut self) -> bool {
        if self.read.is_some_and(|at| at.elapsed() < limits::KINDS_AGE_MAX) {
            return false;
        }
        match read(&self.client).await {
            Ok(resources) => {
                self.read = Some(Instant::now());
                let changed = self.resources != resources;
                self.resources = resources;
                changed
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                warn!(error, "the kinds that the API server serves cannot be read");
                false // what was read stays valid
            }
        }
    }

    /// Gives them as the compiler reads them.
    #[must_use]
    pub fn known(&self) -> compile::Kinds {
        let resources = self.resources.iter();
        compile::Kinds::new(resources.map(|(kind, found)| (kind.clone(), found.plural.clone())))
    }

    /// Says how a kind is addressed.
    #[must_use]
    pub fn resource(&self, kind: &Kind) -> Option<&ApiResource> {
        self.resources.get(kind)
    }
}

async fn read(client: &Client) -> Result<BTreeMap<Kind, ApiResource>, Error> {
    let found = Discovery::new(client.clone()).run_aggregated().await?;
    let resources = found.groups().flat_map(|group| group.recommended_resources());
    let named = resources.map(|(resource, _)| {
        (Kind { group: resource.group.clone(), kind: resource.kind.clone() }, resource)
    });
    Ok(named.collect())
}
