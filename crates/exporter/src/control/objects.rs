//! Watches the names and labels of the objects that selectors may name: Namespaces, and kinds whose metrics carry an
//! identity but no labels. Only metadata is asked for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::StreamExt;
use kube::api::{ApiResource, DynamicObject};
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch};
use kube::{Api, Client, ResourceExt};
use tokio::sync::watch as channel;
use tokio::task::{AbortHandle, JoinSet};
use tracing::warn;

use super::changes::{Change, Changes};

/// The labels of an object.
pub type Labels = BTreeMap<String, String>;

/// Objects of a kind, by namespace and name. The namespace of cluster-wide objects is empty.
pub type Listed = BTreeMap<(String, String), Labels>;

/// What is known of the objects of a kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum KnownObjects {
    /// Nothing yet.
    #[default]
    Pending,
    /// They cannot be read; the text says why.
    Unreadable(String),
    /// All of them.
    Listed(Arc<Listed>),
}

/// Kinds of objects that are watched.
pub struct Objects {
    client: Client,
    kinds: HashMap<ApiResource, (AbortHandle, channel::Receiver<KnownObjects>)>,
    tasks: JoinSet<()>,
    changes: Arc<Changes>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Objects").field("watched", &self.kinds.len()).finish_non_exhaustive()
    }
}

impl Objects {
    /// Watches none yet. Each change is noted in `changes`.
    #[must_use]
    pub fn new(client: Client, changes: Arc<Changes>) -> Self {
        Self { client, kinds: HashMap::new(), tasks: JoinSet::new(), changes }
    }

    /// Watches exactly these kinds.
    pub fn watch(&mut self, wanted: &[ApiResource]) {
        let client = &self.client;
        self.kinds.retain(|kind, (task, _)| {
            let is_wanted = wanted.contains(kind);
            if !is_wanted {
                task.abort();
            }
            is_wanted
        });
        while self.tasks.try_join_next().is_some() {} // they were aborted
        for kind in wanted {
            if self.kinds.contains_key(kind) {
                continue;
            }
            let (state, seen) = channel::channel(KnownObjects::default());
            let follow = follow(client.clone(), kind.clone(), state, Arc::clone(&self.changes));
            let task = self.tasks.spawn(follow);
            self.kinds.insert(kind.clone(), (task, seen));
        }
    }

    /// Gives what is known of a kind.
    #[must_use]
    pub fn get(&self, kind: &ApiResource) -> KnownObjects {
        self.kinds.get(kind).map(|(_, seen)| seen.borrow().clone()).unwrap_or_default()
    }

    /// Waits until something is known of a kind that is watched.
    pub async fn known(&self, kind: &ApiResource) {
        if let Some((_, seen)) = self.kinds.get(kind) {
            let mut seen = seen.clone();
            // An error means that nobody follows it any more.
            drop(seen.wait_for(|known| *known != KnownObjects::Pending).await);
        }
    }
}

/// Follows a kind for as long as it is wanted.
async fn follow(
    client: Client,
    kind: ApiResource,
    state: channel::Sender<KnownObjects>,
    changes: Arc<Changes>,
) {
    let api = Api::<PartialObjectMeta<DynamicObject>>::all_with(client, &kind);
    let mut events = watch::watcher(api, watcher::Config::default()).default_backoff().boxed();
    // Lists that are being read again replace the old one as a whole.
    let mut listing = Listed::new();
    while let Some(event) = events.next().await {
        let changed = match event {
            Ok(Event::Init) => {
                listing.clear();
                false
            }
            Ok(Event::InitApply(object)) => {
                listing.insert(key(&object), object.labels().clone());
                false
            }
            Ok(Event::InitDone) => {
                let listed = KnownObjects::Listed(Arc::new(std::mem::take(&mut listing)));
                state.send_if_modified(|known| std::mem::replace(known, listed) != *known)
            }
            Ok(Event::Apply(object)) => change(&state, |listed| put(listed, &object)),
            Ok(Event::Delete(object)) => {
                change(&state, |listed| listed.remove(&key(&object)).is_some())
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                warn!(kind = kind.kind, group = kind.group, error, "objects cannot be watched");
                state.send_if_modified(|known| {
                    // What was read stays valid while the API server is gone.
                    let is_first = *known == KnownObjects::Pending;
                    if is_first {
                        *known = KnownObjects::Unreadable(error.to_string());
                    }
                    is_first
                })
            }
        };
        if changed {
            changes.note(Change::Selected);
        }
    }
}

fn key(object: &PartialObjectMeta<DynamicObject>) -> (String, String) {
    (object.namespace().unwrap_or_default(), object.name_any())
}

/// Puts an object into a list; tells whether it was not there, or with other labels.
fn put(listed: &mut Listed, object: &PartialObjectMeta<DynamicObject>) -> bool {
    let labels = object.labels();
    listed.insert(key(object), labels.clone()).as_ref() != Some(labels)
}

/// Changes a list, unless nothing was listed; tells whether it is another one now.
fn change(state: &channel::Sender<KnownObjects>, edit: impl FnOnce(&mut Listed) -> bool) -> bool {
    state.send_if_modified(|known| match known {
        KnownObjects::Listed(listed) => edit(Arc::make_mut(listed)),
        KnownObjects::Pending | KnownObjects::Unreadable(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use kube::api::{DynamicObject, ObjectMeta};
    use kube::core::PartialObjectMeta;

    use super::{Labels, Listed, put};

    #[test]
    fn only_another_label_or_another_object_is_a_change() {
        let object = |name: &str, app: &str, version: &str| PartialObjectMeta::<DynamicObject> {
            types: None,
            metadata: ObjectMeta {
                name: Some(name.into()),
                labels: Some(Labels::from([("app".into(), app.into())])),
                resource_version: Some(version.into()),
                ..ObjectMeta::default()
            },
            _phantom: std::marker::PhantomData,
        };
        let mut listed = Listed::new();
        assert!(put(&mut listed, &object("one", "a", "1")));
        assert!(!put(&mut listed, &object("one", "a", "2")));
        assert!(put(&mut listed, &object("one", "b", "3")));
        assert!(put(&mut listed, &object("two", "b", "4")));
    }
}
