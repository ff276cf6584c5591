//! Counts once a period, and sends the numbers.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use ktel_model::Schema;
use ktel_model::envelope;
use ktel_model::report::Report;
use ktel_model::standard::schema::Form;
use ktel_model::standard::{Applied, Omitted};
use serde_json::Value;
use tokio::time::sleep;
use tracing::warn;

use super::Reporter;
use crate::delivery::Route;
use crate::file::Stats;
use crate::limits;
use crate::metrics::{self, Reading};
use crate::state::locked;
use crate::stats::{self, put};
use ktel_destination::random_id;
use ktel_jobs::{Outcome, Workflow};

/// A report that is being put together.
#[derive(Default)]
struct Draft {
    report: Report,
    schemas: Vec<Schema>,
    omitted: Vec<(String, Omitted)>,
    failures: Vec<envelope::Failure>,
}

impl Reporter<'_, '_> {
    /// Sends numbers for as long as it is polled.
    pub(super) async fn count_periodically(&self) {
        let Some(stats) = &self.setup.file.stats else { return pending().await };
        let now = (self.setup.clock.now)();
        let sent_at = locked(self.state).stats_at();
        let mut wait = stats::first(stats.period, stats.initial_delay, sent_at, now);
        if self.setup.is_preview {
            let metrics = self.setup.scraper.is_some();
            wait = if metrics { limits::SCRAPE_PREVIEW_WINDOW } else { Duration::ZERO };
        }
        self.read_metrics().await;
        loop {
            sleep(wait).await;
            if !self.count(stats).await {
                return pending().await;
            }
            locked(self.state).sent_stats((self.setup.clock.now)().as_secs());
            wait = stats::pause(stats.period, (self.setup.clock.jitter)());
        }
    }

    /// Reads the metrics, so that the first numbers can say how they grew.
    async fn read_metrics(&self) {
        let Some(scraper) = &self.setup.scraper else { return };
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
        let Some(scraper) = &self.setup.scraper else { return Ok(BTreeMap::new()) };
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
            let (job, field) = (failure.job.clone(), failure.field.clone());
            let reason = failure.error.reason().word();
            to.failures.push(envelope::Failure { job, field, reason });
        }
    }

    /// Sends numbers once, and gives `true`; `false` where this agent no longer leads.
    pub(super) async fn count(&self, stats: &Stats) -> bool {
        let outcome = self.learn().await;
        let mut draft = Draft::default();
        if let (Some(outcome), Some(workflow)) = (&outcome, &self.setup.facts) {
            self.add(outcome, workflow, Some(&stats.jobs), &mut draft);
        }
        if let Some(workflow) = &self.setup.workflow {
            let outcome = workflow.run(&self.setup.cluster, self.setup.now()).await;
            self.add(&outcome, workflow, None, &mut draft);
        }
        let mut section = None;
        if let Some(schema) =
            stats.schema.as_ref().and_then(|name| self.setup.file.schemas.get(name))
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
        let Draft { report, schemas, omitted, mut failures } = draft;
        let gaps = self.gap.take();
        failures.extend(gaps.into_iter().map(|job| envelope::Failure {
            job,
            field: None,
            reason: "gap",
        }));
        let schemas: Vec<&Schema> = schemas.iter().collect();
        let envelope = self.envelope(&report, &schemas, &omitted, failures);
        let bare = section.map(|section| (Route::Stats, section.sent));
        let item = self.item(report, envelope, random_id(), bare);
        self.setup.delivery.hand_over(&[item], &self.identity());
        true
    }

    /// Fills the schema of the numbers from objects, metrics and the controller. Without the metrics their
    /// fields are missing; without the others there are no numbers.
    async fn section(
        &self,
        stats: &Stats,
        schema: &Schema,
        failures: &mut Vec<envelope::Failure>,
    ) -> Option<Applied> {
        let now = self.setup.now();
        let mut failed = |error: &(dyn std::error::Error + 'static), reason: &'static str| {
            warn!(schema = schema.name, error, "cannot be counted");
            failures.push(envelope::Failure { job: schema.name.clone(), field: None, reason });
        };
        let mut raw = match stats::count(&self.setup.cluster, &stats.groups, now).await {
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
        if let Some(numbers) = &self.setup.numbers {
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
        let applied = schema.apply(&raw, Form::Exact, now.to_zoned(jiff::tz::TimeZone::UTC).date());
        match applied.missing.first() {
            None => Some(applied),
            Some(field) => {
                warn!(schema = schema.name, field, "not sent: a required field is not known");
                failures.push(envelope::Failure {
                    job: schema.name.clone(),
                    field: None,
                    reason: "needs",
                });
                None
            }
        }
    }
}
