//! Watches the Exporters of all namespaces.
//!
//! One that cannot be read, such as one that an older definition let in, is kept beside the others: the list of all stays
//! readable, and nothing of the one is deleted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures::StreamExt;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch};
use kube::{Api, Client, Resource, ResourceExt};
use tokio::task::JoinSet;
use tracing::warn;

use super::changes::{Change, Changes};
use crate::resource::Exporter;

/// An Exporter, or why it cannot be read.
pub type Guarded = DeserializeGuard<Exporter>;

/// The Exporters of the cluster.
#[derive(Debug)]
pub struct Exporters {
    store: Store<Guarded>,
    _following: JoinSet<()>,
}

/// What of an Exporter its plan depends on. A change of the status is none.
#[derive(Debug, PartialEq, Eq)]
struct Edition {
    uid: Option<String>,
    generation: Option<i64>,
}

impl Exporters {
    /// Watches until this is dropped. Each change of a spec is noted in `changes`.
    #[must_use]
    pub fn watch(client: Client, changes: Arc<Changes>) -> Self {
        let (store, writer) = reflector::store();
        let mut following = JoinSet::new();
        following.spawn(async move {
            let api = Api::<Guarded>::all(client);
            let events = watch::watcher(api, watcher::Config::default()).default_backoff();
            let mut events = events.reflect(writer).boxed();
            let mut editions = Editions::default();
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => {
                        for (namespace, name) in editions.see(&event) {
                            changes.note(Change::Exporter(namespace, name));
                        }
                    }
                    Err(error) => {
                        let error: &dyn std::error::Error = &error;
                        warn!(error, "Exporters cannot be watched");
                    }
                }
            }
        });
        Self { store, _following: following }
    }

    /// Waits until all were listed once.
    pub async fn listed(&self) {
        // The writer lives as long as this does.
        drop(self.store.wait_until_ready().await);
    }

    /// Gives one of them.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<Guarded>> {
        self.store.get(&ObjectRef::new(name).within(namespace))
    }

    /// Gives the UIDs of all of them.
    #[must_use]
    pub fn uids(&self) -> BTreeSet<String> {
        self.store.state().iter().filter_map(|found| found.meta().uid.clone()).collect()
    }
}

/// The editions that were seen, and those of a list that is being read again.
#[derive(Debug, Default)]
struct Editions {
    seen: HashMap<(String, String), Edition>,
    listing: BTreeMap<(String, String), Edition>,
}

impl Editions {
    /// Takes an event; gives the Exporters that are other ones now. What a list brings counts when the list is complete,
    /// because until then the store has the old ones.
    fn see<K: Resource>(&mut self, event: &Event<K>) -> BTreeSet<(String, String)> {
        match event {
            Event::Init => {
                self.listing.clear();
                BTreeSet::new()
            }
            Event::InitApply(exporter) => {
                self.listing.insert(key(exporter), edition(exporter));
                BTreeSet::new()
            }
            Event::InitDone => {
                let listed = std::mem::take(&mut self.listing);
                let gone = self.seen.keys().filter(|key| !listed.contains_key(*key));
                let mut changed: BTreeSet<_> = gone.cloned().collect();
                self.seen.retain(|key, _| !changed.contains(key));
                changed
                    .extend(listed.into_iter().filter_map(|(key, edition)| self.put(key, edition)));
                changed
            }
            Event::Apply(exporter) => {
                self.put(key(exporter), edition(exporter)).into_iter().collect()
            }
            Event::Delete(exporter) => {
                let key = key(exporter);
                self.seen.remove(&key).map(|_| key).into_iter().collect()
            }
        }
    }

    fn put(&mut self, key: (String, String), edition: Edition) -> Option<(String, String)> {
        if self.seen.get(&key) == Some(&edition) {
            return None;
        }
        self.seen.insert(key.clone(), edition);
        Some(key)
    }
}

fn key(exporter: &impl Resource) -> (String, String) {
    (exporter.namespace().unwrap_or_default(), exporter.name_any())
}

fn edition(exporter: &impl Resource) -> Edition {
    Edition { uid: exporter.uid(), generation: exporter.meta().generation }
}

#[cfg(test)]
mod tests {
    use kube::api::ObjectMeta;
    use kube::runtime::watcher::Event;

    use super::Editions;
    use crate::resource::Exporter;

    fn exporter(name: &str, uid: &str, generation: i64) -> Exporter {
        Exporter {
            metadata: ObjectMeta {
                name: Some(name.into()),
                namespace: Some("shop".into()),
                uid: Some(uid.into()),
                generation: Some(generation),
                ..ObjectMeta::default()
            },
            ..Exporter::default()
        }
    }

    #[test]
    fn a_spec_that_is_another_one_is_a_change_and_a_status_is_none() {
        let mut editions = Editions::default();
        let mut see = |event| -> Vec<String> {
            editions.see(&event).into_iter().map(|(_, name)| name).collect()
        };
        let nothing = Vec::<String>::new();
        assert_eq!(see(Event::Init), nothing);
        assert_eq!(see(Event::InitApply(exporter("a", "1", 1))), nothing);
        assert_eq!(see(Event::InitApply(exporter("b", "2", 1))), nothing);
        assert_eq!(see(Event::InitDone), ["a", "b"]);
        assert_eq!(see(Event::Apply(exporter("a", "1", 1))), nothing);
        assert_eq!(see(Event::Apply(exporter("a", "1", 2))), ["a"]);
        // Deleted and made again: another one, with the same generation.
        assert_eq!(see(Event::Apply(exporter("b", "3", 1))), ["b"]);
        // A watch that was interrupted: `b` is gone, `c` is new, `a` is as it was.
        assert_eq!(see(Event::Init), nothing);
        assert_eq!(see(Event::InitApply(exporter("a", "1", 2))), nothing);
        assert_eq!(see(Event::InitApply(exporter("c", "4", 1))), nothing);
        assert_eq!(see(Event::InitDone), ["b", "c"]);
        assert_eq!(see(Event::Delete(exporter("c", "4", 1))), ["c"]);
        assert_eq!(see(Event::Delete(exporter("c", "4", 1))), nothing);
    }
}
