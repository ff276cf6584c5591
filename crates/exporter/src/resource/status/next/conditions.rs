//! The conditions: what holds, what does not, and since when.

use super::super::facts::Facts;
use super::super::value::{cut, time};
use super::super::{Condition, ConditionStatus, ConditionType, ExporterStatus};
use crate::limits::{CAUGHT_UP_WITHIN, FINDING_BYTES_MAX};
use crate::report::{LaneReport, LaneState, Problem, Report};
use crate::time::Millis;

/// What was decided about a condition.
struct Verdict {
    status: ConditionStatus,
    reason: &'static str,
    message: String,
}

impl Verdict {
    fn holds(reason: &'static str) -> Option<Self> {
        Some(Self { status: ConditionStatus::True, reason, message: String::new() })
    }

    fn fails(reason: &'static str, message: String) -> Option<Self> {
        Some(Self { status: ConditionStatus::False, reason, message })
    }
}

pub(super) fn next(previous: &ExporterStatus, facts: &Facts<'_>, now: Millis) -> Vec<Condition> {
    let verdicts = [
        (ConditionType::Accepted, accepted(facts)),
        (ConditionType::SourcesReady, running(facts, sources_ready)),
        (ConditionType::CredentialsValid, credentials_valid(facts)),
        (ConditionType::Delivering, running(facts, delivering)),
        (ConditionType::CaughtUp, running(facts, caught_up)),
    ];
    let verdicts = verdicts.into_iter();
    let mut conditions: Vec<Condition> =
        verdicts.map(|(kind, verdict)| condition(kind, verdict, previous, facts, now)).collect();
    let ready = ready(&conditions);
    conditions.push(condition(ConditionType::Ready, Some(ready), previous, facts, now));
    conditions
}

/// Makes a condition of a verdict. Where nothing is known yet, what was known before stays: a new process is no news.
fn condition(
    kind: ConditionType,
    verdict: Option<Verdict>,
    previous: &ExporterStatus,
    facts: &Facts<'_>,
    now: Millis,
) -> Condition {
    let before = previous.conditions.iter().find(|before| before.kind == kind);
    let (status, reason, message) = match (verdict, before) {
        (Some(verdict), _) => {
            (verdict.status, verdict.reason.to_owned(), cut(&verdict.message, FINDING_BYTES_MAX))
        }
        (None, Some(before)) if before.observed_generation == Some(facts.generation) => {
            (before.status, before.reason.clone(), before.message.clone())
        }
        (None, _) => (ConditionStatus::Unknown, "Starting".to_owned(), String::new()),
    };
    let since = before.filter(|before| before.status == status);
    let since = since.map_or_else(|| time(now), |before| before.last_transition_time.clone());
    let observed_generation = Some(facts.generation);
    Condition { kind, status, reason, message, last_transition_time: since, observed_generation }
}

fn accepted(facts: &Facts<'_>) -> Option<Verdict> {
    let errors = facts.findings.iter().filter(|finding| finding.is_error()).count();
    let first = facts.findings.iter().find(|finding| finding.is_error());
    let Some(first) = first.or(facts.findings.first()) else { return Verdict::holds("Accepted") };
    let others = facts.findings.len() - 1;
    let others = if others == 0 {
        String::new()
    } else {
        format!(" (and {others} more in status.findings)")
    };
    let message = format!("{first}{others}");
    if errors == 0 {
        return Some(Verdict {
            status: ConditionStatus::True,
            reason: "AcceptedWithWarnings",
            message,
        });
    }
    let is_used = facts.plan.is_some_and(|plan| !plan.sinks.is_empty() && !plan.sources.is_empty());
    Verdict::fails(if is_used { "PartlyInvalid" } else { "Invalid" }, message)
}

/// Decides by the report, unless nothing runs.
fn running(facts: &Facts<'_>, decide: fn(&Report) -> Option<Verdict>) -> Option<Verdict> {
    let Some(plan) = facts.plan else {
        return Verdict::fails("NotAccepted", "nothing of the spec can be used".to_owned());
    };
    if plan.is_suspended {
        let message = "the Exporter is suspended".to_owned();
        return Some(Verdict { status: ConditionStatus::Unknown, reason: "Suspended", message });
    }
    let report = facts.report?;
    if report.generation == facts.generation && report.lanes.is_empty() {
        return Verdict::fails("NotAccepted", "no source leads to any sink".to_owned());
    }
    decide(report)
}

fn sources_ready(report: &Report) -> Option<Verdict> {
    for source in &report.sources {
        if let Some(error) = &source.error {
            return Verdict::fails(
                error.reason,
                format!("source `{}`: {}", source.name, error.message),
            );
        }
    }
    // A source has answered when one of its lanes has got anywhere.
    let has_begun =
        report.lanes.iter().any(|lane| lane.points.read > 0 || lane.state == LaneState::Delivering);
    if has_begun { Verdict::holds("Reading") } else { None }
}

fn credentials_valid(facts: &Facts<'_>) -> Option<Verdict> {
    if let Some(problem) = facts.credentials.first() {
        return Verdict::fails(
            problem.reason,
            format!("sink `{}`: {}", problem.sink, problem.message),
        );
    }
    running(facts, |report| {
        for lane in &report.lanes {
            if let Some(error) = lane.error.as_ref().filter(|error| is_rejection(lane, error)) {
                return Verdict::fails(error.reason, about(lane, error));
            }
        }
        let all_used = report.lanes.iter().all(|lane| lane.points.acknowledged > 0);
        if all_used { Verdict::holds("Valid") } else { None }
    })
}

fn is_rejection(lane: &LaneReport, error: &Problem) -> bool {
    lane.state == LaneState::Held && matches!(error.status, Some(401 | 403))
}

fn delivering(report: &Report) -> Option<Verdict> {
    for lane in &report.lanes {
        let reason = match lane.state {
            LaneState::Starting | LaneState::Delivering => continue,
            LaneState::Retrying => "Retrying",
            LaneState::Exhausted => "AttemptsExhausted",
            LaneState::Held => "Held",
            LaneState::Suspended => "Suspended",
        };
        return match &lane.error {
            Some(error) => Verdict::fails(error.reason, about(lane, error)),
            None => Verdict::fails(reason, format!("sink `{}` does not acknowledge", lane.sink)),
        };
    }
    let all = report.lanes.iter().all(|lane| lane.state == LaneState::Delivering);
    if all { Verdict::holds("Delivering") } else { None }
}

fn caught_up(report: &Report) -> Option<Verdict> {
    let slowest = report.lanes.iter().max_by_key(|lane| lane.lag)?;
    if slowest.lag > CAUGHT_UP_WITHIN {
        let minutes = CAUGHT_UP_WITHIN.as_secs() / 60;
        let message = format!(
            "source `{}` to sink `{}` is more than {minutes} minutes behind",
            slowest.source, slowest.sink
        );
        return Verdict::fails("Behind", message);
    }
    let all_begun = report.lanes.iter().all(|lane| lane.cursor.is_some());
    if all_begun { Verdict::holds("CaughtUp") } else { None }
}

fn about(lane: &LaneReport, error: &Problem) -> String {
    let code = error.status.map(|status| format!(" ({status})")).unwrap_or_default();
    format!("sink `{}`{code}: {}", lane.sink, error.message)
}

/// All of the others, in their order: the first that fails is the cause of what follows.
fn ready(conditions: &[Condition]) -> Verdict {
    let first = |status| conditions.iter().find(|condition| condition.status == status);
    let of = |condition: &Condition, reason| Verdict {
        status: condition.status,
        reason,
        message: format!("{:?} is {:?}: {}", condition.kind, condition.status, said(condition)),
    };
    if let Some(failing) = first(ConditionStatus::False) {
        return of(failing, name(failing.kind));
    }
    if let Some(unknown) = first(ConditionStatus::Unknown) {
        return of(unknown, if unknown.reason == "Suspended" { "Suspended" } else { "Starting" });
    }
    Verdict { status: ConditionStatus::True, reason: "Ready", message: String::new() }
}

fn said(condition: &Condition) -> &str {
    if condition.message.is_empty() { &condition.reason } else { &condition.message }
}

/// The reason of `Ready` when this condition does not hold.
fn name(kind: ConditionType) -> &'static str {
    match kind {
        ConditionType::Accepted => "NotAccepted",
        ConditionType::SourcesReady => "SourcesNotReady",
        ConditionType::CredentialsValid => "CredentialsInvalid",
        ConditionType::Delivering => "NotDelivering",
        ConditionType::CaughtUp => "Behind",
        ConditionType::Ready => "NotReady",
    }
}
