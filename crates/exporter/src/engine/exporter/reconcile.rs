//! Makes an Exporter do what its plan says, and keeps what remains of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::source::roles;
use super::{Actor, Desired, Late, Older, Role, RoleName, Route, Sink, Source};
use crate::credentials::Credentials;
use crate::cursor::Place;
use crate::engine::read::Learned;
use crate::lane::{Bucket, Lane, Policy};
use crate::mapping::Shape;
use crate::partition::Partition;
use crate::plan::{RatePlan, SinkPlan};
use crate::report::{Audits, Problem, Report, SinkFault};

impl Actor {
    /// Changes to another plan, or to other credentials. Lanes between the same source and sink go on; a selection that
    /// changed holds for what is read from now on.
    pub(super) fn reconcile(&mut self, desired: &Desired, earlier: Option<&Report>) {
        let now = Instant::now();
        self.stop = desired.stop;
        self.plan = Arc::clone(&desired.plan);
        if *self.tenant != self.plan.tenant {
            self.tenant = Arc::new(self.plan.tenant.clone());
            self.tenant_name = self.plan.tenant.name.as_str().into();
            self.forget_what_was_read();
        }
        let mut routes: BTreeMap<(String, String, RoleName), (u64, Route)> = BTreeMap::new();
        for (id, route) in std::mem::take(&mut self.lanes) {
            let source = self.sources[route.source].plan.name.clone();
            let sink = self.sinks[route.sink].plan.name.clone();
            routes.insert((source, sink, route.name()), (id, route));
        }
        let old_sources: Vec<String> =
            self.sources.iter().map(|source| source.plan.name.clone()).collect();
        self.sources_as_planned(earlier);
        self.reads_as_planned(&old_sources);
        let changed = self.sinks_as_planned(&desired.credentials, now);
        for sink_index in 0..self.sinks.len() {
            for source_index in self.sinks[sink_index].plan.sources.clone() {
                let Some(source) = self.sources.get(source_index) else { continue };
                let roles = roles(&source.plan);
                let (source, sink) =
                    (source.plan.name.clone(), self.sinks[sink_index].plan.name.clone());
                for role in roles {
                    let indices = (source_index, sink_index);
                    let (id, mut route) = match routes.remove(&(source.clone(), sink.clone(), role))
                    {
                        Some((id, route)) => {
                            (id, Route { source: source_index, sink: sink_index, ..route })
                        }
                        None => (self.id(), self.new_route(indices, role, earlier, now)),
                    };
                    self.update(id, &mut route, &changed, now);
                    self.lanes.insert(id, route);
                }
            }
        }
        // Those that are gone: requests are answered to nobody, reads go on for the others.
        for ((source, ..), (id, route)) in routes {
            self.release(id);
            if let Role::Late(mut late) = route.role
                && let Some(source) = self.sources.iter_mut().find(|one| one.plan.name == source)
            {
                let time = self.world.now();
                late.abandon().into_iter().for_each(|window| source.audit.repaired(window, time));
            }
        }
        self.report();
    }

    /// Reads everything again that is not under way, since it may have been another tenant's.
    fn forget_what_was_read(&mut self) {
        for read in self.reads.drain(..) {
            read.task.abort();
        }
        for route in self.lanes.values_mut() {
            route.lane.release();
        }
        for source in &mut self.sources {
            (source.states, source.learned) = (Vec::new(), Learned::default());
            source.partition = Partition::default();
        }
    }

    fn sources_as_planned(&mut self, earlier: Option<&Report>) {
        let mut old: BTreeMap<String, Source> = std::mem::take(&mut self.sources)
            .into_iter()
            .map(|source| (source.plan.name.clone(), source))
            .collect();
        for plan in &self.plan.sources {
            let source = match old.remove(&plan.name) {
                Some(source) => source.with(plan, &self.world),
                None => Source::new(plan, &self.world, self.audits(&plan.name, earlier).as_ref()),
            };
            self.sources.push(source);
        }
    }

    /// Gives what was read of a source before this began.
    fn audits(&self, source: &str, earlier: Option<&Report>) -> Option<Audits> {
        let known = earlier.map(|report| report.sources.iter().find(|known| known.name == source));
        match known {
            Some(known) => known.map(|known| known.audits.clone()),
            None => self.saved.borrow().audits(source).cloned(),
        }
    }

    /// Reads name sources by index, which may be another one now.
    fn reads_as_planned(&mut self, old_sources: &[String]) {
        let sources = &self.sources;
        self.reads.retain_mut(|read| {
            let name = &old_sources[read.source];
            match sources.iter().position(|source| source.plan.name == *name) {
                Some(index) => read.source = index,
                None => {
                    read.task.abort();
                    return false;
                }
            }
            true
        });
        self.together.clear();
    }

    /// Gives the sinks whose address or credentials changed.
    fn sinks_as_planned(&mut self, credentials: &[Arc<Credentials>], now: Instant) -> Vec<bool> {
        let mut old: BTreeMap<String, Sink> = std::mem::take(&mut self.sinks)
            .into_iter()
            .map(|sink| (sink.plan.name.clone(), sink))
            .collect();
        let none = Arc::new(Credentials::default());
        let mut changed = Vec::new();
        for (index, plan) in self.plan.sinks.iter().enumerate() {
            let own = credentials.get(index).unwrap_or(&none);
            let mut sink = match old.remove(&plan.name) {
                Some(sink) if sink.plan == *plan && sink.credentials == *own => {
                    changed.push(false);
                    self.sinks.push(sink);
                    continue;
                }
                Some(sink) => Sink { plan: plan.clone(), credentials: Arc::clone(own), ..sink },
                None => Sink {
                    plan: plan.clone(),
                    credentials: Arc::clone(own),
                    sends: None,
                    epoch: 0,
                    bucket: Bucket::new(&plan.rate, now),
                    last: 0,
                },
            };
            sink.bucket.set(&plan.rate);
            sink.epoch += 1;
            sink.sends = None;
            changed.push(true);
            self.sinks.push(sink);
        }
        changed
    }

    fn new_route(
        &self,
        (source, sink): (usize, usize),
        role: RoleName,
        earlier: Option<&Report>,
        now: Instant,
    ) -> Route {
        let (from, to) = (&self.sources[source].plan, &self.sinks[sink].plan);
        let (begin, role) = match (role, from.backfill) {
            (RoleName::Older, Some(backfill)) => {
                let rate = RatePlan { points_per_second: backfill.rate_max, burst: 0, ..to.rate };
                let older = Older { until: from.begin, bucket: Bucket::new(&rate, now) };
                (backfill.from.min(from.begin), Role::Older(older))
            }
            (RoleName::Late, _) => (from.begin, Role::Late(Late::default())),
            _ => (from.begin, Role::New),
        };
        let name = role.lane_of(&from.name);
        let saved = self.saved.borrow().place(&name, &to.name).cloned();
        let Place { cursor: begin, widths, parts } = saved.unwrap_or_else(|| begin.into());
        let sent_until = widths.ahead(begin, self.sources[source].width.base());
        let known = earlier.and_then(|report| {
            report.all_lanes().find(|lane| lane.source == name && lane.sink == to.name)
        });
        let (lane, widths, parts) = match known {
            Some(known) => {
                let lane = Lane::new(policy(to), known.cursor.unwrap_or(begin));
                (lane.with_account(known), known.widths.clone(), known.parts.clone())
            }
            None => (Lane::new(policy(to), begin), widths, parts),
        };
        Route {
            source,
            sink,
            shape: shape(to),
            role,
            lane,
            widths,
            parts,
            sent_until,
            waits_for_save: false,
        }
    }

    fn update(&mut self, id: u64, route: &mut Route, changed: &[bool], now: Instant) {
        let sink = &mut self.sinks[route.sink];
        route.lane.set_policy(policy(&sink.plan));
        route.lane.set_suspended(self.plan.is_suspended);
        if let Role::Late(late) = &mut route.role
            && self.sources[route.source].is_selection_new
        {
            // What was read by another selection is not looked at again.
            late.abandon();
            route.lane.abandon();
            for read in &mut self.reads {
                read.members.retain(|member| *member != id);
            }
        }
        if route.shape != shape(&sink.plan) {
            // What waits was made in another way.
            route.shape = shape(&sink.plan);
            route.lane.release();
            for read in &mut self.reads {
                read.members.retain(|member| *member != id);
            }
        }
        if !changed.get(route.sink).copied().unwrap_or(true) && sink.sends.is_some() {
            return;
        }
        if sink.credentials.is_pending {
            route.lane.release();
            return;
        }
        if sink.sends.is_none() {
            match self.world.connects.connect(&sink.plan, &sink.credentials) {
                Ok(sends) => sink.sends = Some(sends),
                Err(error) => {
                    let time = self.world.now();
                    let problem = Problem::new(
                        SinkFault::CredentialsInvalid.word(),
                        None,
                        &whole(&error),
                        time,
                    );
                    route.lane.held(problem, now);
                    return;
                }
            }
        }
        route.lane.corrected(now);
    }
}

fn policy(plan: &SinkPlan) -> Policy {
    Policy { retry: plan.retry, in_flight_max: plan.rate.in_flight_max.max(1) }
}

fn shape(plan: &SinkPlan) -> Shape {
    Shape::of(plan)
}

/// Writes an error and its causes.
pub(super) fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
