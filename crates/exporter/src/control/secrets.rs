//! Watches the Secrets that Exporters name, each by its name: nothing else of a namespace is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use tokio::task::{AbortHandle, JoinSet};
use tracing::warn;

pub use super::changes::SecretName;
use super::changes::{Change, Changes};

/// What is known of a Secret.
#[derive(Clone, PartialEq, Default)]
pub enum Known {
    /// Nothing yet.
    #[default]
    Pending,
    /// There is none.
    Absent,
    /// It cannot be read; the text says why.
    Unreadable(String),
    /// Its data, by key.
    Present(Arc<BTreeMap<String, ByteString>>),
}

impl std::fmt::Debug for Known {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Pending => "Pending",
            Self::Absent => "Absent",
            Self::Unreadable(_) => "Unreadable",
            Self::Present(_) => "Present", // never its data
        })
    }
}

/// The Secrets that are watched.
pub struct Secrets {
    client: Client,
    known: Arc<Mutex<HashMap<SecretName, Known>>>,
    watches: HashMap<SecretName, AbortHandle>,
    tasks: JoinSet<()>,
    changes: Arc<Changes>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Secrets").field("watched", &self.watches.len()).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Watches none yet. Each change is noted in `changes`.
    #[must_use]
    pub fn new(client: Client, changes: Arc<Changes>) -> Self {
        Self {
            client,
            known: Arc::default(),
            watches: HashMap::new(),
            tasks: JoinSet::new(),
            changes,
        }
    }

    /// Watches exactly these.
    pub fn watch(&mut self, wanted: &BTreeSet<SecretName>) {
        self.watches.retain(|name, watch| {
            let is_wanted = wanted.contains(name);
            if !is_wanted {
                watch.abort();
            }
            is_wanted
        });
        while self.tasks.try_join_next().is_some() {} // they were aborted
        lock(&self.known).retain(|name, _| wanted.contains(name));
        self.also_watch(wanted);
    }

    /// Watches these beside the others.
    pub fn also_watch(&mut self, wanted: &BTreeSet<SecretName>) {
        for name in wanted {
            if !self.watches.contains_key(name) {
                let watch = self.follow(name.clone());
                self.watches.insert(name.clone(), self.tasks.spawn(watch));
            }
        }
    }

    /// Gives what is known of one.
    #[must_use]
    pub fn get(&self, name: &SecretName) -> Known {
        lock(&self.known).get(name).cloned().unwrap_or_default()
    }

    /// Follows one for as long as it is wanted.
    fn follow(&self, name: SecretName) -> impl Future<Output = ()> + use<> {
        let api = Api::<Secret>::namespaced(self.client.clone(), &name.namespace);
        let (known, changes) = (Arc::clone(&self.known), Arc::clone(&self.changes));
        async move {
            let mut seen = watcher::watch_object(api, &name.name).default_backoff().boxed();
            while let Some(found) = seen.next().await {
                let now = match found {
                    Ok(Some(secret)) => Known::Present(Arc::new(secret.data.unwrap_or_default())),
                    Ok(None) => Known::Absent,
                    Err(error) => {
                        let error: &dyn std::error::Error = &error;
                        warn!(
                            namespace = name.namespace,
                            secret = name.name,
                            error,
                            "a Secret cannot be watched"
                        );
                        match lock(&known).get(&name) {
                            // What was read stays valid while the API server is gone.
                            Some(Known::Present(_) | Known::Absent) => continue,
                            _ => Known::Unreadable(error.to_string()),
                        }
                    }
                };
                let before = lock(&known).insert(name.clone(), now.clone());
                if before.as_ref() != Some(&now) {
                    changes.note(Change::Secret(name.clone()));
                }
            }
        }
    }
}

fn lock(
    known: &Mutex<HashMap<SecretName, Known>>,
) -> std::sync::MutexGuard<'_, HashMap<SecretName, Known>> {
    // What panicked did not leave the map half changed.
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
