//! Which kinds the server has, and in which version. Every run asks again; no version is fixed in
//! code.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube::Client;
use serde::Deserialize;

use super::once::{Once, OncePerKey};
use super::read::{self, OBJECT, ReadFailure, Target};
use crate::error::Error;

/// What a server was found to serve. Each group is asked for once.
#[derive(Default)]
pub struct Discovery {
    groups: Once<Arc<Groups>>,
    resources: OncePerKey<(String, String), Arc<Resources>>,
}

/// The versions of each group, in the order that the server prefers.
type Groups = BTreeMap<String, Vec<String>>;

/// The resources of one group and version, and whether their objects have a namespace.
type Resources = BTreeMap<String, bool>;

/// How a kind is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The version that the server prefers among those that have the kind.
    pub version: String,
    /// Whether its objects have a namespace.
    pub namespaced: bool,
}

#[derive(Deserialize)]
struct GroupList {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    name: String,
    #[serde(default)]
    versions: Vec<GroupVersion>,
    preferred_version: Option<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

#[derive(Deserialize)]
struct ResourceList {
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    #[serde(default)]
    namespaced: bool,
}

/// Puts the preferred version first; the server lists the others by priority already.
fn order(list: GroupList) -> Groups {
    let groups = list.groups.into_iter().map(|group| {
        let mut versions: Vec<_> = group.versions.into_iter().map(|one| one.version).collect();
        if let Some(preferred) = group.preferred_version {
            versions.retain(|version| *version != preferred.version);
            versions.insert(0, preferred.version);
        }
        (group.name, versions)
    });
    groups.collect()
}

impl Discovery {
    async fn groups(&self, client: &Client) -> Result<Arc<Groups>, Error> {
        let read = || async {
            let target = Target::path("/apis");
            let list: GroupList = read::get(client, "/apis", OBJECT, &target)
                .await
                .map_err(|failure| failure.into_error(&target))?;
            Ok(Arc::new(order(list)))
        };
        self.groups.get_or_init(read).await.clone()
    }

    async fn resources(
        &self,
        client: &Client,
        group: &str,
        version: &str,
    ) -> Result<Arc<Resources>, Error> {
        let key = (group.to_owned(), version.to_owned());
        let read = async {
            let path = match group {
                "" => format!("/api/{version}"),
                group => format!("/apis/{group}/{version}"),
            };
            let target = Target::path(&path);
            match read::get::<ResourceList>(client, &path, OBJECT, &target).await {
                Ok(list) => {
                    let pairs = list.resources.into_iter().map(|one| (one.name, one.namespaced));
                    Ok(Arc::new(pairs.collect()))
                }
                // The group was removed between two requests of this run.
                Err(ReadFailure::NotFound) => Ok(Arc::default()),
                Err(failure) => Err(failure.into_error(&target)),
            }
        };
        self.resources.get_or(key, read).await
    }

    /// Tells whether the server has any version of a group.
    pub(crate) async fn has_group(&self, client: &Client, group: &str) -> Result<bool, Error> {
        Ok(self.groups(client).await?.contains_key(group))
    }

    /// Finds the version to read `resource` in; `None` when the server does not have it.
    pub(crate) async fn served(
        &self,
        client: &Client,
        group: &str,
        resource: &str,
    ) -> Result<Option<Served>, Error> {
        for version in self.versions(client, group).await? {
            let resources = self.resources(client, group, &version).await?;
            if let Some(&namespaced) = resources.get(resource) {
                return Ok(Some(Served { version, namespaced }));
            }
        }
        Ok(None)
    }

    /// Finds all versions in which the server has `resource`, the preferred one first.
    pub(crate) async fn served_versions(
        &self,
        client: &Client,
        group: &str,
        resource: &str,
    ) -> Result<Vec<String>, Error> {
        let mut served = Vec::new();
        for version in self.versions(client, group).await? {
            if self.resources(client, group, &version).await?.contains_key(resource) {
                served.push(version);
            }
        }
        Ok(served)
    }

    /// Gives the versions of a group, the preferred one first.
    async fn versions(&self, client: &Client, group: &str) -> Result<Vec<String>, Error> {
        // The core group is not among the groups, and has one version.
        if group.is_empty() {
            return Ok(vec!["v1".to_owned()]);
        }
        Ok(self.groups(client).await?.get(group).cloned().unwrap_or_default())
    }
}
