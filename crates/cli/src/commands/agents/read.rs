//! Reads what is looked at, with `GET` requests only.

use ktel::Error;
use ktel::cluster::read::{self, OBJECT, ReadFailure, Target, encode};
use kube::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::objects::{Binding, ConfigMap, Lease, Role, Workload};
use crate::limits::{OBJECTS_OF_PAGE, PAGES_MAX};

/// The kinds whose containers are looked at: kind, group and version, plural.
const WORKLOADS: [(&str, &str, &str); 5] = [
    ("deployment", "apps/v1", "deployments"),
    ("statefulset", "apps/v1", "statefulsets"),
    ("daemonset", "apps/v1", "daemonsets"),
    ("cronjob", "batch/v1", "cronjobs"),
    ("job", "batch/v1", "jobs"),
];
const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// The roles and permissions, or why this is not known.
pub(super) type Grants = Result<Granted, Error>;

/// All roles and their bindings.
#[derive(Default)]
pub(super) struct Granted {
    pub(super) cluster_roles: Vec<Role>,
    pub(super) roles: Vec<Role>,
    pub(super) cluster_bindings: Vec<Binding>,
    pub(super) bindings: Vec<Binding>,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default)]
    metadata: ListMetadata,
    // A Go server writes `null` for an empty list.
    #[serde(default = "Default::default")]
    items: Option<Vec<T>>,
}

#[derive(Default, Deserialize)]
struct ListMetadata {
    #[serde(default, rename = "continue")]
    token: Option<String>,
}

/// Reads every object that has containers; without the Jobs that a CronJob made.
pub(super) async fn workloads(
    client: &Client,
    namespace: Option<&str>,
) -> Result<Vec<Workload>, Error> {
    let mut all = Vec::new();
    for (kind, version, plural) in WORKLOADS {
        let found: Vec<Workload> = list(client, version, plural, namespace).await?;
        let own = found.into_iter().filter(|one| one.metadata.owner_references.is_empty());
        all.extend(own.map(|one| Workload { kind, ..one }));
    }
    Ok(all)
}

/// Reads all roles and bindings. Nothing is said about rights if one of them cannot be read.
pub(super) async fn grants(client: &Client) -> Grants {
    Ok(Granted {
        cluster_roles: list(client, RBAC, "clusterroles", None).await?,
        roles: list(client, RBAC, "roles", None).await?,
        cluster_bindings: list(client, RBAC, "clusterrolebindings", None).await?,
        bindings: list(client, RBAC, "rolebindings", None).await?,
    })
}

/// Reads the leases of agents. It is best effort: without the right to list leases, agents within other
/// programs are not found, and the others are.
pub(super) async fn leases(client: &Client, namespace: Option<&str>) -> Result<Vec<Lease>, Error> {
    list(client, "coordination.k8s.io/v1", "leases", namespace).await
}

/// Reads a ConfigMap; `None` if there is none.
pub(super) async fn config_map(
    client: &Client,
    namespace: &str,
    name: &str,
) -> Result<Option<ConfigMap>, Error> {
    let uri = format!("/api/v1/namespaces/{}/configmaps/{}", encode(namespace), encode(name));
    let target = Target::resource("get", "", "configmaps");
    match read::get(client, &uri, OBJECT, &target).await {
        Ok(found) => Ok(Some(found)),
        Err(ReadFailure::NotFound) => Ok(None),
        Err(failure) => Err(failure.into_error(&target)),
    }
}

/// Lists a kind page by page. A kind that is not served has no objects.
async fn list<T: DeserializeOwned>(
    client: &Client,
    version: &str,
    plural: &str,
    namespace: Option<&str>,
) -> Result<Vec<T>, Error> {
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let target = Target::resource("list", group, plural);
    let path = match namespace {
        Some(namespace) => format!("/apis/{version}/namespaces/{}/{plural}", encode(namespace)),
        None => format!("/apis/{version}/{plural}"),
    };
    let (mut all, mut token): (Vec<T>, Option<String>) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let mut uri = format!("{path}?limit={OBJECTS_OF_PAGE}");
        if let Some(token) = &token {
            uri.push_str(&format!("&continue={}", encode(token)));
        }
        let page: List<T> = match read::get(client, &uri, OBJECT, &target).await {
            Ok(page) => page,
            Err(ReadFailure::NotFound) => return Ok(all),
            Err(failure) => return Err(failure.into_error(&target)),
        };
        all.extend(page.items.unwrap_or_default());
        token = page.metadata.token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(all);
        }
    }
    let limit = PAGES_MAX * OBJECTS_OF_PAGE;
    Err(Error::TooMany { what: target.what, limit })
}
