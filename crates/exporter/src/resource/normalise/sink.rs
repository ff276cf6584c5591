//! A sink.

mod transport;

use std::collections::BTreeSet;
use std::time::Duration;

use super::reason::{CONFLICT, INVALID};
use super::source::all;
use super::value;
use crate::limits::{
    AGE_MIN, BACKOFF_DEFAULT, BACKOFF_MAX_DEFAULT, BACKOFF_MIN, BATCH_BYTES_MAX, BATCH_BYTES_MIN,
    BATCH_POINTS_MAX, BATCH_TIMEOUT_MAX, IN_FLIGHT_MAX, PAUSE_MAX, POINTS_PER_SECOND_MAX,
    RETRY_ATTEMPTS_MAX,
};
use crate::plan;
use crate::resource::finding::Finding;
use crate::resource::messages;
use crate::resource::path::FieldPath;
use crate::resource::spec::{Batch, Limits, Profile, Retry, Sink};
use crate::resource::wire;

pub(super) fn normalise(
    written: &wire::Sink,
    sources: &BTreeSet<&str>,
    path: FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<Sink> {
    let transport = match (&written.otlp_http, &written.otlp_http_camel) {
        (Some(one), None) => transport::normalise(one, path.field("otlp_http"), findings),
        (None, Some(one)) => transport::normalise(one, path.field("otlpHttp"), findings),
        _ => {
            findings.push(Finding::error(path.clone(), CONFLICT, messages::ONE_TRANSPORT));
            None
        }
    };
    let named = named_sources(written, sources, &path, findings);
    let batch = batch(&written.batch, &path.field("batch"), findings);
    let retry = retry(&written.retry, &path.field("retry"), findings);
    let limits =
        written.limits.as_ref().map(|limits| self::limits(limits, &path.field("limits"), findings));
    Some(Sink {
        name: written.name.clone(),
        otlp_http: transport?,
        sources: all(named)?,
        batch: batch?,
        retry: retry?,
        profile: profile(written.profile),
        temporality: match written.temporality {
            wire::Temporality::Auto => None,
            wire::Temporality::Cumulative => Some(plan::Temporality::Cumulative),
            wire::Temporality::Delta => Some(plan::Temporality::Delta),
        },
        limits: all(limits)?.unwrap_or_default(),
        path,
    })
}

/// Gives the sources that a sink names. A name that is unknown costs nothing but itself.
#[expect(
    clippy::option_option,
    reason = "the outer one says absent, the inner one that none is left"
)]
fn named_sources(
    written: &wire::Sink,
    sources: &BTreeSet<&str>,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<Option<Vec<String>>> {
    if written.sources.is_empty() {
        return None;
    }
    let mut named: Vec<String> = Vec::new();
    for (index, name) in written.sources.iter().enumerate() {
        if !sources.contains(name.as_str()) {
            let path = path.field("sources").item(index);
            let message = format!("{}: `{}`", messages::UNKNOWN_SOURCE, value::shown(name));
            findings.push(Finding::error(path, "UnknownSource", message));
        } else if !named.contains(name) {
            named.push(name.clone());
        }
    }
    Some((!named.is_empty()).then_some(named))
}

fn batch(written: &wire::Batch, path: &FieldPath, findings: &mut Vec<Finding>) -> Option<Batch> {
    let bounds = Duration::ZERO..=BATCH_TIMEOUT_MAX;
    let timeout = value::duration(
        &written.timeout,
        bounds,
        messages::BATCH_TIMEOUT,
        &path.field("timeout"),
        findings,
    );
    let points =
        value::number(written.max_size, 1..=BATCH_POINTS_MAX, &path.field("maxSize"), findings);
    let bytes = written.max_bytes.as_ref().map(|written| {
        let bytes = value::bytes(written)
            .filter(|bytes| (BATCH_BYTES_MIN..=BATCH_BYTES_MAX).contains(bytes));
        if bytes.is_none() {
            findings.push(Finding::error(path.field("maxBytes"), INVALID, messages::BATCH_BYTES));
        }
        bytes
    });
    Some(Batch {
        is_enabled: written.enabled,
        timeout: timeout?,
        points_max: points?,
        bytes_max: all(bytes)?,
    })
}

fn retry(written: &wire::Retry, path: &FieldPath, findings: &mut Vec<Finding>) -> Option<Retry> {
    let attempts: Option<u32> = value::number(
        written.max_attempts,
        1..=RETRY_ATTEMPTS_MAX,
        &path.field("maxAttempts"),
        findings,
    );
    let backoff = match (&written.backoff, &written.backoff_duration) {
        (None, None) => Some(BACKOFF_DEFAULT),
        (Some(_), Some(_)) => {
            findings.push(Finding::error(path.clone(), CONFLICT, messages::ONE_BACKOFF));
            None
        }
        (Some(text), None) => {
            let path = path.field("backoff");
            value::duration(text, BACKOFF_MIN..=PAUSE_MAX, messages::BACKOFF, &path, findings)
        }
        (None, Some(text)) => {
            let path = path.field("backoffDuration");
            value::duration(
                text,
                BACKOFF_MIN..=PAUSE_MAX,
                messages::BACKOFF_DURATION,
                &path,
                findings,
            )
        }
    };
    let backoff_max = match &written.max_backoff {
        None => backoff.map(|backoff| backoff.max(BACKOFF_MAX_DEFAULT)),
        Some(text) => {
            let bounds = Duration::ZERO..=PAUSE_MAX;
            value::duration(
                text,
                bounds,
                messages::LONGEST_PAUSE,
                &path.field("maxBackoff"),
                findings,
            )
        }
    };
    let (backoff, backoff_max) = (backoff?, backoff_max?);
    if backoff_max < backoff {
        findings.push(Finding::error(path.clone(), CONFLICT, messages::BACKOFF_ORDER));
        return None;
    }
    let keeps = written.enabled && written.on_exhausted == wire::OnExhausted::Hold;
    Some(Retry {
        attempts_max: if written.enabled { attempts? } else { 1 },
        backoff,
        backoff_max,
        on_exhausted: if keeps { plan::OnExhausted::Hold } else { plan::OnExhausted::Drop },
    })
}

fn limits(written: &wire::Limits, path: &FieldPath, findings: &mut Vec<Finding>) -> Option<Limits> {
    const POINTS: std::ops::RangeInclusive<i64> = 1..=POINTS_PER_SECOND_MAX;
    let rate = written
        .points_per_second
        .map(|points| value::number(points, POINTS, &path.field("pointsPerSecond"), findings));
    let burst =
        written.burst.map(|points| value::number(points, POINTS, &path.field("burst"), findings));
    let in_flight = written.in_flight.map(|requests| {
        value::number(requests, 1..=IN_FLIGHT_MAX, &path.field("inFlight"), findings)
    });
    let age = written.max_age.as_ref().map(|text| {
        value::duration(
            text,
            AGE_MIN..=Duration::MAX,
            messages::AGE,
            &path.field("maxAge"),
            findings,
        )
    });
    Some(Limits {
        points_per_second: all(rate)?,
        burst: all(burst)?,
        in_flight_max: all(in_flight)?,
        age_max: all(age)?,
    })
}

fn profile(written: wire::Profile) -> Profile {
    match written {
        wire::Profile::Generic => Profile::Generic,
        wire::Profile::GrafanaCloud => Profile::GrafanaCloud,
        wire::Profile::Datadog => Profile::Datadog,
        wire::Profile::NewRelic => Profile::NewRelic,
        wire::Profile::Dynatrace => Profile::Dynatrace,
        wire::Profile::Elastic => Profile::Elastic,
        wire::Profile::CloudWatch => Profile::CloudWatch,
        wire::Profile::Prometheus => Profile::Prometheus,
    }
}
