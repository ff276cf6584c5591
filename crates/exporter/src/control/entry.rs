//! One Exporter in the hands of the leader.

mod credentials;
mod named;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kube::ResourceExt;
use tokio::time::Instant;

use super::cursors::{Claimed, CursorStore, Error};
use super::secrets::{SecretName, Secrets};
use crate::compile::{self, Cluster, Compiled, Input, SecretNeeds};
use crate::credentials::Credentials;
use crate::cursor::Cursors;
use crate::engine::Engine;
use crate::plan::ExporterId;
use crate::report::Report;
use crate::resource::status::facts::{CredentialProblem, Facts};
use crate::resource::status::pacing::Written;
use crate::resource::status::{ExporterStatus, next};
use crate::resource::{Exporter, Finding, Spec, normalise};
use crate::settings::Settings;
use crate::time::Millis;

use credentials::credentials;
use named::Named;

/// One Exporter in the hands of the leader.
#[derive(Debug)]
pub(super) struct Entry {
    id: ExporterId,
    generation: i64,
    spec: Spec,
    /// The names of all its sources and sinks, also of those that cannot be used.
    named: Named,
    findings: Vec<Finding>,
    compiled: Option<Compiled>,
    problems: Vec<CredentialProblem>,
    claimed: Claimed,
    /// When a source was first seen, for those that came later than the Exporter.
    added: BTreeMap<String, Millis>,
    /// The status that was there when we took it over.
    base: ExporterStatus,
    /// The status as it is now, to be compared with.
    current: ExporterStatus,
    pub(super) written: Option<Written>,
    /// When its cursors were last looked at, to be written.
    pub(super) saved: Option<Instant>,
}

impl Entry {
    /// Reads the spec of an Exporter, and forgets what is wrong with it.
    pub(super) fn read(exporter: &Exporter) -> Spec {
        normalise(&exporter.spec).0
    }

    /// Claims the cursors of an Exporter. Where there are none, those of its status are taken: the ConfigMap was lost.
    pub(super) async fn claim(
        exporter: &Exporter,
        store: &CursorStore,
        now: Millis,
        jitter: f64,
    ) -> Result<Self, Error> {
        let id = ExporterId {
            namespace: exporter.namespace().unwrap_or_default(),
            name: exporter.name_any(),
            uid: exporter.uid().unwrap_or_default(),
        };
        let base = exporter.status.clone().unwrap_or_default();
        let spec = Self::read(exporter);
        let initial = initial(&spec, &base, created(exporter, now));
        let claimed = store.claim(&id, &initial).await?;
        Ok(Self {
            id,
            generation: exporter.metadata.generation.unwrap_or_default(),
            spec,
            named: Named::of(exporter),
            findings: Vec::new(),
            compiled: None,
            problems: Vec::new(),
            claimed,
            added: BTreeMap::new(),
            current: base.clone(),
            written: Written::before(&base, jitter),
            base,
            saved: None,
        })
    }

    /// Compiles the newest spec, with what the cluster has now.
    pub(super) fn compile(
        &mut self,
        exporter: &Exporter,
        settings: &Settings,
        cluster: &Cluster,
        now: Millis,
    ) {
        let (spec, mut findings) = normalise(&exporter.spec);
        self.generation = exporter.metadata.generation.unwrap_or_default();
        let created = created(exporter, now);
        // The sources of a new Exporter begin with it; one that is added later begins at that moment.
        let is_new = self.compiled.is_none() && self.claimed.saved().is_empty();
        for source in &spec.sources {
            if !self.claimed.saved().has_source(&source.name) {
                let begin = if is_new { created } else { now };
                self.added.entry(source.name.clone()).or_insert(begin);
            }
        }
        self.added.retain(|name, _| spec.sources.iter().any(|source| source.name == *name));
        let input = Input {
            id: &self.id,
            generation: self.generation,
            spec: &spec,
            created,
            added: &self.added,
        };
        let compiled = compile::compile(input, settings, cluster);
        findings.extend(compiled.findings.iter().cloned());
        (self.spec, self.findings, self.compiled) = (spec, findings, Some(compiled));
        self.named = Named::of(exporter);
    }

    /// Writes where new lanes begin, so that a crash does not change it.
    pub(super) async fn begin(&mut self, store: &CursorStore) -> Result<(), Error> {
        let Some(Compiled { plan: Some(plan), .. }) = &self.compiled else { return Ok(()) };
        let cursors = self.claimed.saved().of_plan(plan).or(&self.waiting());
        store.save(&mut self.claimed, &self.id, &cursors).await
    }

    fn waiting(&self) -> Cursors {
        let plan = self.compiled.as_ref().and_then(|compiled| compiled.plan.as_ref());
        self.named.waiting(self.claimed.saved(), plan)
    }

    /// Gives the plan to the engine. A sink whose Secrets were not looked for yet waits for them; all else of the plan holds at
    /// once.
    pub(super) fn apply(&mut self, engine: &Engine, secrets: &Secrets) {
        let Some(Compiled { plan, secrets: needs, .. }) = &self.compiled else { return };
        let Some(plan) = plan else {
            // It has no tenant any more: what it had is not read any longer. The cursors stay.
            engine.remove(&self.id);
            return;
        };
        let mut problems = Vec::new();
        let mut all = Vec::new();
        for (sink, needs) in plan.sinks.iter().zip(needs) {
            let Some(found) = credentials(&self.id.namespace, needs, secrets) else {
                all.push(Arc::new(Credentials::pending()));
                continue;
            };
            let credentials = found.unwrap_or_else(|(reason, message)| {
                problems.push(CredentialProblem { sink: sink.name.clone(), reason, message });
                Credentials::default()
            });
            all.push(Arc::new(credentials));
        }
        self.problems = problems;
        let cursors = self.claimed.saved().of_plan(plan);
        engine.apply(Arc::new(plan.clone()), all, cursors);
    }

    /// Writes the cursors that a report names, and those that are not in it.
    pub(super) async fn save(
        &mut self,
        store: &CursorStore,
        report: Option<&Report>,
    ) -> Result<(), Error> {
        let Some(report) = report else { return Ok(()) };
        let cursors = Cursors::of(report);
        if cursors.is_empty() {
            return Ok(()); // nothing of it runs; what is saved stays
        }
        let cursors = cursors.or(&self.waiting());
        store.save(&mut self.claimed, &self.id, &cursors).await
    }

    /// The cursors that are known to be written.
    pub(super) fn saved_cursors(&self) -> &Cursors {
        self.claimed.saved()
    }

    /// Gives the next status.
    pub(super) fn next_status(&mut self, report: Option<&Report>, now: Millis) -> ExporterStatus {
        let plan = self.compiled.as_ref().and_then(|compiled| compiled.plan.as_ref());
        let facts = Facts {
            generation: self.generation,
            plan,
            findings: &self.findings,
            credentials: &self.problems,
            report,
            base: &self.base,
        };
        let status = next::next(&self.current, &facts, now);
        self.current = status.clone();
        status
    }

    pub(super) fn id(&self) -> &ExporterId {
        &self.id
    }

    /// The status that was there when we took it over.
    pub(super) fn base(&self) -> &ExporterStatus {
        &self.base
    }

    pub(super) fn key(&self) -> (String, String) {
        (self.id.namespace.clone(), self.id.name.clone())
    }

    pub(super) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The Secrets that its sinks name.
    pub(super) fn secrets(&self) -> BTreeSet<SecretName> {
        let needs = self.compiled.iter().flat_map(|compiled| &compiled.secrets);
        let name =
            |name: &str| SecretName { namespace: self.id.namespace.clone(), name: name.to_owned() };
        needs.flat_map(SecretNeeds::names).map(name).collect()
    }

    pub(super) fn needs(&self, secret: &SecretName) -> bool {
        self.secrets().contains(secret)
    }
}

/// When an Exporter was made. Without a time it begins now.
fn created(exporter: &Exporter, now: Millis) -> Millis {
    let created = exporter.metadata.creation_timestamp.as_ref();
    created.map_or(now, |time| Millis(time.0.as_millisecond()))
}

/// Gives the cursors of an Exporter whose ConfigMap is not there: those of its status, if it has delivered before.
fn initial(spec: &Spec, status: &ExporterStatus, created: Millis) -> Cursors {
    let mut cursors = Cursors::default();
    for sink in &status.sinks {
        let Some(acked) = &sink.acked_through else { continue };
        for source in &spec.sources {
            let acked = Millis(acked.0.as_millisecond()).max(created);
            cursors.set(&source.name, &sink.name, acked);
        }
    }
    cursors
}
