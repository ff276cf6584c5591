//! What was delivered to each sink, put together from its lanes.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::super::value::{count, error, time};
use super::super::{
    DropStatus, ExporterStatus, GapStatus, PointsStatus, ResolvedStatus, SinkState, SinkStatus,
};
use super::human;
use crate::limits::{STATUS_DROPS_MAX, STATUS_GAPS_MAX};
use crate::plan::{Compression, Plan, SinkPlan, Temporality};
use crate::report::{LaneReport, LaneState, Report};
use crate::resource::duration;

pub(super) fn next(plan: &Plan, report: &Report, base: &ExporterStatus) -> Vec<SinkStatus> {
    plan.sinks.iter().map(|sink| status(sink, plan.is_suspended, report, base)).collect()
}

fn status(
    sink: &SinkPlan,
    is_suspended: bool,
    report: &Report,
    base: &ExporterStatus,
) -> SinkStatus {
    let lanes: Vec<&LaneReport> =
        report.lanes.iter().filter(|lane| lane.sink == sink.name).collect();
    // Points and gaps are those of older and of late data as well.
    let all: Vec<&LaneReport> = report.all_lanes().filter(|lane| lane.sink == sink.name).collect();
    let before = base.sinks.iter().find(|before| before.name == sink.name);
    // A sink is as far as its last lane.
    let cursors: Option<Vec<_>> = lanes.iter().map(|lane| lane.cursor).collect();
    let through = cursors.and_then(|cursors| cursors.into_iter().min());
    let lag = lanes.iter().map(|lane| lane.lag).max().filter(|_| !is_suspended);
    let late =
        report.sources.iter().filter(|source| lanes.iter().any(|lane| lane.source == source.name));
    let late = late.map(|source| source.late).sum();
    let newest = lanes.iter().filter_map(|lane| lane.error.as_ref()).max_by_key(|error| error.time);
    SinkStatus {
        name: sink.name.clone(),
        state: if is_suspended { SinkState::Suspended } else { worst(&lanes) },
        acked_through: through
            .map(time)
            .or_else(|| before.and_then(|before| before.acked_through.clone())),
        lag_seconds: lag.map(|lag| count(lag.as_secs())),
        points: points(&all, late, before.map(|before| &before.points)),
        next_attempt: lanes.iter().filter_map(|lane| lane.next_attempt).min().map(time),
        last_error: newest.map(error),
        drops: drops(&all, before.map_or(&[], |before| &before.drops)),
        gaps: gaps(&all, before.map_or(&[], |before| &before.gaps)),
        resolved: Some(resolved(sink)),
    }
}

/// The state that somebody has to look at first.
fn worst(lanes: &[&LaneReport]) -> SinkState {
    let rank = |state: LaneState| match state {
        LaneState::Suspended => (0, SinkState::Suspended),
        LaneState::Delivering => (1, SinkState::Delivering),
        LaneState::Starting => (2, SinkState::Starting),
        LaneState::Retrying => (3, SinkState::Retrying),
        LaneState::Exhausted => (4, SinkState::Exhausted),
        LaneState::Held => (5, SinkState::Held),
    };
    let ranked = lanes.iter().map(|lane| rank(lane.state));
    ranked.max_by_key(|(rank, _)| *rank).map_or(SinkState::Starting, |(_, state)| state)
}

/// Counts go on from those of the process before. What it had in flight is read again, so it is not counted there.
fn points(lanes: &[&LaneReport], late: u64, before: Option<&PointsStatus>) -> PointsStatus {
    let zero = PointsStatus::default();
    let before = before.unwrap_or(&zero);
    let sum = |of: fn(&LaneReport) -> u64| count(lanes.iter().map(|lane| of(lane)).sum());
    let plus = |before: i64, of: fn(&LaneReport) -> u64| before.saturating_add(sum(of));
    let settled = [before.acknowledged, before.rejected, before.dropped];
    let settled = settled.into_iter().fold(0_i64, i64::saturating_add);
    PointsStatus {
        read: plus(settled, |lane| lane.points.read),
        sent: plus(before.sent, |lane| lane.points.sent),
        acknowledged: plus(before.acknowledged, |lane| lane.points.acknowledged),
        rejected: plus(before.rejected, |lane| lane.points.rejected),
        dropped: plus(before.dropped, |lane| lane.points.dropped),
        in_flight: sum(|lane| lane.points.in_flight),
        late: before.late.saturating_add(count(late)),
    }
}

/// Why points were dropped, with those of the process before.
fn drops(lanes: &[&LaneReport], before: &[DropStatus]) -> Vec<DropStatus> {
    let mut all: BTreeMap<&str, i64> =
        before.iter().map(|drop| (drop.reason.as_str(), drop.points)).collect();
    for (reason, points) in lanes.iter().flat_map(|lane| &lane.drops) {
        let known = all.entry(reason.word()).or_default();
        *known = known.saturating_add(count(*points));
    }
    let drop = |(reason, points): (&str, i64)| DropStatus { reason: reason.to_owned(), points };
    all.into_iter().take(STATUS_DROPS_MAX).map(drop).collect()
}

/// The newest gaps, with those of the process before.
fn gaps(lanes: &[&LaneReport], before: &[GapStatus]) -> Vec<GapStatus> {
    let of = |lane: &LaneReport| {
        // Lanes of older and of late data have a word behind the name.
        let source = lane.source.split('/').next().unwrap_or_default().to_owned();
        let gap = move |gap: &crate::report::Gap| GapStatus {
            source: source.clone(),
            from: time(gap.window.start),
            to: time(gap.window.end),
            reason: gap.reason.to_owned(),
            points: count(gap.points),
        };
        lane.gaps.iter().map(gap).collect::<Vec<_>>()
    };
    let mut gaps: Vec<GapStatus> = before.to_vec();
    gaps.extend(lanes.iter().flat_map(|lane| of(lane)));
    gaps.sort_by(|one, other| (&one.from, &one.source).cmp(&(&other.from, &other.source)));
    gaps.split_off(gaps.len().saturating_sub(STATUS_GAPS_MAX))
}

fn resolved(sink: &SinkPlan) -> ResolvedStatus {
    let size = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
    ResolvedStatus {
        endpoint: sink.endpoint.to_string(),
        temporality: match sink.temporality {
            Temporality::Cumulative => "cumulative",
            Temporality::Delta => "delta",
        }
        .to_owned(),
        compression: match sink.compression {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
        .to_owned(),
        max_size: size(sink.batch.points_max),
        max_bytes: size(sink.batch.bytes_max),
        in_flight: size(sink.rate.in_flight_max),
        points_per_second: sink.rate.points_per_second.map(count),
        max_age: sink.rate.age_max.map(duration::write),
        out_of_order: sink.accepts.out_of_order.map(duration::write),
    }
}

/// What the columns of `kubectl get` show.
pub(super) struct Summary {
    pub(super) delivered_through: Option<Time>,
    pub(super) lag: Option<String>,
    pub(super) sent: Option<String>,
}

impl Summary {
    pub(super) fn of(status: &ExporterStatus) -> Self {
        Self {
            delivered_through: status.delivered_through.clone(),
            lag: status.lag.clone(),
            sent: status.sent.clone(),
        }
    }
}

pub(super) fn summary(report: &Report, sinks: &[SinkStatus], is_suspended: bool) -> Summary {
    let through: Option<Vec<&Time>> =
        sinks.iter().map(|sink| sink.acked_through.as_ref()).collect();
    let lag = report.lanes.iter().map(|lane| lane.lag).max().filter(|_| !is_suspended);
    let sent = sinks.iter().map(|sink| sink.points.acknowledged).fold(0_i64, i64::saturating_add);
    Summary {
        delivered_through: through.and_then(|all| all.into_iter().min()).cloned(),
        lag: lag.map(human::lag),
        sent: Some(human::points(sent)),
    }
}
