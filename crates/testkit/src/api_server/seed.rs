//! Many objects at once, written into etcd past the API: the server reads JSON there as well.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::ApiServer;
use crate::wait;

/// The server follows etcd within milliseconds; on two busy cores, within seconds.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(60);

impl ApiServer {
    /// Makes `count` running Pods named `{namespace}-0…` in a namespace that need not exist.
    ///
    /// # Errors
    ///
    /// etcd rejects them, or the API server does not see them.
    pub fn seed_pods(&self, namespace: &str, count: usize) -> anyhow::Result<()> {
        self.seed("pods", (0..count).map(|index| pod(namespace, index)))?;
        // The server counts what it has heard of, which is a little behind what etcd holds.
        let path = format!("/api/v1/namespaces/{namespace}/pods?limit=1");
        wait::poll(FOLLOWED_WITHIN, || {
            let page: Value = serde_json::from_str(&self.kubectl(["get", "--raw", &path])?)
                .context("read a page of pods")?;
            let remaining = page["metadata"]["remainingItemCount"].as_u64().unwrap_or_default();
            let seen = remaining + 1;
            ensure!(seen >= count as u64, "the API server has seen {seen} of {count} pods");
            Ok(())
        })
    }

    /// Writes objects as they are, without validation, admission or defaults.
    ///
    /// `storage` is where the server keeps the kind under `/registry/`: `pods`, `minions` (Nodes),
    /// `services/specs`, `configmaps`, `ingress`, `group/plural` of a custom resource. Each object
    /// needs `apiVersion`, `kind`, `metadata.name` and, if its kind has one, `metadata.namespace`;
    /// a `uid` and a creation time are added where they lack.
    ///
    /// # Errors
    ///
    /// An object has no name, or etcd rejects it.
    pub fn seed(
        &self,
        storage: &str,
        objects: impl IntoIterator<Item = Value>,
    ) -> anyhow::Result<()> {
        let entries: anyhow::Result<Vec<_>> =
            objects.into_iter().map(|object| entry(storage, object)).collect();
        self.etcd.put_all(entries?)
    }
}

fn entry(storage: &str, mut object: Value) -> anyhow::Result<(String, Value)> {
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    let metadata = metadata.context("find `metadata`")?;
    let name = metadata.get("name").and_then(Value::as_str).context("find `metadata.name`")?;
    let path = match metadata.get("namespace").and_then(Value::as_str) {
        Some(namespace) => format!("{storage}/{namespace}/{name}"),
        None => format!("{storage}/{name}"),
    };
    let uid = format!("uid-of-{}", path.replace('/', "-"));
    metadata.entry("uid").or_insert_with(|| uid.into());
    metadata.entry("creationTimestamp").or_insert_with(|| "2024-05-06T07:08:09Z".into());
    Ok((format!("/registry/{path}"), object))
}

fn pod(namespace: &str, index: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("{namespace}-{index}"), "namespace": namespace,
            "labels": {"app": namespace}},
        "spec": {"nodeName": format!("node-{}", index % 500),
            "containers": [{"name": "main", "image": "example.com/app:1.2.3"}]},
        "status": {"phase": "Running"},
    })
}
