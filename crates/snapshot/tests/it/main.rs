//! The snapshot's API as the real `kube` client sees it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod errors;
mod list;
mod load;
mod watch;

use ktel_snapshot::Snapshot;
use kube::Client;
use kube::api::DynamicObject;
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

pub(crate) fn client(snapshot: &Snapshot) -> Client {
    Client::new(snapshot.service(), "default")
}

pub(crate) fn pod(namespace: &str, name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": app}},
        "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "registry.example.com/c"}]},
        "status": {"phase": "Running"},
    })
}

pub(crate) fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"kind": "Gadget", "plural": "gadgetry", "singular": "gadget"},
            "versions": [
                {"name": "v1alpha1", "served": false, "storage": false},
                {"name": "v1beta1", "served": true, "storage": false},
                {"name": "v1", "served": true, "storage": true},
            ],
        },
    })
}

pub(crate) fn gadgets(client: &Client, version: &str) -> kube::Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("example.com", version, "Gadget");
    kube::Api::all_with(client.clone(), &ApiResource::from_gvk_with_plural(&kind, "gadgetry"))
}
