//! An agent: elects itself with the other agents of its product, and reports while it leads.

use std::path::Path;
use std::sync::Mutex;

use k8s_openapi::api::coordination::v1::Lease;
use ktel_delivery::courier::Clock;
use ktel_lease::Elector;
use kube::{Api, Client};
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::delivery::Delivery;
use crate::emitted::{EmittedEvent, Lifecycle};
use crate::error::Error;
use crate::file::{AgentFile, Watched};
use crate::limits;
use crate::numbers::Numbers;
use crate::reporter::Reporter;
use crate::setup::Setup;
use crate::state::{self, State, locked};
use crate::status::Status;
use ktel_destination::Tokens;
use ktel_jobs::Workflow;

/// Reports for a product from within its cluster.
pub struct Agent<'p> {
    setup: Setup<'p>,
    lifecycle: Lifecycle,
    emitted: Mutex<Option<Receiver<EmittedEvent>>>,
    objection: Option<String>,
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
        let setup = Setup::new(file, client, own_pod, tokens, clock)?;
        let (lifecycle, emitted) = Lifecycle::new(setup.status.clone());
        Ok(Self { setup, lifecycle, emitted: Mutex::new(Some(emitted)), objection: None })
    }

    /// Also sends what a controller counts, and a workflow of its own.
    pub(super) fn with(self, numbers: Option<Numbers>, workflow: Option<Workflow>) -> Self {
        Self { setup: Setup { numbers, workflow, ..self.setup }, ..self }
    }

    /// Makes the agent do nothing where there is an objection.
    pub(super) fn subject_to(self, objection: Option<String>) -> Self {
        match objection {
            None => self,
            objection => Self { objection, lifecycle: Lifecycle::off(), ..self },
        }
    }

    /// Gives the handle by which a controller emits events of its objects; see
    /// [`Builder::events`](crate::Builder::events).
    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle.clone()
    }

    /// Gives why telemetry is off, if it is. Then [`run`](Self::run) waits for its end, and does
    /// nothing else.
    #[must_use]
    pub fn objection(&self) -> Option<&str> {
        self.objection.as_deref()
    }

    /// Gives what the agent does and has done, also while it [runs](Self::run).
    #[must_use]
    pub fn status(&self) -> Status {
        self.setup.status.clone()
    }

    /// Shows what would be sent, and sends nothing: no lease is taken, no key made, nothing kept.
    #[must_use]
    pub fn preview(self, print: impl FnMut(&str, &[u8]) + Send + 'p) -> Self {
        let delivery: Delivery<'p> = self.setup.delivery.printing(Box::new(print));
        Self { setup: Setup { delivery, is_preview: true, ..self.setup }, ..self }
    }

    /// Reports until `stop`, whenever this agent is the leader of those of its product.
    ///
    /// # Errors
    /// When the state directory cannot be used.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let mut stop = std::pin::pin!(stop);
        if let Some(reason) = &self.objection {
            info!(reason, "telemetry is off");
            stop.await;
            return Ok(());
        }
        self.setup.status.turn_on();
        let directory = self.setup.file.state.as_deref().filter(|_| !self.setup.is_preview);
        let _lock = match directory {
            None => None,
            Some(directory) => tokio::select! {
                lock = take(directory) => Some(lock?),
                () = &mut stop => return Ok(()),
            },
        };
        self.setup.status.stand_by(self.setup.file.lifecycle.len());
        let state = Mutex::new(self.state(directory)?);
        let emitted = self.emitted.lock().expect("no code panics while it holds this lock").take();
        let reporter = Reporter::new(&self.setup, &state);
        let mut listening = std::pin::pin!(reporter.listen(emitted));
        if self.setup.is_preview {
            tokio::select! {
                () = reporter.run() => {}
                () = &mut listening => {}
                () = &mut stop => {}
            }
            reporter.flush();
            return Ok(());
        }
        // What waits is delivered in others' terms, too.
        let mut carrying = std::pin::pin!(self.setup.delivery.carry());
        tokio::select! {
            () = self.lead(&reporter, &state, stop) => {}
            () = &mut carrying => return Ok(()),
            () = &mut listening => return Ok(()),
        }
        self.setup.delivery.end();
        // What is left waits in the outbox for the next start.
        drop(timeout(limits::LAST_DELIVERY, carrying).await);
        Ok(())
    }

    /// Reports in one term after the other, until `stop`.
    async fn lead(
        &self,
        reporter: &Reporter<'_, 'p>,
        state: &Mutex<State>,
        stop: impl Future<Output = ()>,
    ) {
        let mut stop = std::pin::pin!(stop);
        let elector = self.elector(locked(state).holder());
        self.setup.status.campaign(elector.has_answered());
        let is_remembered = self.setup.file.state.is_some();
        loop {
            let last = locked(state).last_term();
            let mut term = tokio::select! {
                term = elector.campaign(last) => term,
                () = &mut stop => return,
            };
            if !term.continues {
                locked(state).begin_anew();
            }
            // Without a state directory nobody knows what happened before this process.
            if !term.continues || (!is_remembered && last.is_none()) {
                reporter.gap.open(&self.setup.file.lifecycle);
            }
            locked(state).begin_term(term.number);
            self.setup.status.begin_term(term.guard());
            let is_stopped = tokio::select! {
                () = reporter.run() => false,
                _ = elector.hold(&mut term) => false,
                () = &mut stop => true,
            };
            // The next leader does not know what was seen in this term.
            reporter.flush();
            if is_stopped {
                elector.release(term).await;
                return;
            }
        }
    }

    fn elector(&self, holder: &str) -> Elector {
        let Setup { client, namespace, file, clock, .. } = &self.setup;
        let api = Api::<Lease>::namespaced(client.clone(), namespace);
        let clock = ktel_lease::Clock { now: clock.now, jitter: clock.jitter };
        let elector = Elector::new(api, file.lease_name(), holder, clock, limits::LEASE);
        elector.expect("a test validates the settings of the agent")
    }

    fn state(&self, directory: Option<&Path>) -> Result<State, Error> {
        let kind = |watched: &Watched| state::Kind {
            name: watched.name(),
            digest: watched.digest.clone(),
        };
        let watched = &self.setup.file.lifecycle;
        let kinds = watched.iter().map(kind).collect();
        Ok(match directory {
            Some(directory) => State::open(directory, kinds)?,
            None => {
                if !watched.is_empty() && !self.setup.is_preview {
                    warn!("there is no state directory: changes during a restart are not sent");
                }
                State::in_memory(kinds)
            }
        })
    }
}

/// Waits for the state directory: another agent may be about to leave it.
async fn take(directory: &Path) -> Result<state::Lock, Error> {
    let mut is_waiting = false;
    loop {
        if let Some(lock) = state::lock(directory)? {
            return Ok(lock);
        }
        if !std::mem::replace(&mut is_waiting, true) {
            info!("another agent uses the state directory; standing by");
        }
        sleep(limits::STATE_LOCK_RETRY).await;
    }
}
