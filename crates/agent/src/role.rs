//! The smallest roles that an agent needs beside those of its jobs and watches.

use crate::file::{AgentFile, Endpoint, Metrics};

/// Gives the manifest of the role that an agent needs in its namespace, for its lease and its key.
/// Kubernetes cannot limit `create` to a name.
#[must_use]
pub fn role(file: &AgentFile, name: &str) -> String {
    let namespace = file.namespace.as_deref().unwrap_or("default");
    let (lease, key) = (file.lease_name(), file.key_name());
    let metrics = metrics_role(file, name).unwrap_or_default();
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {name}
  namespace: {namespace}
rules:
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{lease}]
  verbs: [get, update]
- apiGroups: ['']
  resources: [secrets]
  verbs: [create]
- apiGroups: ['']
  resources: [secrets]
  resourceNames: [{key}]
  verbs: [get, update]
{metrics}"
    )
}

/// The role for one Service's metrics, where they are read by way of the API server.
fn metrics_role(file: &AgentFile, name: &str) -> Option<String> {
    let Metrics { from, .. } = file.stats.as_ref()?.metrics.as_ref()?;
    let Endpoint::Service { namespace, name: service, .. } = from else { return None };
    Some(format!(
        "---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {name}-metrics
  namespace: {namespace}
rules:
- apiGroups: ['']
  resources: [services/proxy]
  resourceNames: ['{service}']
  verbs: [get]
"
    ))
}
