//! The agent: periodic numbers and lifecycle events from beside a controller.
//!
//! It watches what its [configuration](mod@file) names, and never stands in the way of a request. One
//! agent of a product reports for a cluster; the others stand by. It writes two objects, its lease
//! and its key, and nothing of what it sends comes from anywhere but the standard's declared fields.
//!
//! *Guarantees:* no event is invented, and none is sent twice with different keys; what happened
//! while nobody looked is told where the state outlived the gap, and otherwise said to be a gap.

use std::path::Path;
use std::sync::Mutex;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use ktel_delivery::courier::Surroundings;
use kube::{Api, Client};
use thiserror::Error;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::catalog::Catalog;
use crate::cluster::Cluster;
use crate::limits;
use crate::product::Product;
use crate::server::{NotReady, Tokens};
use crate::workflow::Workflow;

mod built_in;
mod delivery;
mod extract;
pub mod file;
mod identity;
mod lease;
pub mod lifecycle;
mod reporter;
mod state;
mod stats;
mod watch;

pub use built_in::schemas as built_in_schemas;
pub use file::AgentFile;
pub use state::Error as StateError;

use delivery::Delivery;
use file::Watched;
use lease::Turns;
use reporter::Reporter;
use state::State;

/// Reports for a product from within its cluster.
pub struct Agent<'p> {
    file: AgentFile,
    client: Client,
    cluster: Cluster,
    namespace: String,
    facts: Option<Workflow>,
    delivery: Delivery<'p>,
    preview: bool,
    surroundings: Surroundings,
}

/// Why an agent cannot run.
#[derive(Debug, Error)]
pub enum Error {
    /// A server needs something that is not there.
    #[error(transparent)]
    Server(#[from] NotReady),
    /// The state directory.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What is asked of everybody who may say no; see [`consent`](crate::consent).
#[must_use]
pub fn objection(
    file: &AgentFile,
    flag: bool,
    consent: &crate::consent::Consent,
) -> Option<String> {
    if flag {
        return Some("`--disable-telemetry` is given".into());
    }
    if file.disabled {
        return Some("`telemetry.disabled` of the configuration is true".into());
    }
    (!consent.given).then(|| consent.winner.to_string())
}

/// Gives the manifest of the role that an agent needs in its namespace: for its lease and its key,
/// and for nothing else. Kubernetes cannot limit the making of objects to a name.
#[must_use]
pub fn role(file: &AgentFile, name: &str) -> String {
    let namespace = file.namespace.as_deref().unwrap_or("default");
    let (lease, key) = (lease_name(file), key_name(file));
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {name}
  namespace: {namespace}
rules:
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{lease}]
  verbs: [get, update]
- apiGroups: ['']
  resources: [secrets]
  verbs: [create]
- apiGroups: ['']
  resources: [secrets]
  resourceNames: [{key}]
  verbs: [get, update]
"
    )
}

fn lease_name(file: &AgentFile) -> String {
    format!("{}-telemetry", file.product)
}

fn key_name(file: &AgentFile) -> String {
    format!("{}-telemetry-key", file.product)
}

impl<'p> Agent<'p> {
    /// Sets an agent up; no request is made, and no file touched but those that servers name.
    ///
    /// # Errors
    /// When a server's token or certificate cannot be read.
    pub fn new(
        file: AgentFile,
        client: Client,
        own_pod: Option<(String, String)>,
        tokens: &Tokens,
        surroundings: Surroundings,
    ) -> Result<Self, Error> {
        let delivery = Delivery::new(&file.servers, file.state.as_deref(), tokens, surroundings)?;
        let namespace =
            file.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
        let product = Product {
            name: Some(file.product.to_string()),
            selector: file.selector.clone(),
            namespace: Some(namespace.clone()),
            own_pod,
            read_helm_release: false,
        };
        let catalog = Catalog::built_in();
        let jobs = file.jobs().into_iter().map(|job| {
            catalog.find(job).expect("the configuration was read with the same catalog")
        });
        let facts = Workflow::builder().jobs(jobs.collect::<Vec<_>>()).build().ok(); // none asked for
        let cluster = Cluster::new(client.clone(), product);
        Ok(Self { file, client, cluster, namespace, facts, delivery, preview: false, surroundings })
    }

    /// Shows what would be sent, and sends nothing: no lease is taken, no key made, nothing kept.
    #[must_use]
    pub fn preview(self, print: impl FnMut(&str, &[u8]) + Send + 'p) -> Self {
        Self { delivery: self.delivery.printing(Box::new(print)), preview: true, ..self }
    }

    /// Reports until `stop`, in turns with the other agents of the product.
    ///
    /// # Errors
    /// When the state directory cannot be used.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let mut stop = std::pin::pin!(stop);
        let directory = self.file.state.as_deref().filter(|_| !self.preview);
        let _lock = match directory {
            None => None,
            Some(directory) => tokio::select! {
                lock = take(directory) => Some(lock?),
                () = &mut stop => return Ok(()),
            },
        };
        let state = self.state(directory)?;
        let holder = state.holder().to_owned();
        let state = Mutex::new(state);
        if self.preview {
            let gap = Gap::default();
            let reporter = Reporter::new(&self, &state, &gap);
            tokio::select! {
                () = reporter.run() => {}
                () = &mut stop => {}
            }
            return Ok(());
        }
        let turns = Turns {
            api: Api::<Lease>::namespaced(self.client.clone(), &self.namespace),
            name: lease_name(&self.file),
            holder: &holder,
            surroundings: self.surroundings,
        };
        // What waits is brought away in others' turns, too.
        let mut carrying = std::pin::pin!(self.delivery.carry());
        loop {
            let epoch = locked(&state).epoch();
            let turn = tokio::select! {
                turn = turns.acquire(epoch) => turn,
                () = &mut carrying => return Ok(()),
                () = &mut stop => break,
            };
            let gap = Gap::default();
            if !turn.continues {
                locked(&state).begin_anew();
            }
            // Without a state directory nobody knows what happened before this process.
            if !turn.continues || (directory.is_none() && epoch.is_none()) {
                gap.open(&self.file.lifecycle);
            }
            locked(&state).take_turn(turn.number);
            let reporter = Reporter::new(&self, &state, &gap);
            tokio::select! {
                () = reporter.run() => {}
                () = turns.hold() => info!("another agent reports for the cluster now"),
                () = &mut carrying => return Ok(()),
                () = &mut stop => {
                    turns.release().await;
                    break;
                }
            }
        }
        self.delivery.end();
        // What is left waits in the outbox for the next start.
        drop(timeout(limits::LAST_DELIVERY, carrying).await);
        Ok(())
    }

    fn state(&self, directory: Option<&Path>) -> Result<State, Error> {
        let kind = |watched: &Watched| state::Kind {
            name: watched.name(),
            digest: watched.digest.clone(),
        };
        let kinds = self.file.lifecycle.iter().map(kind).collect();
        Ok(match directory {
            Some(directory) => State::open(directory, kinds)?,
            None => {
                if !self.file.lifecycle.is_empty() && !self.preview {
                    warn!(
                        "without a state directory, what happens while no agent runs is not told"
                    );
                }
                State::in_memory(kinds)
            }
        })
    }

    fn now(&self) -> Timestamp {
        let since = (self.surroundings.now)();
        // A clock beyond the calendar is no clock.
        let second = i64::try_from(since.as_secs()).unwrap_or_default();
        Timestamp::from_second(second).unwrap_or_default()
    }
}

/// Waits for the state directory: another agent may be about to leave it.
async fn take(directory: &Path) -> Result<state::Lock, Error> {
    let mut waiting = false;
    loop {
        if let Some(lock) = state::lock(directory)? {
            return Ok(lock);
        }
        if !std::mem::replace(&mut waiting, true) {
            info!("another agent uses the state directory; standing by");
        }
        sleep(limits::LEASE_RENEW).await;
    }
}

fn locked(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().expect("no code panics while it holds this lock")
}

/// The kinds of which some time was not seen, until a report has said so.
#[derive(Default)]
struct Gap(Mutex<Vec<String>>);

impl Gap {
    fn open(&self, watched: &[Watched]) {
        let mut kinds = self.0.lock().expect("no code panics while it holds this lock");
        *kinds = watched.iter().flat_map(|one| one.schemas.values().cloned()).collect();
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no code panics while it holds this lock"))
    }
}
