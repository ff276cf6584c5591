//! The agent: periodic numbers and lifecycle events from beside a controller.
//!
//! It watches what its [configuration](mod@file) names, and never stands in the way of a request. One
//! agent of a product reports for a cluster; the others stand by. It writes two objects, its lease
//! and its key, and nothing of what it sends comes from anywhere but the standard's declared fields.
//!
//! *Guarantees:* no event is invented, and none is sent twice with different keys; what happened
//! while nobody looked is told where the state outlived the gap, and otherwise said to be a gap.

use std::collections::HashSet;
use std::future::pending;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Secret;
use ktel_delivery::courier::Surroundings;
use ktel_model::Schema;
use ktel_model::envelope::{self, Declared, Envelope, Installation};
use ktel_model::report::Report;
use ktel_model::standard::Dropped;
use ktel_model::standard::schema::Form as ValueForm;
use kube::{Api, Client};
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use crate::catalog::Catalog;
use crate::cluster::Cluster;
use crate::error::Reason;
use crate::limits;
use crate::outcome::Outcome;
use crate::product::Product;
use crate::server::{NotReady, Tokens, random_id};
use crate::workflow::Workflow;

mod built_in;
mod delivery;
mod extract;
pub mod file;
mod identity;
mod lease;
pub mod lifecycle;
mod state;
mod stats;
mod watch;

pub use built_in::schemas as built_in_schemas;
pub use file::AgentFile;
pub use state::Error as StateError;

use delivery::{Delivery, Item, Route};
use file::{Fact, Stats, Watched};
use identity::Identity;
use lease::Turns;
use lifecycle::{Composed, Kind, Values, compose};
use state::{Seen, State, Told};
use watch::{Trouble, Watcher, Witness};

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
            tokio::select! {
                () = self.report(&state, &gap) => {}
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
            tokio::select! {
                () = self.report(&state, &gap) => {}
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

    /// Reports for as long as it is polled.
    async fn report(&self, state: &Mutex<State>, gap: &Gap) {
        let reporter = Reporter {
            agent: self,
            state,
            gap,
            identity: Mutex::new(Arc::new(Identity::ephemeral())),
            facts: Mutex::default(),
        };
        reporter.learn().await;
        let unsent = locked(state).unsent();
        for told in &unsent {
            reporter.tell(told);
        }
        let watchers = self.file.lifecycle.iter().enumerate().map(|(place, watched)| Watcher {
            client: &self.client,
            watched,
            witness: Eye { reporter: &reporter, place },
            luck: self.surroundings.luck,
        });
        let watchers: Vec<_> = watchers.collect();
        let watching = join_all(watchers.iter().map(Watcher::run));
        tokio::join!(watching, reporter.count_periodically());
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

/// One turn of an agent.
struct Reporter<'a, 'p> {
    agent: &'a Agent<'p>,
    state: &'a Mutex<State>,
    gap: &'a Gap,
    identity: Mutex<Arc<Identity>>,
    facts: Mutex<Map<String, Value>>,
}

/// What a watcher tells of one kind.
struct Eye<'r, 'a, 'p> {
    reporter: &'r Reporter<'a, 'p>,
    place: usize,
}

impl Witness for Eye<'_, '_, '_> {
    fn see(&self, id: (&str, &str), seen: Seen, now: Option<Values>) {
        let told = locked(self.reporter.state).see(self.place, id, seen, now);
        if let Some(told) = told {
            self.reporter.tell(&told);
        }
    }

    fn end_list(&self, listed: &HashSet<u128>) {
        let gone = locked(self.reporter.state).end_list(self.place, listed);
        gone.iter().for_each(|told| self.reporter.tell(told));
    }
}

impl Reporter<'_, '_> {
    /// Learns who reports, and the facts of the cluster; waits until the API server answers.
    async fn learn(&self) -> Option<Outcome> {
        let kind = "the API server".to_owned();
        let mut trouble = Trouble { kind, failures: 0, luck: self.agent.surroundings.luck };
        loop {
            match self.identify().await {
                Ok(()) => {}
                Err(error) => {
                    trouble.pause(&error).await;
                    continue;
                }
            }
            let Some(workflow) = &self.agent.facts else {
                self.keep_facts(None);
                return None;
            };
            let outcome = workflow.run(&self.agent.cluster, self.agent.now()).await;
            let silent = |reason| matches!(reason, Reason::Unreachable | Reason::Timeout);
            if let Some(failure) = outcome.failures.iter().find(|one| silent(one.error.reason())) {
                trouble.pause(&failure.error).await;
                continue;
            }
            trouble.over();
            self.keep_facts(Some(&outcome));
            return Some(outcome);
        }
    }

    async fn identify(&self) -> Result<(), kube::Error> {
        let api = Api::<Secret>::namespaced(self.agent.client.clone(), &self.agent.namespace);
        let name = key_name(&self.agent.file);
        let may_write = !self.agent.preview;
        let found = identity::obtain(&api, &name, self.agent.now(), may_write).await?;
        let mut known = self.identity.lock().expect("no code panics while it holds this lock");
        match found {
            Some(found) => *known = Arc::new(found),
            // One that was made for this process serves until it ends.
            None if known.installation.persisted => *known = Arc::new(Identity::ephemeral()),
            None => debug!("the identity ends with this process: the role allows no Secret"),
        }
        Ok(())
    }

    fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.identity.lock().expect("no code panics while it holds this lock"))
    }

    fn keep_facts(&self, outcome: Option<&Outcome>) {
        let Installation { id, .. } = self.identity().installation.clone();
        let mut facts = Map::new();
        for (name, fact) in &self.agent.file.facts {
            let value = match fact {
                Fact::Installation => Some(Value::from(id.as_str())),
                Fact::Value(value) => Some(Value::from(value.as_str())),
                Fact::Job { job, field } => outcome
                    .and_then(|outcome| outcome.report.section(job))
                    .and_then(|section| section.pointer(&format!("/{}", field.replace('.', "/"))))
                    .cloned(),
            };
            match value {
                Some(value) => drop(facts.insert(name.clone(), value)),
                None => debug!(fact = name, "a fact is not known"),
            }
        }
        *self.facts.lock().expect("no code panics while it holds this lock") = facts;
    }

    fn facts(&self) -> Map<String, Value> {
        self.facts.lock().expect("no code panics while it holds this lock").clone()
    }

    /// Tells what has happened to an object, if its schema has words for it.
    fn tell(&self, told: &Told) {
        if let Some((watched, name)) = self.schema_of(told) {
            let schema = &self.agent.file.schemas[name];
            let today = self.agent.now().to_zoned(jiff::tz::TimeZone::UTC).date();
            match compose(&told.event, &watched.fields, &self.facts(), schema, today) {
                Composed::Told(applied) => {
                    let route = match told.event.kind {
                        Kind::Created => Route::Create,
                        Kind::Updated => Route::Update,
                        Kind::Deleted => Route::Delete,
                    };
                    debug!(kind = told.kind, event = told.event.kind.word(), "an event");
                    let mut report = Report::default();
                    report.push(name, applied.sent.clone());
                    let dropped = [(name.to_owned(), applied.dropped)];
                    let envelope = self.envelope(&report, &[schema], &dropped, Vec::new());
                    let bare = Some((route, &applied.sent));
                    self.hand_over(&report, envelope, &told.key, bare);
                }
                Composed::Unchanged => {}
                Composed::Incomplete(field) => {
                    warn!(
                        schema = name,
                        field, "an event is not sent: a required field is not known"
                    );
                }
            }
        }
        locked(self.state).sent(&told.key);
    }

    fn schema_of(&self, told: &Told) -> Option<(&Watched, &str)> {
        let watched = self.agent.file.lifecycle.iter().find(|one| one.name() == told.kind)?;
        Some((watched, watched.schemas.get(&told.event.kind)?))
    }

    fn envelope(
        &self,
        report: &Report,
        schemas: &[&Schema],
        dropped: &[(String, Dropped)],
        failures: Vec<envelope::Failure>,
    ) -> Envelope {
        let product = envelope::Product {
            name: Some(self.agent.file.product.to_string()),
            ktel: env!("CARGO_PKG_VERSION"),
        };
        let declared: Vec<Declared> = schemas
            .iter()
            .map(|schema| Declared {
                job: schema.name.clone(),
                schema: schema.id(),
                version: schema.version.to_string(),
                digest: schema.digest(),
            })
            .collect();
        let day = self.agent.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        Envelope::new(report, product, &declared, failures, dropped, ValueForm::Exact, day)
    }

    fn hand_over(
        &self,
        report: &Report,
        mut envelope: Envelope,
        key: &str,
        bare: Option<(Route, &Map<String, Value>)>,
    ) {
        let identity = self.identity();
        envelope.id = Some(key.to_owned());
        envelope.installation = Some(identity.installation.clone());
        let item = Item { report, envelope: &envelope, time: self.agent.now(), key, bare };
        self.agent.delivery.hand_over(&item, &identity);
    }

    /// Sends numbers for as long as it is polled.
    async fn count_periodically(&self) {
        let Some(stats) = &self.agent.file.stats else { return pending().await };
        let now = (self.agent.surroundings.now)();
        let sent_at = locked(self.state).stats_at();
        let mut wait = stats::first(stats.period, stats.initial_delay, sent_at, now);
        if self.agent.preview {
            wait = Duration::ZERO;
        }
        loop {
            sleep(wait).await;
            self.count(stats).await;
            locked(self.state).sent_stats((self.agent.surroundings.now)().as_secs());
            wait = stats::pause(stats.period, (self.agent.surroundings.luck)());
        }
    }

    async fn count(&self, stats: &Stats) {
        let outcome = self.learn().await;
        let (mut report, mut failures, mut dropped) = (Report::default(), Vec::new(), Vec::new());
        let catalog = Catalog::built_in();
        let mut schemas: Vec<Schema> = Vec::new();
        for job in &stats.jobs {
            let Some(outcome) = &outcome else { continue };
            if let Some(Value::Object(section)) = outcome.report.section(job) {
                report.push(job, section.clone());
                let found = catalog.find(job);
                schemas.extend(found.map(|found| found.schema().clone()));
                dropped.extend(outcome.dropped.iter().filter(|(name, _)| name == job).cloned());
            }
            let failed = outcome.failures.iter().filter(|failure| failure.job == *job);
            failures.extend(failed.map(|failure| envelope::Failure {
                job: job.clone(),
                reason: failure.error.reason().word(),
            }));
        }
        let mut section = None;
        if let Some(schema) =
            stats.schema.as_ref().and_then(|name| self.agent.file.schemas.get(name))
        {
            match self.section(stats, schema).await {
                Ok((sent, left_out)) => {
                    report.push(&schema.name, sent.clone());
                    dropped.push((schema.name.clone(), left_out));
                    schemas.push(schema.clone());
                    section = Some(sent);
                }
                Err(failure) => failures.push(failure),
            }
        }
        let gaps = self.gap.take();
        failures.extend(gaps.into_iter().map(|job| envelope::Failure { job, reason: "gap" }));
        let schemas: Vec<&Schema> = schemas.iter().collect();
        let envelope = self.envelope(&report, &schemas, &dropped, failures);
        let bare = section.as_ref().map(|section| (Route::Stats, section));
        self.hand_over(&report, envelope, &random_id(), bare);
    }

    async fn section(
        &self,
        stats: &Stats,
        schema: &Schema,
    ) -> Result<(Map<String, Value>, Dropped), envelope::Failure> {
        let failure = |reason| envelope::Failure { job: schema.name.clone(), reason };
        let now = self.agent.now();
        let counted = stats::count(&self.agent.cluster, &stats.groups, now).await;
        let mut raw = counted.map_err(|error| {
            warn!(
                schema = schema.name,
                error = &error as &dyn std::error::Error,
                "cannot be counted"
            );
            failure(error.reason().word())
        })?;
        for (name, value) in self.facts() {
            if schema.fields.contains_key(&name) {
                raw.insert(name, value);
            }
        }
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let applied = schema.apply(&raw, ValueForm::Exact, today);
        match applied.missing.first() {
            None => Ok((applied.sent, applied.dropped)),
            Some(field) => {
                warn!(schema = schema.name, field, "not sent: a required field is not known");
                Err(failure("needs"))
            }
        }
    }
}
