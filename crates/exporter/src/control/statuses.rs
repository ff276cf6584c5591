//! Writes statuses and Events.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::api::{Patch, PatchParams};
use kube::runtime::events::{Recorder, Reporter};
use kube::{Api, Client};
use serde_json::json;
use tracing::warn;

use super::entry::Entry;
use super::events::events;
use crate::report::Report;
use crate::resource::Exporter;
use crate::resource::status::ExporterStatus;
use crate::resource::status::pacing::{Pace, Written, pace};
use crate::time::Millis;

/// Owns the fields of the status that it writes.
const MANAGER: &str = "ktel-exporter";

/// Writes statuses and Events.
pub(super) struct Statuses {
    client: Client,
    recorder: Recorder,
}

impl Statuses {
    pub(super) fn new(client: Client, identity: &str) -> Self {
        let reporter =
            Reporter { controller: MANAGER.to_owned(), instance: Some(identity.to_owned()) };
        Self { recorder: Recorder::new(client.clone(), reporter), client }
    }

    /// Writes the status of an Exporter, if it changed or its heartbeat is due.
    pub(super) async fn write(&self, entry: &mut Entry, report: Option<&Report>, now: Millis) {
        let next = entry.next_status(report, now);
        let Pace::Write(status) = pace(entry.written.as_ref(), &next, now) else { return };
        let before = match &entry.written {
            Some(written) => written.status.clone(),
            None => entry.base().clone(),
        };
        let (namespace, name) = entry.key();
        match self.patch(&namespace, &name, &entry.id().uid, &status).await {
            Ok(()) => {
                self.publish(entry, &before, &status).await;
                entry.written = Some(Written { at: now, status: *status });
            }
            // It was deleted; we hear of it soon.
            Err(kube::Error::Api(error)) if [404, 409].contains(&error.code) => {}
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                warn!(
                    namespace,
                    exporter = name,
                    error,
                    "a status cannot be written; trying again"
                );
            }
        }
    }

    async fn patch(
        &self,
        namespace: &str,
        name: &str,
        uid: &str,
        status: &ExporterStatus,
    ) -> Result<(), kube::Error> {
        let api = Api::<Exporter>::namespaced(self.client.clone(), namespace);
        let patch = json!({
            "apiVersion": "telemetry.datumapis.com/v1alpha1",
            "kind": "Exporter",
            // Another Exporter of the same name is not meant.
            "metadata": {"name": name, "uid": uid},
            "status": status,
        });
        let params = PatchParams::apply(MANAGER).force();
        api.patch_status(name, &params, &Patch::Apply(patch)).await.map(drop)
    }

    async fn publish(&self, entry: &Entry, before: &ExporterStatus, now: &ExporterStatus) {
        let reference = ObjectReference {
            api_version: Some("telemetry.datumapis.com/v1alpha1".to_owned()),
            kind: Some("Exporter".to_owned()),
            namespace: Some(entry.id().namespace.clone()),
            name: Some(entry.id().name.clone()),
            uid: Some(entry.id().uid.clone()),
            ..ObjectReference::default()
        };
        for event in events(before, now) {
            if let Err(error) = self.recorder.publish(&event, &reference).await {
                let error: &dyn std::error::Error = &error;
                warn!(exporter = entry.id().name, error, "an Event cannot be written");
            }
        }
    }
}
