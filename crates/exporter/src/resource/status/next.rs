//! From what is known to the next status. Pure.
//!
//! Without a change the result equals the previous status, so that nothing is written. The heartbeat is not part of
//! this: [`pacing`](super::pacing) sets it when it decides to write.

mod conditions;
mod human;
mod sinks;

use super::facts::Facts;
use super::value::{count, cut, error};
use super::{ExporterStatus, FindingSeverity, FindingStatus, SourceStatus};
use crate::limits::{FINDING_BYTES_MAX, FINDINGS_MAX, PATH_BYTES_MAX};
use crate::report::SourceReport;
use crate::resource::finding::{Finding, Severity};
use crate::time::Millis;

/// Gives the next status.
#[must_use]
pub fn next(previous: &ExporterStatus, facts: &Facts<'_>, now: Millis) -> ExporterStatus {
    let sources = facts.report.map_or_else(
        || previous.sources.clone(),
        |report| report.sources.iter().map(source).collect(),
    );
    let sinks = match (facts.plan, facts.report) {
        (Some(plan), Some(report)) => sinks::next(plan, report, facts.base),
        _ => previous.sinks.clone(),
    };
    let is_suspended = facts.plan.is_some_and(|plan| plan.is_suspended);
    let summary = facts.report.map(|report| sinks::summary(report, &sinks, is_suspended));
    let summary = summary.unwrap_or_else(|| sinks::Summary::of(previous));
    ExporterStatus {
        observed_generation: Some(facts.generation),
        heartbeat: previous.heartbeat.clone(),
        conditions: conditions::next(previous, facts, now),
        delivered_through: summary.delivered_through,
        lag: summary.lag,
        sent: summary.sent,
        findings: findings(facts.findings),
        sources,
        sinks,
    }
}

/// Errors come first, so that they are there if not all fit.
fn findings(findings: &[Finding]) -> Vec<FindingStatus> {
    let of = |severity| findings.iter().filter(move |finding| finding.severity == severity);
    let status = |finding: &Finding| FindingStatus {
        path: cut(&finding.path.to_string(), PATH_BYTES_MAX),
        severity: match finding.severity {
            Severity::Error => FindingSeverity::Error,
            Severity::Warning => FindingSeverity::Warning,
        },
        reason: finding.reason.to_owned(),
        message: cut(&finding.message, FINDING_BYTES_MAX),
    };
    of(Severity::Error).chain(of(Severity::Warning)).take(FINDINGS_MAX).map(status).collect()
}

fn source(report: &SourceReport) -> SourceStatus {
    SourceStatus {
        name: report.name.clone(),
        series: count(report.series),
        late: count(report.late),
        last_error: report.error.as_ref().map(error),
    }
}

#[cfg(test)]
mod tests;
