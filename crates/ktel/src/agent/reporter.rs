//! One turn of an agent: what is seen and counted becomes signed reports, handed to delivery.

use std::collections::HashSet;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use k8s_openapi::api::core::v1::Secret;
use ktel_model::Schema;
use ktel_model::envelope::{self, Declared, Envelope, Installation};
use ktel_model::report::Report;
use ktel_model::standard::Dropped;
use ktel_model::standard::schema::Form as ValueForm;
use kube::Api;
use serde_json::{Map, Value};
use tokio::time::sleep;
use tracing::{debug, warn};

use super::delivery::{Item, Route};
use super::file::{Fact, Stats, Watched};
use super::identity::{self, Identity};
use super::lifecycle::{Composed, Kind, Values, compose};
use super::state::{Seen, State, Told};
use super::watch::{Trouble, Watcher, Witness};
use super::{Agent, Gap, key_name, locked, stats};
use crate::catalog::Catalog;
use crate::error::Reason;
use crate::outcome::Outcome;
use crate::server::random_id;

/// One turn of an agent.
pub(super) struct Reporter<'a, 'p> {
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

impl<'a, 'p> Reporter<'a, 'p> {
    pub(super) fn new(agent: &'a Agent<'p>, state: &'a Mutex<State>, gap: &'a Gap) -> Self {
        let identity = Mutex::new(Arc::new(Identity::ephemeral()));
        Self { agent, state, gap, identity, facts: Mutex::default() }
    }

    /// Reports for as long as it is polled.
    pub(super) async fn run(&self) {
        self.learn().await;
        let unsent = locked(self.state).unsent();
        for told in &unsent {
            self.tell(told);
        }
        let watchers =
            self.agent.file.lifecycle.iter().enumerate().map(|(place, watched)| Watcher {
                client: &self.agent.client,
                watched,
                witness: Eye { reporter: self, place },
                luck: self.agent.surroundings.luck,
            });
        let watchers: Vec<_> = watchers.collect();
        let watching = join_all(watchers.iter().map(Watcher::run));
        tokio::join!(watching, self.count_periodically());
    }

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
