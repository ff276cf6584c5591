//! What is seen, counted and told becomes signed reports, handed to delivery.

use std::collections::{BTreeMap, HashSet};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use indexmap::IndexMap;
use k8s_openapi::api::core::v1::Secret;
use ktel_model::Schema;
use ktel_model::envelope::{self, Declared, Envelope, Installation};
use ktel_model::report::Report;
use ktel_model::standard::schema::Form as ValueForm;
use ktel_model::standard::{Applied, Omitted};
use kube::Api;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use super::delivery::{Item, Route};
use super::file::{Fact, Stats, Watched};
use super::identity::{self, Identity};
use super::lifecycle::{Composed, Event, Kind, Values, compose};
use super::metrics::{self, Reading};
use super::state::{Seen, State, Told};
use super::stats::put;
use super::told::{self, Happened};
use super::watch::{Trouble, Watcher, Witness};
use super::{Agent, Gap, key_name, locked, stats};
use crate::limits;
use ktel_destination::random_id;
use ktel_jobs::Outcome;
use ktel_jobs::Reason;
use ktel_jobs::Workflow;
use ktel_lease::Guard;

/// Reports for an agent, turn by turn.
pub(super) struct Reporter<'a, 'p> {
    agent: &'a Agent<'p>,
    state: &'a Mutex<State>,
    pub(super) gap: Gap,
    /// Valid while this agent reports for the cluster; none before its first term.
    guard: Mutex<Option<Guard>>,
    identity: Mutex<Arc<Identity>>,
    /// Nothing before it is known who reports.
    facts: Mutex<Option<Map<String, Value>>>,
    /// What the metrics showed last; how they grew since is told.
    reading: Mutex<Option<Reading>>,
    /// Rung when there is something to tell.
    seen: Notify,
}

/// What a watcher tells of one kind.
struct Eye<'r, 'a, 'p> {
    reporter: &'r Reporter<'a, 'p>,
    place: usize,
}

impl Witness for Eye<'_, '_, '_> {
    fn see(&self, id: (&str, &str), seen: Seen, now: Option<Values>) {
        // Behind the end of the term, it is for another agent to see. Whatever was seen in the term may
        // be emitted later: the other one took it for what had always been there.
        if !self.reporter.is_leader() {
            return;
        }
        let told = locked(self.reporter.state).see(self.place, id, seen, now);
        if told.is_some() {
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
}

impl<'a, 'p> Reporter<'a, 'p> {
    pub(super) fn new(agent: &'a Agent<'p>, state: &'a Mutex<State>) -> Self {
        let identity = Mutex::new(Arc::new(Identity::ephemeral()));
        let (facts, reading) = (Mutex::default(), Mutex::default());
        let (gap, guard, seen) = (Gap::default(), Mutex::default(), Notify::new());
        Self { agent, state, gap, guard, identity, facts, reading, seen }
    }

    /// Reports from now on, for as long as the guard is valid.
    pub(super) fn begin_term(&self, guard: Guard) {
        *self.guard.lock().expect("no code panics while it holds this lock") = Some(guard);
    }

    /// Tells whether this agent reports for the cluster now. A preview has no lease, and sends nothing.
    fn is_leader(&self) -> bool {
        let guard = self.guard.lock().expect("no code panics while it holds this lock");
        self.agent.preview || guard.as_ref().is_some_and(Guard::is_valid)
    }

    /// Tells what a controller says, for as long as it is polled; before the first event no request
    /// is made.
    pub(super) async fn listen(&self, happened: Option<Receiver<Happened>>) {
        let Some(mut happened) = happened else { return pending().await };
        let mut learned: Option<Instant> = None;
        let mut together = Vec::new();
        while happened.recv_many(&mut together, limits::EVENTS_AT_ONCE).await > 0 {
            if learned.is_none_or(|at| at.elapsed() > limits::FACTS_AGE_MAX) {
                self.learn().await;
                learned = Some(Instant::now());
            }
            let item = |one: Happened| match told::schema_of(&self.agent.file.told, &one) {
                Some(name) => self.compose(name, &one.event, &one.fields, random_id()),
                None => {
                    debug!(kind = one.kind, "an event that no schema tells");
                    None
                }
            };
            let items: Vec<Item> = together.drain(..).filter_map(item).collect();
            self.agent.delivery.hand_over(&items, &self.identity());
        }
        // The controller has dropped its handles; what is watched goes on.
        pending().await
    }

    /// Reports what is seen and counted, for as long as it is polled.
    pub(super) async fn run(&self) {
        self.learn().await;
        self.tell();
        let watchers =
            self.agent.file.lifecycle.iter().enumerate().map(|(place, watched)| Watcher {
                client: &self.agent.client,
                watched,
                witness: Eye { reporter: self, place },
                jitter: self.agent.clock.jitter,
            });
        let watchers: Vec<_> = watchers.collect();
        let watching = join_all(watchers.iter().map(Watcher::run));
        tokio::join!(watching, self.tell_together(), self.count_periodically());
    }

    /// Learns who reports, and the facts of the cluster; waits until the API server answers.
    async fn learn(&self) -> Option<Outcome> {
        let kind = "the API server".to_owned();
        let mut trouble = Trouble { kind, failures: 0, jitter: self.agent.clock.jitter };
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
        *self.facts.lock().expect("no code panics while it holds this lock") = Some(facts);
    }

    fn facts(&self) -> Map<String, Value> {
        let facts = self.facts.lock().expect("no code panics while it holds this lock");
        facts.clone().unwrap_or_default()
    }

    fn has_learned(&self) -> bool {
        self.facts.lock().expect("no code panics while it holds this lock").is_some()
    }

    /// Notes that there is something to tell; a storm is told in parts.
    fn gather(&self) {
        let unsent = locked(self.state).unsent_count();
        if unsent >= limits::EVENTS_AT_ONCE {
            self.tell();
        } else {
            self.seen.notify_one();
        }
    }

    /// Tells what is seen within a short time together: a storm does not cost a sync for each event.
    async fn tell_together(&self) {
        loop {
            self.seen.notified().await;
            sleep(limits::EVENTS_GATHERED_FOR).await;
            self.tell();
        }
    }

    /// Tells what has happened to objects, as far as their schemas have words for it; what waits from
    /// an earlier start waits until it is known who tells it.
    pub(super) fn tell(&self) {
        if !self.has_learned() {
            return;
        }
        let told = locked(self.state).unsent();
        if told.is_empty() {
            return;
        }
        for part in told.chunks(limits::EVENTS_AT_ONCE) {
            let item = |told: &Told| {
                let (watched, name) = self.schema_of(told)?;
                self.compose(name, &told.event, &watched.fields, told.key.clone())
            };
            let items: Vec<Item> = part.iter().filter_map(item).collect();
            self.agent.delivery.hand_over(&items, &self.identity());
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
        let schema = &self.agent.file.schemas[name];
        let today = self.agent.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        match compose(event, fields, &self.facts(), schema, today) {
            Composed::Told(applied) => {
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
                None
            }
        }
    }

    fn schema_of(&self, told: &Told) -> Option<(&Watched, &str)> {
        let watched = self.agent.file.lifecycle.iter().find(|one| one.name() == told.kind)?;
        Some((watched, watched.schemas.get(&told.event.kind)?))
    }

    fn envelope(
        &self,
        report: &Report,
        schemas: &[&Schema],
        omitted: &[(String, Omitted)],
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
        Item { report, envelope, time: self.agent.now(), key, bare }
    }

    /// Sends numbers for as long as it is polled.
    async fn count_periodically(&self) {
        let Some(stats) = &self.agent.file.stats else { return pending().await };
        let now = (self.agent.clock.now)();
        let sent_at = locked(self.state).stats_at();
        let mut wait = stats::first(stats.period, stats.initial_delay, sent_at, now);
        if self.agent.preview {
            let metrics = self.agent.scraper.is_some();
            wait = if metrics { limits::SCRAPE_PREVIEW_WINDOW } else { Duration::ZERO };
        }
        self.look().await;
        loop {
            sleep(wait).await;
            if !self.count(stats).await {
                return pending().await;
            }
            locked(self.state).sent_stats((self.agent.clock.now)().as_secs());
            wait = stats::pause(stats.period, (self.agent.clock.jitter)());
        }
    }

    /// Looks at the metrics, so that the first numbers can tell how they grew; without, they do not.
    async fn look(&self) {
        let Some(scraper) = &self.agent.scraper else { return };
        if self.reading.lock().expect("no code panics while it holds this lock").is_some() {
            return;
        }
        match scraper.read().await {
            Ok(reading) => self.keep_reading(reading),
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "the metrics cannot be read");
            }
        }
    }

    fn keep_reading(&self, reading: Reading) {
        *self.reading.lock().expect("no code panics while it holds this lock") = Some(reading);
    }

    /// Gives the fields of the metrics.
    async fn measured(&self) -> Result<BTreeMap<String, Value>, metrics::Error> {
        let Some(scraper) = &self.agent.scraper else { return Ok(BTreeMap::new()) };
        let now = scraper.read().await?;
        let fields = {
            let before = self.reading.lock().expect("no code panics while it holds this lock");
            scraper.fields(before.as_ref(), &now)
        };
        self.keep_reading(now);
        Ok(fields)
    }

    /// Adds the sections of a workflow to a report: all of them, or those that are asked for.
    fn add(&self, outcome: &Outcome, workflow: &Workflow, jobs: Option<&[String]>, to: &mut Draft) {
        let asked = |name: &str| jobs.is_none_or(|jobs| jobs.iter().any(|job| job == name));
        for job in workflow.jobs().iter().filter(|job| asked(&job.schema().name)) {
            let schema = job.schema();
            if let Some(Value::Object(section)) = outcome.report.section(&schema.name) {
                to.report.push(&schema.name, section.clone());
                to.schemas.push(schema.clone());
                let omitted = outcome.omitted.iter().filter(|(name, _)| *name == schema.name);
                to.omitted.extend(omitted.cloned());
            }
        }
        for failure in outcome.failures.iter().filter(|failure| asked(&failure.job)) {
            let (job, reason) = (failure.job.clone(), failure.error.reason().word());
            to.failures.push(envelope::Failure { job, reason });
        }
    }

    /// Sends numbers once; tells whether it was still for this agent to do so.
    async fn count(&self, stats: &Stats) -> bool {
        let outcome = self.learn().await;
        let mut draft = Draft::default();
        if let (Some(outcome), Some(workflow)) = (&outcome, &self.agent.facts) {
            self.add(outcome, workflow, Some(&stats.jobs), &mut draft);
        }
        if let Some(workflow) = &self.agent.workflow {
            let outcome = workflow.run(&self.agent.cluster, self.agent.now()).await;
            self.add(&outcome, workflow, None, &mut draft);
        }
        let mut section = None;
        if let Some(schema) =
            stats.schema.as_ref().and_then(|name| self.agent.file.schemas.get(name))
        {
            section = self.section(stats, schema, &mut draft.failures).await;
            if let Some(Applied { sent, omitted, .. }) = &section {
                draft.report.push(&schema.name, sent.clone());
                draft.omitted.push((schema.name.clone(), *omitted));
                draft.schemas.push(schema.clone());
            }
        }
        if !self.is_leader() {
            return false;
        }
        let Draft { report, schemas, dropped, mut failures } = draft;
        let gaps = self.gap.take();
        failures.extend(gaps.into_iter().map(|job| envelope::Failure { job, reason: "gap" }));
        let schemas: Vec<&Schema> = schemas.iter().collect();
        let envelope = self.envelope(&report, &schemas, &omitted, failures);
        let bare = section.map(|section| (Route::Stats, section.sent));
        let item = self.item(report, envelope, random_id(), bare);
        self.agent.delivery.hand_over(&[item], &self.identity());
        true
    }

    /// Fills the schema of the numbers with what objects, metrics and the controller say. Metrics that
    /// cannot be had cost their own fields; without the others there are no numbers.
    async fn section(
        &self,
        stats: &Stats,
        schema: &Schema,
        failures: &mut Vec<envelope::Failure>,
    ) -> Option<Applied> {
        let now = self.agent.now();
        let mut failed = |error: &(dyn std::error::Error + 'static), reason: &'static str| {
            warn!(schema = schema.name, error, "cannot be counted");
            failures.push(envelope::Failure { job: schema.name.clone(), reason });
        };
        let mut raw = match stats::count(&self.agent.cluster, &stats.groups, now).await {
            Ok(counted) => counted,
            Err(error) => {
                failed(&error, error.reason().word());
                return None;
            }
        };
        match self.measured().await {
            Ok(fields) => fields.into_iter().for_each(|(path, value)| put(&mut raw, &path, value)),
            Err(error) => failed(&error, error.reason()),
        }
        if let Some(numbers) = &self.agent.numbers {
            match numbers.count().await {
                Ok(fields) => raw.extend(fields),
                Err(error) => {
                    failed(&error, error.reason());
                    return None;
                }
            }
        }
        for (name, value) in self.facts() {
            if schema.fields.contains_key(&name) {
                raw.insert(name, value);
            }
        }
        let applied =
            schema.apply(&raw, ValueForm::Exact, now.to_zoned(jiff::tz::TimeZone::UTC).date());
        match applied.missing.first() {
            None => Some(applied),
            Some(field) => {
                warn!(schema = schema.name, field, "not sent: a required field is not known");
                failures.push(envelope::Failure { job: schema.name.clone(), reason: "needs" });
                None
            }
        }
    }
}

/// A report that is being put together.
#[derive(Default)]
struct Draft {
    report: Report,
    schemas: Vec<Schema>,
    omitted: Vec<(String, Omitted)>,
    failures: Vec<envelope::Failure>,
}

#[cfg(test)]
mod tests;
