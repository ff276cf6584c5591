//! Writes statuses and Events.

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::api::{Patch, PatchParams};
use kube::runtime::events::{Recorder, Reporter};
use kube::{Api, Client};
use serde_json::json;
use tokio::time::Instant;
use tracing::warn;

use super::entry::Entry;
use super::events::events;
use super::schedule::{Due, Schedule};
use crate::engine::Engine;
use crate::limits::API_WRITES_AT_ONCE;
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
    schedule: Schedule,
    jitter: fn() -> f64,
}

impl Statuses {
    pub(super) fn new(client: Client, identity: &str, jitter: fn() -> f64) -> Self {
        let reporter =
            Reporter { controller: MANAGER.to_owned(), instance: Some(identity.to_owned()) };
        let recorder = Recorder::new(client.clone(), reporter);
        Self { client, recorder, schedule: Schedule::new(Instant::now()), jitter }
    }

    /// Writes the statuses that changed, or whose heartbeat is due: as many as may be written now.
    pub(super) async fn write_due<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e mut Entry>,
        engine: &Engine,
        now: Millis,
    ) {
        let due = entries.filter_map(|entry| {
            let report = engine.report(entry.id());
            let next = entry.next_status(report.as_deref(), now);
            let written = entry.written.as_ref();
            let Pace::Write { status, is_news } = pace(written, &next, now) else { return None };
            let written = written.map(|written| written.at);
            Some(Due { what: (entry, status), is_news, written })
        });
        let chosen = self.schedule.choose(due.collect(), now, Instant::now());
        let events: Vec<u64> = stream::iter(chosen)
            .map(|(entry, status)| self.write(entry, status, now))
            .buffer_unordered(API_WRITES_AT_ONCE)
            .collect()
            .await;
        self.schedule.spend(events.iter().sum(), Instant::now());
    }

    /// Writes a status; says how many Events it was worth.
    async fn write(&self, entry: &mut Entry, status: Box<ExporterStatus>, now: Millis) -> u64 {
        let before = match &entry.written {
            Some(written) => written.status.clone(),
            None => entry.base().clone(),
        };
        let (namespace, name) = entry.key();
        match self.patch(&namespace, &name, &entry.id().uid, &status).await {
            Ok(()) => {
                let events = self.publish(entry, &before, &status).await;
                entry.written = Some(Written::new(now, *status, (self.jitter)()));
                events
            }
            // It was deleted; we hear of it soon.
            Err(kube::Error::Api(error)) if [404, 409].contains(&error.code) => 0,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                warn!(
                    namespace,
                    exporter = name,
                    error,
                    "a status cannot be written; trying again"
                );
                0
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

    async fn publish(&self, entry: &Entry, before: &ExporterStatus, now: &ExporterStatus) -> u64 {
        let reference = ObjectReference {
            api_version: Some("telemetry.datumapis.com/v1alpha1".to_owned()),
            kind: Some("Exporter".to_owned()),
            namespace: Some(entry.id().namespace.clone()),
            name: Some(entry.id().name.clone()),
            uid: Some(entry.id().uid.clone()),
            ..ObjectReference::default()
        };
        let events = events(before, now);
        for event in &events {
            if let Err(error) = self.recorder.publish(event, &reference).await {
                let error: &dyn std::error::Error = &error;
                warn!(exporter = entry.id().name, error, "an Event cannot be written");
            }
        }
        events.len() as u64
    }
}
