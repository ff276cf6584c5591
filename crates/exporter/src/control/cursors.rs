//! Cursors in the cluster: a ConfigMap for each Exporter, in the operator's own namespace.
//!
//! Each carries the epoch of the leader that wrote it: the number of its term. A leader claims a ConfigMap before it sends
//! anything, and every later write replaces the version that it has seen. So of two leaders that write, the older one
//! fails, reads the larger epoch, and stops.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, ListParams, ObjectMeta, PostParams};
use kube::{Api, Client};
use thiserror::Error;

use crate::cursor::Cursors;
use crate::plan::ExporterId;

/// Marks the ConfigMaps that are ours.
pub(crate) const COMPONENT: (&str, &str) = ("app.kubernetes.io/component", "exporter-cursors");
const UID: &str = "telemetry.datumapis.com/exporter-uid";
const OWNER: &str = "telemetry.datumapis.com/exporter";
const EPOCH: &str = "epoch";
const CURSORS: &str = "cursors.json";

/// Why cursors were not read or written.
#[derive(Debug, Error)]
pub enum Error {
    /// Another leader has claimed them: this one has to stop.
    #[error("the cursors of {exporter} belong to a newer leader: epoch {theirs}, ours is {ours}")]
    Superseded {
        /// Whose.
        exporter: String,
        /// The epoch that was found.
        theirs: i32,
        /// Our own.
        ours: i32,
    },
    /// What is there cannot be read; it is not overwritten.
    #[error("ConfigMap {name} has no readable cursors; correct or delete it: {message}")]
    Unreadable {
        /// The ConfigMap.
        name: String,
        /// Why.
        message: String,
    },
    /// The API server failed.
    #[error("cursors cannot be read or written")]
    Api(#[from] kube::Error),
}

/// Reads and writes cursors as one leader.
#[derive(Debug, Clone)]
pub struct CursorStore {
    api: Api<ConfigMap>,
    epoch: i32,
}

/// The cursors of one Exporter, claimed by us.
#[derive(Debug, Clone)]
pub struct Claimed {
    name: String,
    exporter: String,
    version: Option<String>,
    saved: Cursors,
}

impl Claimed {
    /// What is known to be written.
    #[must_use]
    pub const fn saved(&self) -> &Cursors {
        &self.saved
    }
}

impl CursorStore {
    /// Reads and writes in a namespace, as the leader of an epoch.
    #[must_use]
    pub fn new(client: Client, namespace: &str, epoch: i32) -> Self {
        Self { api: Api::namespaced(client, namespace), epoch }
    }

    /// Claims the cursors of an Exporter and gives them. `initial` is written where there are none yet.
    ///
    /// # Errors
    /// When a newer leader has them, they cannot be read, or the API server fails.
    pub async fn claim(&self, id: &ExporterId, initial: &Cursors) -> Result<Claimed, Error> {
        let mut claimed = Claimed {
            name: name(id),
            exporter: format!("{}/{}", id.namespace, id.name),
            version: None,
            saved: Cursors::default(),
        };
        loop {
            let found = self.api.get_opt(&claimed.name).await?;
            let cursors = match &found {
                Some(found) => self.read(&claimed, found)?,
                None => initial.clone(),
            };
            claimed.version = found.and_then(|found| found.metadata.resource_version);
            if self.put(&mut claimed, id, &cursors).await? {
                return Ok(claimed);
            }
        }
    }

    /// Writes cursors, unless they are written already.
    ///
    /// # Errors
    /// When a newer leader has them, or the API server fails. Then they can be written again.
    pub async fn save(
        &self,
        claimed: &mut Claimed,
        id: &ExporterId,
        cursors: &Cursors,
    ) -> Result<(), Error> {
        if claimed.saved == *cursors {
            return Ok(());
        }
        while !self.put(claimed, id, cursors).await? {
            // A write of ours without an answer, an edit by hand, or another leader.
            let found = self.api.get_opt(&claimed.name).await?;
            if let Some(found) = &found {
                self.check_epoch(claimed, found)?;
            }
            claimed.version = found.and_then(|found| found.metadata.resource_version);
        }
        Ok(())
    }

    /// Deletes the cursors of Exporters that are gone. `is_alive` is asked with the UID.
    ///
    /// # Errors
    /// When the API server fails.
    pub async fn delete_others(&self, is_alive: impl Fn(&str) -> bool) -> Result<usize, Error> {
        let ours = ListParams::default().labels(&format!("{}={}", COMPONENT.0, COMPONENT.1));
        let mut deleted = 0;
        for found in self.api.list_metadata(&ours).await? {
            let uid = found.metadata.labels.as_ref().and_then(|labels| labels.get(UID));
            if let (Some(uid), Some(name)) = (uid, &found.metadata.name)
                && !is_alive(uid)
            {
                self.delete_named(name).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// Deletes the cursors of an Exporter that is gone.
    ///
    /// # Errors
    /// When the API server fails.
    pub async fn delete(&self, id: &ExporterId) -> Result<(), Error> {
        self.delete_named(&name(id)).await
    }

    async fn delete_named(&self, name: &str) -> Result<(), Error> {
        match self.api.delete(name, &DeleteParams::default()).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes on top of the version that was seen; tells whether it was still there.
    async fn put(
        &self,
        claimed: &mut Claimed,
        id: &ExporterId,
        cursors: &Cursors,
    ) -> Result<bool, Error> {
        let map = self.config_map(claimed, id, cursors)?;
        let written = match &claimed.version {
            Some(_) => self.api.replace(&claimed.name, &PostParams::default(), &map).await,
            None => self.api.create(&PostParams::default(), &map).await,
        };
        match written {
            Ok(written) => {
                claimed.version = written.metadata.resource_version;
                claimed.saved = cursors.clone();
                Ok(true)
            }
            Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn config_map(
        &self,
        claimed: &Claimed,
        id: &ExporterId,
        cursors: &Cursors,
    ) -> Result<ConfigMap, Error> {
        let text = serde_json::to_string(cursors).map_err(|error| Error::Unreadable {
            name: claimed.name.clone(),
            message: error.to_string(),
        })?;
        let label = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Ok(ConfigMap {
            metadata: ObjectMeta {
                name: Some(claimed.name.clone()),
                labels: Some(BTreeMap::from([label(COMPONENT), label((UID, &id.uid))])),
                annotations: Some(BTreeMap::from([label((OWNER, &claimed.exporter))])),
                resource_version: claimed.version.clone(),
                ..ObjectMeta::default()
            },
            data: Some(BTreeMap::from([
                label((EPOCH, &self.epoch.to_string())),
                label((CURSORS, &text)),
            ])),
            ..ConfigMap::default()
        })
    }

    fn read(&self, claimed: &Claimed, found: &ConfigMap) -> Result<Cursors, Error> {
        self.check_epoch(claimed, found)?;
        let text = datum(found, CURSORS);
        serde_json::from_str(text).map_err(|error| Error::Unreadable {
            name: claimed.name.clone(),
            message: error.to_string(),
        })
    }

    fn check_epoch(&self, claimed: &Claimed, found: &ConfigMap) -> Result<(), Error> {
        let text = datum(found, EPOCH);
        let theirs: i32 = text.parse().map_err(|_| Error::Unreadable {
            name: claimed.name.clone(),
            message: format!("`{EPOCH}` is not a number"),
        })?;
        if theirs > self.epoch {
            let exporter = claimed.exporter.clone();
            return Err(Error::Superseded { exporter, theirs, ours: self.epoch });
        }
        Ok(())
    }
}

fn datum<'m>(map: &'m ConfigMap, key: &str) -> &'m str {
    map.data.as_ref().and_then(|data| data.get(key)).map_or("", String::as_str)
}

/// Names the ConfigMap of an Exporter. A UID is unique in the cluster, also over time.
fn name(id: &ExporterId) -> String {
    format!("ktel-exporter-{}", id.uid)
}
