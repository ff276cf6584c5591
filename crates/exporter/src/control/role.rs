//! The smallest roles that the exporter needs.

/// The name of its lease.
pub const LEASE: &str = "ktel-exporter";

/// Gives the manifests of both roles: what it reads of all namespaces, and what it keeps in its own.
///
/// Kubernetes cannot limit `create` and `list` to names. Secrets are watched one by one, by the names in Exporters. To limit
/// whose Secrets can be read at all, give this role to namespaces one by one, by RoleBindings.
#[must_use]
pub fn roles(name: &str, namespace: &str, kinds: &[(String, String)]) -> String {
    let mut text = format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {name}
rules:
- apiGroups: [telemetry.datumapis.com]
  resources: [exporters]
  verbs: [list, watch]
- apiGroups: [telemetry.datumapis.com]
  resources: [exporters/status]
  verbs: [patch]
- apiGroups: ['']
  resources: [namespaces]
  verbs: [list, watch]
- apiGroups: ['']
  resources: [secrets]
  verbs: [list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
"
    );
    for (group, resource) in kinds {
        text += &format!(
            "- apiGroups: ['{group}']\n  resources: [{resource}]\n  verbs: [list, watch]\n"
        );
    }
    text += &format!(
        "---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {name}
  namespace: {namespace}
rules:
- apiGroups: ['']
  resources: [configmaps]
  verbs: [create, delete, get, list, update]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{LEASE}]
  verbs: [get, update]
"
    );
    text
}
