//! What an account may do, from roles and their bindings.

use std::collections::BTreeSet;

use super::objects::{Binding, Role, Rule, Subject};
use super::read::Granted;

/// A right, and where it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Right {
    /// The namespace; `None` for the whole cluster.
    pub(super) namespace: Option<String>,
    /// What, as in `pods, services`, or a path.
    pub(super) what: String,
    /// The verbs, as in `list, watch`.
    pub(super) verbs: String,
}

/// Gives the rights that are granted to an account by name, or to all accounts or those of its
/// namespace. What everybody may, such as reading the version, is not listed.
pub(super) fn of_account(granted: &Granted, namespace: &str, account: &str) -> Vec<Right> {
    let mut rights = BTreeSet::new();
    for binding in &granted.cluster_bindings {
        if is_bound(binding, namespace, account) {
            let role = named(&granted.cluster_roles, &binding.role_ref.name, None);
            rights.extend(role.into_iter().flat_map(|role| rights_of(role, None)));
        }
    }
    for binding in &granted.bindings {
        if is_bound(binding, namespace, account) {
            let place = binding.metadata.namespace.as_str();
            let name = &binding.role_ref.name;
            let role = match binding.role_ref.kind.as_str() {
                "ClusterRole" => named(&granted.cluster_roles, name, None),
                _ => named(&granted.roles, name, Some(place)),
            };
            rights.extend(role.into_iter().flat_map(|role| rights_of(role, Some(place))));
        }
    }
    rights.into_iter().collect()
}

fn named<'r>(roles: &'r [Role], name: &str, namespace: Option<&str>) -> Option<&'r Role> {
    roles.iter().find(|role| {
        role.metadata.name == name
            && namespace.is_none_or(|namespace| role.metadata.namespace == namespace)
    })
}

fn is_bound(binding: &Binding, namespace: &str, account: &str) -> bool {
    let is_it = |subject: &Subject| match subject.kind.as_str() {
        "ServiceAccount" => {
            let place = subject.namespace.as_deref().unwrap_or(&binding.metadata.namespace);
            subject.name == account && place == namespace
        }
        "User" => subject.name == format!("system:serviceaccount:{namespace}:{account}"),
        "Group" => {
            subject.name == "system:serviceaccounts"
                || subject.name == format!("system:serviceaccounts:{namespace}")
        }
        _ => false,
    };
    // What every account may by the default roles of Kubernetes says nothing about this one.
    let is_default = binding.metadata.labels.contains_key("kubernetes.io/bootstrapping");
    !is_default && binding.subjects.iter().flatten().any(is_it)
}

fn rights_of(role: &Role, namespace: Option<&str>) -> Vec<Right> {
    let right = |rule: &Rule| Right {
        namespace: namespace.map(str::to_owned),
        what: what(rule),
        verbs: rule.verbs.join(", "),
    };
    role.rules.iter().flatten().map(right).collect()
}

fn what(rule: &Rule) -> String {
    if !rule.paths.is_empty() {
        return rule.paths.join(", ");
    }
    let of_group = |resource: &String| {
        rule.api_groups
            .iter()
            .map(|group| match group.as_str() {
                "" => resource.clone(),
                group => format!("{resource}.{group}"),
            })
            .collect::<Vec<String>>()
    };
    let resources: Vec<String> = rule.resources.iter().flat_map(of_group).collect();
    let only = match rule.resource_names.as_slice() {
        [] => String::new(),
        names => format!(" ({} only)", names.join(", ")),
    };
    format!("{}{only}", resources.join(", "))
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::{Granted, of_account};

    fn all<T: DeserializeOwned>(values: Value) -> Vec<T> {
        serde_json::from_value(values).unwrap()
    }

    #[test]
    fn an_account_may_what_its_bindings_say_and_what_others_may_is_not_listed() {
        let binding = |name: &str, namespace: &str, role: (&str, &str), subject: Value| {
            json!({
                "metadata": {"name": name, "namespace": namespace},
                "roleRef": {"kind": role.0, "name": role.1}, "subjects": [subject],
            })
        };
        let own = json!({"kind": "ServiceAccount", "name": "agent", "namespace": "obs"});
        let other = json!({"kind": "ServiceAccount", "name": "agent", "namespace": "other"});
        let group = json!({"kind": "Group", "name": "system:serviceaccounts:obs"});
        let mut default = binding(
            "d",
            "",
            ("ClusterRole", "all"),
            json!({"kind": "Group", "name": "system:serviceaccounts"}),
        );
        default["metadata"]["labels"] = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
        let granted = Granted {
            cluster_roles: all(json!([
                {"metadata": {"name": "read"}, "rules": [
                    {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["list"]},
                    {"nonResourceURLs": ["/version"], "verbs": ["get"]},
                ]},
                {"metadata": {"name": "all"}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]},
                {"metadata": {"name": "empty"}, "rules": null},
            ])),
            roles: all(json!([
                {"metadata": {"name": "key", "namespace": "obs"}, "rules": [
                    {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["k"], "verbs": ["get", "update"]},
                ]},
                {"metadata": {"name": "key", "namespace": "other"}, "rules": [
                    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]},
                ]},
            ])),
            cluster_bindings: all(json!([
                binding("a", "", ("ClusterRole", "read"), own.clone()),
                binding("b", "", ("ClusterRole", "all"), other),
                binding("c", "", ("ClusterRole", "empty"), group),
                default,
                {"metadata": {"name": "e"}, "roleRef": {"kind": "ClusterRole", "name": "all"}, "subjects": null},
            ])),
            bindings: all(json!([
                binding(
                    "a",
                    "obs",
                    ("Role", "key"),
                    json!({"kind": "ServiceAccount", "name": "agent"})
                ),
                binding(
                    "b",
                    "apps",
                    ("ClusterRole", "read"),
                    json!({"kind": "User", "name": "system:serviceaccount:obs:agent"})
                ),
            ])),
        };
        let rights: Vec<String> = of_account(&granted, "obs", "agent")
            .into_iter()
            .map(|right| format!("{:?} {}: {}", right.namespace, right.what, right.verbs))
            .collect();
        assert_eq!(
            rights,
            [
                "None /version: get",
                "None pods, services: list",
                "Some(\"apps\") /version: get",
                "Some(\"apps\") pods, services: list",
                "Some(\"obs\") secrets (k only): get, update",
            ]
        );
        assert!(of_account(&granted, "obs", "another").is_empty());
    }
}
