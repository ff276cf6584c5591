//! Makes signed reports of what is seen, counted and emitted, and hands them to delivery.

use std::collections::HashSet;
use std::future::pending;
use std::sync::{Arc, Mutex};

use futures::future::join_all;
use indexmap::IndexMap;
use k8s_openapi::api::core::v1::Secret;
use ktel_model::Schema;
use ktel_model::envelope::{self, Declared, Envelope, Installation};
use ktel_model::report::Report;
use ktel_model::standard::Omitted;
use ktel_model::standard::schema::Form as ValueForm;
use kube::Api;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use crate::delivery::{Item, Route};
use crate::emitted::{self, EmittedEvent};
use crate::file::{Fact, Watched};
use crate::gap::Gap;
use crate::identity::{self, Identity};
use crate::lifecycle::{Composed, Event, Kind, Values, compose};
use crate::limits;
use crate::metrics::Reading;
use crate::setup::Setup;
use crate::state::{PendingEvent, Seen, State, locked};
use crate::status::DropReason;
use crate::watch::{Trouble, WatchHandler, Watcher};
use ktel_destination::random_id;
use ktel_jobs::Outcome;
use ktel_jobs::Reason;

/// Reports for an agent, in one term after the other.
pub(super) struct Reporter<'a, 'p> {
    setup: &'a Setup<'p>,
    state: &'a Mutex<State>,
    pub(super) gap: Gap,
    identity: Mutex<Arc<Identity>>,
    /// Nothing before it is known who reports.
    facts: Mutex<Option<Map<String, Value>>>,
    /// What the metrics showed last; reports say how they grew since.
    reading: Mutex<Option<Reading>>,
    /// Notified when there are events to flush.
    seen: Notify,
}

/// Puts what a watcher sees of one kind into the state.
struct StateHandler<'r, 'a, 'p> {
    reporter: &'r Reporter<'a, 'p>,
    place: usize,
}

impl WatchHandler for StateHandler<'_, '_, '_> {
    fn see(&self, id: (&str, &str), seen: Seen, now: Option<Values>) {
        // After the end of the term, another agent sees it. What was seen before may be flushed later: the
        // other agent began with a list, and makes no event of it.
        if !self.reporter.is_leader() {
            return;
        }
        let event = locked(self.reporter.state).see(self.place, id, seen, now);
        if event.is_some() {
            self.reporter.gather();
        }
    }

    fn end_list(&self, listed: &HashSet<u128>) {
        if !self.reporter.is_leader() {
            return;
        }
        let gone = locked(self.reporter.state).end_list(self.place, listed);
        if !gone.is_empty() {
            self.reporter.gather();
        }
    }

    fn answered(&self) {
        self.reporter.setup.status.answered_about(self.place);
    }
}

impl<'a, 'p> Reporter<'a, 'p> {
    pub(super) fn new(setup: &'a Setup<'p>, state: &'a Mutex<State>) -> Self {
        let identity = Mutex::new(Arc::new(Identity::ephemeral()));
        let (facts, reading) = (Mutex::default(), Mutex::default());
        let (gap, seen) = (Gap::default(), Notify::new());
        Self { setup, state, gap, identity, facts, reading, seen }
    }

    /// Tells whether this agent reports for the cluster now. A preview has no lease, and sends nothing.
    fn is_leader(&self) -> bool {
        self.setup.is_preview || self.setup.status.is_leader()
    }

    /// Sends what a controller emits, for as long as it is polled. Before the first event no request is
    /// made.
    pub(super) async fn listen(&self, emitted: Option<Receiver<EmittedEvent>>) {
        let Some(mut emitted) = emitted else { return pending().await };
        let mut learned: Option<Instant> = None;
        let mut together = Vec::new();
        while emitted.recv_many(&mut together, limits::EVENTS_AT_ONCE).await > 0 {
            if learned.is_none_or(|at| at.elapsed() > limits::FACTS_AGE_MAX) {
                self.learn().await;
                learned = Some(Instant::now());
            }
            let item = |one: EmittedEvent| match emitted::schema_of(&self.setup.file.emitted, &one)
            {
                Some(name) => self.compose(name, &one.event, &one.fields, random_id()),
                None => {
                    debug!(kind = one.kind, "an event without a schema");
                    self.setup.status.dropped(DropReason::NoSchema);
                    None
                }
            };
            let items: Vec<Item> = together.drain(..).filter_map(item).collect();
            self.setup.status.emitted(items.len() as u64);
            self.setup.delivery.hand_over(&items, &self.identity());
        }
        // The controller has dropped its handles; watches go on.
        pending().await
    }

    /// Reports what is seen and counted, for as long as it is polled.
    pub(super) async fn run(&self) {
        self.learn().await;
        self.flush();
        let watchers =
            self.setup.file.lifecycle.iter().enumerate().map(|(place, watched)| Watcher {
                client: &self.setup.client,
                watched,
                handler: StateHandler { reporter: self, place },
                jitter: self.setup.clock.jitter,
            });
        let watchers: Vec<_> = watchers.collect();
        let watching = join_all(watchers.iter().map(Watcher::run));
        tokio::join!(watching, self.flush_together(), self.count_periodically());
    }

    /// Learns who reports, and the facts of the cluster; waits until the API server answers.
    async fn learn(&self) -> Option<Outcome> {
        let kind = "the API server".to_owned();
        let mut trouble = Trouble { kind, failures: 0, jitter: self.setup.clock.jitter };
        loop {
            match self.identify().await {
                Ok(()) => {}
                Err(error) => {
                    trouble.pause(&error).await;
                    continue;
                }
            }
            let Some(workflow) = &self.setup.facts else {
                self.keep_facts(None);
                return None;
            };
            let outcome = workflow.run(&self.setup.cluster, self.setup.now()).await;
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
        let api = Api::<Secret>::namespaced(self.setup.client.clone(), &self.setup.namespace);
        let name = self.setup.file.key_name();
        let may_write = !self.setup.is_preview;
        let found = identity::obtain(&api, &name, self.setup.now(), may_write).await?;
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
        for (name, fact) in &self.setup.file.facts {
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
        *self.facts.lock().expect("no code panics while it holds this lock") = Some(facts);
    }

    fn facts(&self) -> Map<String, Value> {
        let facts = self.facts.lock().expect("no code panics while it holds this lock");
        facts.clone().unwrap_or_default()
    }

    fn has_learned(&self) -> bool {
        self.facts.lock().expect("no code panics while it holds this lock").is_some()
    }

    /// Notes that there are events to flush; a storm is flushed in parts.
    fn gather(&self) {
        let unsent = locked(self.state).unsent_count();
        if unsent >= limits::EVENTS_AT_ONCE {
            self.flush();
        } else {
            self.seen.notify_one();
        }
    }

    /// Flushes the events of a short time together: a storm does not cost a sync for each event.
    async fn flush_together(&self) {
        loop {
            self.seen.notified().await;
            sleep(limits::EVENTS_GATHERED_FOR).await;
            self.flush();
        }
    }

    /// Hands pending events to delivery, as far as their schemas declare them. Those of an earlier start
    /// wait until identity and facts are known.
    pub(super) fn flush(&self) {
        if !self.has_learned() {
            return;
        }
        let events = locked(self.state).unsent();
        if events.is_empty() {
            return;
        }
        for part in events.chunks(limits::EVENTS_AT_ONCE) {
            let item = |pending: &PendingEvent| {
                let (watched, name) = self.schema_of(pending)?;
                self.compose(name, &pending.event, &watched.fields, pending.key.clone())
            };
            let items: Vec<Item> = part.iter().filter_map(item).collect();
            self.setup.status.emitted(items.len() as u64);
            self.setup.delivery.hand_over(&items, &self.identity());
        }
        locked(self.state).sent();
    }

    /// Fills the schema of an event.
    fn compose<T>(
        &self,
        name: &str,
        event: &Event,
        fields: &IndexMap<String, T>,
        key: String,
    ) -> Option<Item> {
        let schema = &self.setup.file.schemas[name];
        let today = self.setup.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        match compose(event, fields, &self.facts(), schema, today) {
            Composed::Event(applied) => {
                let route = match event.kind {
                    Kind::Created => Route::Create,
                    Kind::Updated => Route::Update,
                    Kind::Deleted => Route::Delete,
                };
                debug!(schema = name, event = event.kind.word(), "an event");
                let mut report = Report::default();
                report.push(name, applied.sent.clone());
                let omitted = [(name.to_owned(), applied.omitted)];
                let envelope = self.envelope(&report, &[schema], &omitted, Vec::new());
                Some(self.item(report, envelope, key, Some((route, applied.sent))))
            }
            Composed::Unchanged => None,
            Composed::Incomplete(field) => {
                warn!(schema = name, field, "an event is not sent: a required field is not known");
                self.setup.status.dropped(DropReason::Incomplete);
                None
            }
        }
    }

    fn schema_of(&self, pending: &PendingEvent) -> Option<(&Watched, &str)> {
        let watched = self.setup.file.lifecycle.iter().find(|one| one.name() == pending.kind)?;
        Some((watched, watched.schemas.get(&pending.event.kind)?))
    }

    fn envelope(
        &self,
        report: &Report,
        schemas: &[&Schema],
        omitted: &[(String, Omitted)],
        failures: Vec<envelope::Failure>,
    ) -> Envelope {
        let product = envelope::Product {
            name: Some(self.setup.file.product.to_string()),
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
        let day = self.setup.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        Envelope::new(report, product, &declared, failures, omitted, ValueForm::Exact, day)
    }

    fn item(
        &self,
        report: Report,
        mut envelope: Envelope,
        key: String,
        bare: Option<(Route, Map<String, Value>)>,
    ) -> Item {
        envelope.id = Some(key.clone());
        envelope.installation = Some(self.identity().installation.clone());
        Item { report, envelope, time: self.setup.now(), key, bare }
    }
}

mod count;
#[cfg(test)]
mod tests;
