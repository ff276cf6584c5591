//! Compiles an Exporter, the operator's settings and what the cluster has into a [plan](crate::plan). Pure.
//!
//! ```text
//! Spec ---+
//! Settings +--> tenant --> query AND resources AND tenant --> selectors below the query limit --> SourcePlan
//! Cluster -+           \-> sink: profile, address, headers ------------------------------------> SinkPlan, SecretNeeds
//!                       \-> findings, by field path
//! ```
//!
//! What cannot be used is omitted and named in a [`Finding`]; the rest works.

use std::collections::BTreeMap;

use crate::plan::{ExporterId, Plan, SourcePlan};
use crate::resource::spec::{Source, Spec};
use crate::resource::{FieldPath, Finding};
use crate::settings::Settings;
use crate::time::Millis;

mod address;
mod cluster;
mod families;
mod kinds;
mod merge;
mod pack;
mod query;
mod resources;
mod secrets;
mod selecting;
mod sink;
mod tenant;
mod wants;

pub use cluster::{Cluster, Kind, Kinds, Labels, Object};
pub use secrets::{Missing, SecretNeeds};
pub use wants::{Wants, wants};

#[cfg(test)]
mod tests;

/// An Exporter as it is compiled.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Which.
    pub id: &'a ExporterId,
    /// Its generation.
    pub generation: i64,
    /// What it says.
    pub spec: &'a Spec,
    /// When it was made: there its sources begin.
    pub created: Millis,
    /// When a source was added later, by name.
    pub added: &'a BTreeMap<String, Millis>,
}

/// What an Exporter was compiled to.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// What works. Without a tenant nothing does.
    pub plan: Option<Plan>,
    /// What secrets each sink of the plan needs, in the order of [`Plan::sinks`].
    pub secrets: Vec<SecretNeeds>,
    /// What is wrong, and what deserves a word.
    pub findings: Vec<Finding>,
}

/// Compiles an Exporter.
#[must_use]
pub fn compile(input: Input<'_>, settings: &Settings, cluster: &Cluster) -> Compiled {
    let mut findings = Vec::new();
    let tenant = match tenant::of(&input.id.namespace, settings, cluster) {
        Ok(tenant) => tenant,
        Err(message) => {
            findings.push(Finding::error(FieldPath::root(), "UnknownTenant", message));
            return Compiled { plan: None, secrets: Vec::new(), findings };
        }
    };
    let reader =
        query::Reader { namespace: &input.id.namespace, tenant: &tenant, settings, cluster };
    let mut sources: Vec<SourcePlan> = Vec::new();
    for source in &input.spec.sources {
        if let Some(selection) = reader.selection(source, &mut findings) {
            sources.push(SourcePlan {
                name: source.name.clone(),
                selection,
                begin: input.added.get(&source.name).copied().unwrap_or(input.created),
                lag_min: lag(source, settings, &mut findings),
                late_data: source.late_data,
                backfill: source.backfill,
            });
        }
    }
    let (mut sinks, mut secrets) = (Vec::new(), Vec::new());
    for sink in &input.spec.sinks {
        if let Some((plan, needs)) = sink::compile(sink, &sources, settings, &mut findings) {
            sinks.push(plan);
            secrets.push(needs);
        }
    }
    let plan = Plan {
        id: input.id.clone(),
        generation: input.generation,
        tenant,
        sources,
        sinks,
        is_suspended: input.spec.is_suspended,
    };
    Compiled { plan: Some(plan), secrets, findings }
}

fn lag(source: &Source, settings: &Settings, findings: &mut Vec<Finding>) -> std::time::Duration {
    let reading = &settings.reading;
    let Some(wanted) = source.lag_min else { return reading.lag };
    if wanted < reading.lag_min {
        let message = format!(
            "the operator allows no less than {}s, which is used",
            reading.lag_min.as_secs_f64()
        );
        findings.push(Finding::warning(source.path.field("minLag"), "TooShort", message));
    }
    wanted.max(reading.lag_min)
}
