//! A Kubernetes cluster in files or made up, served as a read-only Kubernetes API in memory.
//!
//! It knows no jobs, no reports and no `kube`. A client cannot distinguish it from a real API server
//! with read-only access.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

mod accept;
mod body;
mod catalog;
mod collection;
mod counters;
mod demo;
mod discovery;
mod error;
mod intake;
mod key;
mod kinds;
mod limits;
mod list;
mod load;
mod object;
mod percent;
mod priority;
mod query;
mod resource;
mod route;
mod select;
mod serve;
mod service;
mod status;
mod store;
mod synthetic;
mod token;
mod version;
mod watch;

pub use body::Body;
pub use counters::Counters;
pub use error::Error;
pub use load::Skipped;
pub use serve::serve;
pub use service::Service;
pub use synthetic::Synthetic;
pub use version::VersionInfo;

use intake::{Found, Identity, Intake};
use store::Store;

/// A cluster that can be read; clones are the same cluster.
#[derive(Clone)]
pub struct Snapshot {
    store: Arc<Store>,
    skipped: Arc<Skips>,
}

#[derive(Default)]
struct Skips {
    reasons: Vec<Skipped>,
    count: usize,
}

impl Snapshot {
    /// Loads a file of Kubernetes objects, or a directory with all below it.
    ///
    /// JSON and YAML, lists, many documents in a file, the output of `kubectl cluster-info dump`
    /// in both forms, must-gather trees and `version.json` are understood. The values of Secrets
    /// are not loaded.
    ///
    /// # Errors
    ///
    /// Something cannot be read or parsed, is too large, or there is no object at all.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let loaded = load::load(path)?;
        let intake = intake::intake(loaded.found)?;
        let snapshot = Self::new(intake);
        let skipped = Skips { reasons: loaded.skipped, count: loaded.skipped_count };
        let snapshot = Self { skipped: Arc::new(skipped), ..snapshot };
        Ok(match loaded.version {
            Some(version) => snapshot.with_version(version),
            None => snapshot,
        })
    }

    /// Makes a cluster of the given objects.
    ///
    /// # Errors
    ///
    /// A value is not an object with a kind, a version and a name.
    pub fn from_objects(objects: impl IntoIterator<Item = Value>) -> Result<Self, Error> {
        let found = objects
            .into_iter()
            .map(|value| Ok(Found { object: map(value)?, plural: None }))
            .collect::<Result<_, Error>>()?;
        Ok(Self::new(intake::intake(found)?))
    }

    /// Makes up a cluster of any size. Its objects are computed when they are read.
    pub fn synthetic(plan: &Synthetic) -> Self {
        Self::new(synthetic::intake(plan))
    }

    /// Returns a small, realistic cluster for demonstrations.
    pub fn demo() -> Self {
        Self::from_objects(demo::objects())
            .expect("demo.yaml is part of the program and loaded by its tests")
            .with_version(demo::version())
    }

    /// Sets what `/version` answers.
    #[must_use]
    pub fn with_version(self, version: VersionInfo) -> Self {
        self.store.change(|state| state.version = Some(version));
        self
    }

    /// Creates or replaces an object; watchers see it. No request can do this.
    ///
    /// # Errors
    ///
    /// The value is not an object with a kind, a version and a name.
    pub fn apply(&self, object: Value) -> Result<(), Error> {
        let object = map(object)?;
        self.store.change(|state| state.apply(object))
    }

    /// Removes an object named as in its manifest; returns whether it was there.
    ///
    /// `api_version` is `v1` or `GROUP/VERSION`. Removing a CustomResourceDefinition also stops
    /// serving its objects.
    pub fn delete(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> bool {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.store.change(|state| state.delete((group, kind), namespace, name))
    }

    /// Forgets all changes so far: older continue tokens and watches get a 410.
    pub fn compact(&self) {
        self.store.change(store::State::compact);
    }

    /// Returns the API, with counters of its own.
    pub fn service(&self) -> Service {
        Service::new(Arc::clone(&self.store))
    }

    /// Returns what was not loaded, and why; of very many only the first.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped.reasons
    }

    /// Returns how much was not loaded.
    pub fn skipped_count(&self) -> usize {
        self.skipped.count
    }

    /// Returns how many objects there are.
    pub fn len(&self) -> usize {
        let state = self.store.state();
        let all = key::KeyRange::default();
        state.catalog.shelves().iter().map(|shelf| shelf.collection.count(&all)).sum()
    }

    /// Tells whether there is no object at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn new(intake: Intake) -> Self {
        Self { store: Arc::new(Store::new(intake)), skipped: Arc::default() }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Snapshot").field("objects", &self.len()).finish_non_exhaustive()
    }
}

fn map(value: Value) -> Result<serde_json::Map<String, Value>, Error> {
    match value {
        Value::Object(object) => match Identity::of(&object) {
            Ok(_) => Ok(object),
            Err(reason) => Err(Identity::error(&object, reason)),
        },
        other => {
            let what = other.to_string().chars().take(40).collect();
            Err(Error::Object { what, reason: "is not an object" })
        }
    }
}
