//! Which kinds the API server serves, for selectors that name resources by their plural.

use std::collections::{BTreeMap, BTreeSet};

use kube::api::ApiResource;
use kube::discovery::{self, Scope};
use kube::error::DiscoveryError;
use kube::{Client, Error};
use tokio::time::Instant;
use tracing::warn;

use crate::limits;

/// The kinds of some groups.
pub struct Kinds {
    client: Client,
    groups: BTreeMap<String, (Instant, Vec<Kind>)>,
}

/// A kind that is served.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// How it is addressed.
    pub resource: ApiResource,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
}

impl std::fmt::Debug for Kinds {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Kinds").field("groups", &self.groups).finish_non_exhaustive()
    }
}

impl Kinds {
    /// Knows none yet.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, groups: BTreeMap::new() }
    }

    /// Reads the kinds of these groups, unless they were read lately. Tells whether they are other ones now.
    pub async fn refresh(&mut self, wanted: &BTreeSet<String>) -> bool {
        let mut changed = false;
        for group in wanted {
            let known = self.groups.get(group);
            if known.is_some_and(|(at, _)| at.elapsed() < limits::KINDS_AGE_MAX) {
                continue;
            }
            let kinds = match read(&self.client, group).await {
                Ok(kinds) => kinds,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    warn!(group, error, "the kinds of an API group cannot be read");
                    continue; // what was read stays valid
                }
            };
            changed |= known.is_none_or(|(_, before)| *before != kinds);
            self.groups.insert(group.clone(), (Instant::now(), kinds));
        }
        changed
    }

    /// Gives the kinds of a group that was asked for; none while it has not been read.
    #[must_use]
    pub fn of(&self, group: &str) -> Option<&[Kind]> {
        self.groups.get(group).map(|(_, kinds)| kinds.as_slice())
    }
}

async fn read(client: &Client, group: &str) -> Result<Vec<Kind>, Error> {
    let found = match discovery::group(client, group).await {
        Ok(found) => found,
        // There is no such group yet.
        Err(Error::Discovery(DiscoveryError::MissingApiGroup(_))) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let kind = |(resource, capabilities): (ApiResource, discovery::ApiCapabilities)| Kind {
        resource,
        is_namespaced: capabilities.scope == Scope::Namespaced,
    };
    Ok(found.recommended_resources().into_iter().map(kind).collect())
}
