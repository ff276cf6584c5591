//! A source.

use std::time::Duration;

use jiff::Timestamp;

use super::reason::INVALID;
use super::{selector, value};
use crate::limits::{LAG_MAX, POINTS_PER_SECOND_MAX, STEP_DEFAULT, STEP_MAX, STEP_MIN};
use crate::plan::{Backfill, LateData};
use crate::resource::finding::Finding;
use crate::resource::messages;
use crate::resource::path::FieldPath;
use crate::resource::quotes::Query;
use crate::resource::spec::{Metrics, Source};
use crate::resource::wire;
use crate::time::Millis;

pub(super) fn normalise(
    written: &wire::Source,
    path: FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<Source> {
    // All parts are read before one of them ends it, so that all findings are there at once.
    let metrics = metrics(&written.metrics, &path.field("metrics"), findings);
    let backfill = written
        .backfill
        .as_ref()
        .map(|written| backfill(written, &path.field("backfill"), findings));
    let lag = written.min_lag.as_ref().map(|text| {
        value::duration(
            text,
            Duration::ZERO..=LAG_MAX,
            messages::LAG,
            &path.field("minLag"),
            findings,
        )
    });
    Some(Source {
        name: written.name.clone(),
        metrics: metrics?,
        backfill: all(backfill)?,
        lag_min: all(lag)?,
        late_data: match written.late_data {
            wire::LateData::Off => LateData::Off,
            wire::LateData::Audit => LateData::Audit,
            wire::LateData::Repair => LateData::Repair,
        },
        path,
    })
}

/// Gives what is absent or right; none for what is wrong.
#[expect(
    clippy::option_option,
    reason = "the outer one says absent, the inner one wrong; `all` swaps them"
)]
pub(super) fn all<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(Some(part)) => Some(Some(part)),
        Some(None) => None,
    }
}

fn metrics(
    written: &wire::Metrics,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<Metrics> {
    let query = written.metricsql.as_deref().filter(|text| !text.trim().is_empty()).map(Query::new);
    if let Some((query, first)) =
        query.as_ref().and_then(|query| Some((query, query.first_replaced()?)))
    {
        let message = format!(
            "{} typographic quotes are read as ASCII quotes; write `\"` instead of `“` and `”`",
            query.replaced()
        );
        findings.push(
            Finding::warning(path.field("metricsql"), "TypographicQuotes", message).at(first),
        );
    }
    if query.is_some() && !written.resource_selectors.is_empty() {
        let message = "metricsql and resourceSelectors are both given: a series must match both";
        findings.push(Finding::warning(path.clone(), "QueryAndSelectors", message));
    }
    let selectors = written.resource_selectors.iter().enumerate();
    let selectors: Vec<_> = selectors
        .map(|(index, selector)| {
            selector::normalise(selector, path.field("resourceSelectors").item(index), findings)
        })
        .collect();
    let step = match &written.step {
        Some(text) => value::duration(
            text,
            STEP_MIN..=STEP_MAX,
            messages::STEP,
            &path.field("step"),
            findings,
        ),
        None => Some(STEP_DEFAULT),
    };
    // Selectors are alternatives, so a wrong one costs only what it selects. If none is left, nothing is meant to be
    // sent, and an empty list would select everything.
    let given = selectors.len();
    let selectors: Vec<_> = selectors.into_iter().flatten().collect();
    if selectors.is_empty() && given > 0 {
        return None;
    }
    Some(Metrics { query, selectors, step: step? })
}

fn backfill(
    written: &wire::Backfill,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<Backfill> {
    let from = written.from.parse::<Timestamp>();
    if from.is_err() {
        let message = "is no time; write one as `2026-08-01T00:00:00Z`";
        findings.push(Finding::error(path.field("from"), INVALID, message));
    }
    let rate = written.max_rate.map(|rate| {
        value::number(rate, 1..=POINTS_PER_SECOND_MAX, &path.field("maxRate"), findings)
    });
    Some(Backfill { from: Millis(from.ok()?.as_millisecond()), rate_max: all(rate)? })
}
