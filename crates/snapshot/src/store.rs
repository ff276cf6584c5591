//! The state that requests read and tests change, with the changes that watchers follow.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::catalog::Catalog;
use crate::error::Error;
use crate::intake::{self, Found, Identity, Intake};
use crate::key;
use crate::limits::HISTORY_MAX;
use crate::object::Item;
use crate::resource::Resource;
use crate::version::VersionInfo;

/// One change of one object.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) resource: Arc<Resource>,
    pub(crate) key: String,
    pub(crate) before: Option<Item>,
    /// The object after the change; of a deletion, its last state.
    pub(crate) item: Item,
    pub(crate) deleted: bool,
}

/// Everything a request can see, at one revision.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) version: Option<VersionInfo>,
    pub(crate) catalog: Catalog,
    pub(crate) revision: u64,
    /// Changes up to this revision are not kept: older clients must list again.
    pub(crate) forgotten: u64,
    /// Continue tokens from before this revision have expired.
    pub(crate) expired: u64,
    pub(crate) history: VecDeque<Arc<Change>>,
}

/// The state of one snapshot, shared by its services.
#[derive(Debug)]
pub(crate) struct Store {
    state: RwLock<Arc<State>>,
    revision: watch::Sender<u64>,
}

impl Store {
    pub(crate) fn new(intake: Intake) -> Self {
        let Intake { catalog, version, revision } = intake;
        let history = VecDeque::new();
        let state = State { version, catalog, revision, forgotten: revision, expired: 0, history };
        Self { state: RwLock::new(Arc::new(state)), revision: watch::Sender::new(revision) }
    }

    /// Returns the state as it is now; later changes do not touch it.
    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns a receiver that wakes with every change.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Changes the state and wakes the watchers.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut guard = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let state = Arc::make_mut(&mut guard);
        let result = change(state);
        let revision = state.revision;
        drop(guard);
        self.revision.send_replace(revision);
        result
    }
}

impl State {
    /// Creates or replaces an object.
    pub(crate) fn apply(&mut self, mut object: Map<String, Value>) -> Result<(), Error> {
        let identity = Identity::of(&object).map_err(|reason| Identity::error(&object, reason))?;
        let revision = self.revision + 1;
        if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
            metadata.insert("resourceVersion".into(), revision.to_string().into());
        }
        if identity.defines() {
            intake::define(&mut self.catalog, &object);
        }
        let found = Found { object, plural: None };
        let mut objects = [(identity, found)];
        let (group, kind) = (objects[0].0.group.clone(), objects[0].0.kind.clone());
        let shelf = intake::shelve(&mut self.catalog, &group, &kind, &objects);
        let (identity, found) = &mut objects[0];
        let (key, stored) =
            intake::store(&shelf.resource, identity, std::mem::take(&mut found.object));
        let stored = Arc::new(stored);
        let before = Arc::make_mut(&mut shelf.collection).put(&key, Arc::clone(&stored));
        let resource = Arc::clone(&shelf.resource);
        let item = Item::Stored(stored);
        self.remember(Change { revision, resource, key, before, item, deleted: false });
        Ok(())
    }

    /// Removes an object; returns whether there was one.
    pub(crate) fn delete(
        &mut self,
        (group, kind): (&str, &str),
        namespace: Option<&str>,
        name: &str,
    ) -> bool {
        let Some(shelf) = self.catalog.of_kind(group, kind).cloned() else { return false };
        let namespace = if shelf.resource.namespaced { namespace } else { None };
        let key = key::key(namespace, name);
        let shelf = self.catalog.shelf(shelf.resource.as_ref().clone());
        let Some(before) = Arc::make_mut(&mut shelf.collection).remove(&key) else { return false };
        let resource = Arc::clone(&shelf.resource);
        if resource.kind == "CustomResourceDefinition" {
            let definition = Value::Object(before.fields());
            if let Some(defined) = Resource::from_definition(&definition) {
                self.catalog.undefine(&defined);
            }
        }
        let revision = self.revision + 1;
        let item = before.clone();
        self.remember(Change {
            revision,
            resource,
            key,
            before: Some(before),
            item,
            deleted: true,
        });
        true
    }

    /// Forgets all changes so far, as a compaction does.
    pub(crate) fn compact(&mut self) {
        self.history.clear();
        self.revision += 1;
        self.forgotten = self.revision;
        self.expired = self.revision;
    }

    fn remember(&mut self, change: Change) {
        self.revision = change.revision;
        self.history.push_back(Arc::new(change));
        if self.history.len() > HISTORY_MAX {
            self.forgotten = self.history.pop_front().map_or(self.forgotten, |gone| gone.revision);
        }
    }
}
