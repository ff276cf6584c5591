//! Discovery: which groups, versions and kinds are served, in the old form and the aggregated one.

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::resource::Resource;

const VERBS: [&str; 3] = ["get", "list", "watch"];

/// Answers `/api`.
pub(crate) fn core_versions(catalog: &Catalog) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": catalog.versions(""),
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": ""}],
    })
}

/// Answers `/apis`.
pub(crate) fn groups(catalog: &Catalog) -> Value {
    let groups: Vec<Value> =
        catalog.groups().into_iter().map(|group| group_entry(catalog, group)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// Answers `/apis/GROUP`; `None` when no kind of the group is served.
pub(crate) fn group(catalog: &Catalog, name: &str) -> Option<Value> {
    if !catalog.groups().contains(&name) {
        return None;
    }
    let entry = group_entry(catalog, name);
    Some(json!({
        "kind": "APIGroup", "apiVersion": "v1", "name": entry["name"],
        "versions": entry["versions"], "preferredVersion": entry["preferredVersion"],
    }))
}

fn group_entry(catalog: &Catalog, group: &str) -> Value {
    let entry =
        |version: &str| json!({"groupVersion": format!("{group}/{version}"), "version": version});
    let versions: Vec<Value> = catalog.versions(group).into_iter().map(entry).collect();
    let preferred = versions.first().cloned();
    json!({"name": group, "versions": versions, "preferredVersion": preferred})
}

/// Answers `/api/v1` and `/apis/GROUP/VERSION`; `None` when nothing is served there.
pub(crate) fn resources(catalog: &Catalog, group: &str, version: &str) -> Option<Value> {
    let mut entries = Vec::new();
    for resource in catalog.resources(group, version) {
        entries.push(resource_entry(resource));
        if resource.status {
            entries.push(json!({
                "name": format!("{}/status", resource.plural), "singularName": "",
                "namespaced": resource.namespaced, "kind": resource.kind, "verbs": ["get"],
            }));
        }
    }
    if entries.is_empty() {
        return None;
    }
    let at = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": at, "resources": entries,
    }))
}

fn resource_entry(resource: &Resource) -> Value {
    let mut entry = json!({
        "name": resource.plural, "singularName": resource.singular,
        "namespaced": resource.namespaced, "kind": resource.kind, "verbs": VERBS,
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = resource.short_names.as_slice().into();
    }
    if !resource.categories.is_empty() {
        entry["categories"] = resource.categories.as_slice().into();
    }
    entry
}

/// Answers `/api` (`core`) or `/apis` with all that is below.
pub(crate) fn aggregated(catalog: &Catalog, core: bool, beta: bool) -> Value {
    let groups = if core { vec![""] } else { catalog.groups() };
    let items: Vec<Value> = groups
        .into_iter()
        .map(|group| {
            let versions: Vec<Value> = catalog
                .versions(group)
                .into_iter()
                .map(|version| aggregated_version(catalog, group, version))
                .collect();
            let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    let version = if beta { "v2beta1" } else { "v2" };
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": format!("apidiscovery.k8s.io/{version}"),
        "metadata": {}, "items": items,
    })
}

fn aggregated_version(catalog: &Catalog, group: &str, version: &str) -> Value {
    let resources: Vec<Value> = catalog
        .resources(group, version)
        .map(|resource| {
            let kind = json!({"group": group, "version": version, "kind": resource.kind});
            let mut entry = json!({
                "resource": resource.plural, "responseKind": kind,
                "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
                "singularResource": resource.singular, "verbs": VERBS,
            });
            if !resource.short_names.is_empty() {
                entry["shortNames"] = resource.short_names.as_slice().into();
            }
            if !resource.categories.is_empty() {
                entry["categories"] = resource.categories.as_slice().into();
            }
            if resource.status {
                entry["subresources"] =
                    json!([{"subresource": "status", "responseKind": kind, "verbs": ["get"]}]);
            }
            entry
        })
        .collect();
    json!({"version": version, "resources": resources, "freshness": "Current"})
}
