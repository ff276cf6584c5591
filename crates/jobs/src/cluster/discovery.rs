//! Which kinds the server has, and in which version: asked for at each run, never pinned.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube::Client;
use serde::Deserialize;

use super::Shared;
use super::read::{self, Failure, OBJECT, Target};
use crate::error::Error;

/// The groups that the server has, with their versions in its order of preference.
#[derive(Debug, Default)]
pub(crate) struct Groups(BTreeMap<String, Vec<String>>);

impl Groups {
    pub(crate) fn has(&self, group: &str) -> bool {
        self.0.contains_key(group)
    }
}

/// The resources of one group and version.
pub(crate) type Resources = BTreeMap<String, bool>;

/// How a kind is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The version that the server prefers among those that have the kind.
    pub version: String,
    /// Whether its objects live in namespaces.
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
    Groups(groups.collect())
}

impl Shared {
    pub(crate) async fn groups(&self, client: &Client) -> Result<Arc<Groups>, Error> {
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
                Err(Failure::NotFound) => Ok(Arc::default()),
                Err(failure) => Err(failure.into_error(&target)),
            }
        };
        self.resources.get_or(key, read).await
    }

    /// Finds the version to read `resource` in; `None` when the server does not have it.
    pub(crate) async fn served(
        &self,
        client: &Client,
        group: &str,
        resource: &str,
    ) -> Result<Option<Served>, Error> {
        let groups;
        let core = ["v1".to_owned()];
        let versions = if group.is_empty() {
            &core[..]
        } else {
            groups = self.groups(client).await?;
            groups.0.get(group).map_or(&[][..], Vec::as_slice)
        };
        for version in versions {
            let resources = self.resources(client, group, version).await?;
            if let Some(&namespaced) = resources.get(resource) {
                return Ok(Some(Served { version: version.clone(), namespaced }));
            }
        }
        Ok(None)
    }
}
