//! From what is known to the next status. Pure.
//!
//! Without a change the result equals the previous status, so that nothing is written. The heartbeat is not part of
//! this: [`pacing`](super::pacing) sets it when it decides to write.

mod conditions;
mod human;
mod sinks;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{ErrorStatus, ExporterStatus, FindingSeverity, FindingStatus, SourceStatus};
use crate::limits::{ERROR_BYTES_MAX, FINDING_BYTES_MAX, FINDINGS_MAX, PATH_BYTES_MAX};
use crate::plan::Plan;
use crate::report::{Problem, Report, SourceReport};
use crate::resource::finding::{Finding, Severity};
use crate::time::Millis;

/// What is known of an Exporter.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The generation of the spec that was compiled.
    pub generation: i64,
    /// What compiling it gave. None if nothing of it can be used.
    pub plan: Option<&'a Plan>,
    /// What is wrong with the spec.
    pub findings: &'a [Finding],
    /// What is wrong with its Secrets.
    pub credentials: &'a [CredentialProblem],
    /// What the engine says. None before it has said anything.
    pub report: Option<&'a Report>,
    /// The status that was there when this process took the Exporter over: the report counts from then on.
    pub base: &'a ExporterStatus,
}

/// Why a sink has no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialProblem {
    /// The name of the sink.
    pub sink: String,
    /// A word for machines, such as `SecretNotFound`.
    pub reason: &'static str,
    /// What it is and what to do, without any secret.
    pub message: String,
}

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

fn error(problem: &Problem) -> ErrorStatus {
    ErrorStatus {
        reason: problem.reason.to_owned(),
        code: problem.status.map(i32::from),
        message: cut(&problem.message, ERROR_BYTES_MAX),
        time: time(problem.time),
    }
}

/// A status has whole seconds: what was read back has to equal what was written.
pub(super) fn time(millis: Millis) -> Time {
    let seconds = millis.0.div_euclid(1000);
    // Beyond the calendar there is no text for it; the nearest one is.
    let timestamp = jiff::Timestamp::from_second(seconds).unwrap_or(if seconds < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    });
    Time(timestamp)
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Makes a text one line of at most so many bytes.
fn cut(text: &str, bytes_max: usize) -> String {
    let clean = text.replace(|c: char| c.is_control(), " ");
    if clean.len() <= bytes_max {
        return clean;
    }
    let mut cut = String::new();
    for c in clean.chars() {
        if cut.len() + c.len_utf8() + '…'.len_utf8() > bytes_max {
            break;
        }
        cut.push(c);
    }
    cut + "…"
}

#[cfg(test)]
mod tests;
