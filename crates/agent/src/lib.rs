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
use ktel_delivery::courier::Clock;
use kube::{Api, Client};
use thiserror::Error;
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use ktel_destination::{NotReady, Tokens};
use ktel_jobs::Catalog;
use ktel_jobs::Cluster;
use ktel_jobs::Product;
use ktel_jobs::Workflow;

mod builder;
mod delivery;
mod extract;
pub mod file;
mod identity;
pub mod lifecycle;
pub mod limits;
mod metrics;
mod numbers;
mod reporter;
mod state;
mod stats;
mod told;
mod watch;

pub use builder::Builder;
pub use file::AgentFile;
pub use state::Error as StateError;
pub use told::{Lifecycle, Untold};

use delivery::Delivery;
use file::{Endpoint, Metrics, Watched};
use ktel_lease::Elector;
use metrics::Scraper;
use numbers::Numbers;
use reporter::Reporter;
use state::State;
use told::Happened;

/// Reports for a product from within its cluster.
pub struct Agent<'p> {
    file: AgentFile,
    client: Client,
    cluster: Cluster,
    namespace: String,
    facts: Option<Workflow>,
    delivery: Delivery<'p>,
    scraper: Option<Scraper>,
    numbers: Option<Numbers>,
    workflow: Option<Workflow>,
    lifecycle: Lifecycle,
    happened: Mutex<Option<Receiver<Happened>>>,
    objection: Option<String>,
    preview: bool,
    clock: Clock,
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
    /// What a controller says in code.
    #[error(transparent)]
    Configuration(#[from] file::Error),
}

/// The first source that turns the agent off, if there is one. See [`consent`](ktel_usage::consent).
#[must_use]
pub fn objection(
    file: &AgentFile,
    flag: bool,
    consent: &ktel_usage::consent::Consent,
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
    let metrics = metrics_role(file, name).unwrap_or_default();
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
{metrics}"
    )
}

/// The role for one Service's metrics, where they are read by way of the API server.
fn metrics_role(file: &AgentFile, name: &str) -> Option<String> {
    let Metrics { from, .. } = file.stats.as_ref()?.metrics.as_ref()?;
    let Endpoint::Service { namespace, name: service, .. } = from else { return None };
    Some(format!(
        "---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {name}-metrics
  namespace: {namespace}
rules:
- apiGroups: ['']
  resources: [services/proxy]
  resourceNames: ['{service}']
  verbs: [get]
"
    ))
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
        clock: Clock,
    ) -> Result<Self, Error> {
        let delivery = Delivery::new(&file.servers, file.state.as_deref(), tokens, clock)?;
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
        let metrics = file.stats.as_ref().and_then(|stats| stats.metrics.as_ref());
        let scraper = metrics.map(|metrics| Scraper::new(metrics, &client)).transpose()?;
        let (lifecycle, happened) = Lifecycle::new();
        Ok(Self {
            file,
            client,
            cluster,
            namespace,
            facts,
            delivery,
            scraper,
            numbers: None,
            workflow: None,
            lifecycle,
            happened: Mutex::new(Some(happened)),
            objection: None,
            preview: false,
            clock,
        })
    }

    /// Does nothing at all where somebody says no.
    fn subject_to(self, objection: Option<String>) -> Self {
        match objection {
            None => self,
            objection => Self { objection, lifecycle: Lifecycle::off(), ..self },
        }
    }

    /// Gives what a controller tells of its objects' lives to; see [`Builder::events`].
    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle.clone()
    }

    /// Says who said no, where somebody did: then the agent waits for its end, and does nothing else.
    #[must_use]
    pub fn objection(&self) -> Option<&str> {
        self.objection.as_deref()
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
        if let Some(who) = &self.objection {
            info!(who, "telemetry is off");
            stop.await;
            return Ok(());
        }
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
        let happened =
            self.happened.lock().expect("no code panics while it holds this lock").take();
        let reporter = Reporter::new(&self, &state);
        let mut listening = std::pin::pin!(reporter.listen(happened));
        if self.preview {
            tokio::select! {
                () = reporter.run() => {}
                () = &mut listening => {}
                () = &mut stop => {}
            }
            reporter.tell();
            return Ok(());
        }
        let elector = Elector::new(
            Api::<Lease>::namespaced(self.client.clone(), &self.namespace),
            lease_name(&self.file),
            holder,
            ktel_lease::Clock { now: self.clock.now, jitter: self.clock.jitter },
            limits::LEASE,
        );
        let elector = elector.expect("a test validates the settings of the agent");
        // What waits is delivered in others' terms, too.
        let mut carrying = std::pin::pin!(self.delivery.carry());
        loop {
            let epoch = locked(&state).epoch();
            let mut term = tokio::select! {
                term = elector.campaign(epoch) => term,
                () = &mut carrying => return Ok(()),
                () = &mut listening => return Ok(()),
                () = &mut stop => break,
            };
            if !term.continues {
                locked(&state).begin_anew();
            }
            // Without a state directory nobody knows what happened before this process.
            if !term.continues || (directory.is_none() && epoch.is_none()) {
                reporter.gap.open(&self.file.lifecycle);
            }
            locked(&state).begin_term(term.number);
            reporter.begin_term(term.guard());
            tokio::select! {
                () = reporter.run() => {}
                _ = elector.hold(&mut term) => {}
                () = &mut carrying => return Ok(()),
                () = &mut listening => return Ok(()),
                () = &mut stop => {
                    // Whoever reports next does not know what was seen in this term.
                    reporter.tell();
                    elector.release(term).await;
                    break;
                }
            }
            reporter.tell();
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
        let since = (self.clock.now)();
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
        sleep(limits::STATE_LOCK_RETRY).await;
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
