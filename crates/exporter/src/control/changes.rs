//! What has changed since the last look: a set, so that it is bounded by what there is, however often it changes.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// A Secret of a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretName {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// Something that a plan or its credentials are made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// An Exporter, by namespace and name.
    Exporter(String, String),
    /// A Secret.
    Secret(SecretName),
    /// Namespaces or their labels, or objects that selectors name.
    Selected,
}

/// Changes that nobody has looked at.
#[derive(Debug, Default)]
pub struct Changes {
    pending: Mutex<BTreeSet<Change>>,
    added: Notify,
}

impl Changes {
    /// Notes a change.
    pub fn note(&self, change: Change) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(change);
        self.added.notify_one();
    }

    /// Waits until there are changes.
    ///
    /// *Cancel safety:* nothing is lost.
    pub async fn wait(&self) {
        while self.is_empty() {
            self.added.notified().await;
        }
    }

    /// Takes them all.
    #[must_use]
    pub fn take(&self) -> BTreeSet<Change> {
        std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_empty(&self) -> bool {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}
