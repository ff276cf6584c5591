//! Says what an Exporter does.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Actor, Role, RoleName, Route};
use crate::limits::{PARTITIONS_AHEAD_MAX, PARTITIONS_SAVED_BYTES_MAX, REPORT_EVERY};
use crate::partition::Partition;
use crate::report::{Audits, LaneReport, Report, SourceReport};
use crate::since::Since;

impl Actor {
    pub(super) fn report_if_due(&mut self, now: Instant) {
        if now >= self.reported + REPORT_EVERY {
            self.report();
        }
    }

    /// Publishes a report if it differs from the last one.
    pub(super) fn report(&mut self) {
        let now = Instant::now();
        self.reported = now;
        let report = Report {
            id: self.plan.id.clone(),
            generation: self.plan.generation,
            sources: self
                .sources
                .iter()
                .map(|source| SourceReport {
                    name: source.plan.name.clone(),
                    error: source.error.clone(),
                    series: source.series,
                    late: source.late,
                    audits: Audits { of: source.selection, pieces: source.audit.saved() },
                    errors: source.errors.clone(),
                })
                .collect(),
            lanes: self.lane_reports(RoleName::New, now),
            backfills: self.lane_reports(RoleName::Older, now),
            repairs: self.lane_reports(RoleName::Late, now),
        };
        self.published.publish(Arc::new(report));
    }

    fn lane_reports(&self, role: RoleName, now: Instant) -> Vec<LaneReport> {
        let lanes = self.lanes.values().filter(|route| route.name() == role);
        lanes.map(|route| self.lane_report(route, now)).collect()
    }

    fn lane_report(&self, route: &Route, now: Instant) -> LaneReport {
        let (source, sink) = (&self.sources[route.source], &self.sinks[route.sink]);
        let lane = &route.lane;
        let waits = lane.waits(now).filter(|wait| !wait.is_zero());
        LaneReport {
            source: route.role.lane_of(&source.plan.name),
            sink: sink.plan.name.clone(),
            cursor: match route.role {
                Role::New | Role::Older(_) => Some(lane.cursor()),
                Role::Late(_) => None,
            },
            widths: route.widths.clone(),
            parts: self.saved_parts(route),
            waits_for_save: route.waits_for_save,
            lag: self.lag(route),
            state: lane.state(),
            points: lane.points(),
            error: lane.error().cloned(),
            next_attempt: waits.map(|wait| self.world.now() + wait),
            gaps: lane.gaps().to_vec(),
            drops: lane.drops().clone(),
            errors: lane.errors().clone(),
        }
    }

    /// Gives the partitions of a lane that are saved.
    fn saved_parts(&self, route: &Route) -> Since<Partition> {
        let mut parts = route.parts.clone();
        parts.retain(|partition| self.is_savable(partition));
        parts
    }

    /// Says whether a partition is small enough to be saved with those of all lanes.
    pub(super) fn is_savable(&self, partition: &Partition) -> bool {
        partition.bytes()
            <= PARTITIONS_SAVED_BYTES_MAX / (PARTITIONS_AHEAD_MAX * self.lanes.len()).max(1)
    }

    /// Gives how far a lane is behind the newest window that is complete.
    fn lag(&self, route: &Route) -> Duration {
        let source = &self.sources[route.source];
        match &route.role {
            Role::New => {}
            Role::Older(older) => {
                let left = older.until.0.saturating_sub(route.lane.cursor().0);
                return Duration::from_millis(u64::try_from(left).unwrap_or(0));
            }
            Role::Late(_) => return Duration::ZERO,
        }
        // Without the store's clock, ours: it says about how late it is.
        let now = self.world.store_now(Instant::now()).0.unwrap_or_else(|| self.world.now());
        let complete = now - source.plan.lag_min;
        let newest = complete.align_down(route.widths.at(complete, source.width.base()));
        let behind = newest.0.saturating_sub(route.lane.cursor().0);
        Duration::from_millis(u64::try_from(behind).unwrap_or(0))
    }
}
