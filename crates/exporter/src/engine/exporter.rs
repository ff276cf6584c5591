//! Runs one Exporter: an actor that owns its lanes, reads and requests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::published::Published;
use super::read::Event;
use super::world::World;
use crate::credentials::Credentials;
use crate::cursor::Cursors;
use crate::limits::{EVENTS_MAX, REPORT_EVERY, TICK};
use crate::plan::Plan;
use crate::report::Report;
use crate::sink::Outcome;

mod auditing;
mod differences;
mod failing;
mod happened;
mod reading;
mod reconcile;
mod repairing;
mod reporting;
mod saving;
mod sending;
mod source;
mod state;
mod wanted;

use state::{Differences, Late, Older, Read, Role, RoleName, Route, Sink, Source};

/// What an Exporter shall do.
#[derive(Debug, Clone)]
pub(super) struct Desired {
    pub(super) plan: Arc<Plan>,
    /// Those of the plan's sinks, in its order.
    pub(super) credentials: Vec<Arc<Credentials>>,
    /// Nothing new is sent; what is under way is waited for until then.
    pub(super) stop: Option<Instant>,
}

/// An Exporter that runs.
pub(super) struct Actor {
    world: Arc<World>,
    published: Arc<Published>,
    plan: Arc<Plan>,
    tenant: Arc<crate::plan::Tenant>,
    tenant_name: Arc<str>,
    /// The cursors that are saved: where new lanes begin, and which widths and partitions may be used.
    saved: watch::Receiver<Arc<Cursors>>,
    sources: Vec<Source>,
    sinks: Vec<Sink>,
    lanes: BTreeMap<u64, Route>,
    reads: Vec<Read>,
    next_id: u64,
    /// Windows that a lane wants which another lane will want soon, and since when.
    together: BTreeMap<(usize, i64, i64), Instant>,
    tasks: JoinSet<()>,
    requests: JoinSet<Answer>,
    events: mpsc::Receiver<Event>,
    give: mpsc::Sender<Event>,
    asks_time: bool,
    /// The store did not say its time: it is not asked again before.
    asks_not_before: Instant,
    stop: Option<Instant>,
    /// When something changed last that the report does not say yet.
    reported: Instant,
}

/// The answer of a sink.
struct Answer {
    lane: u64,
    flight: u64,
    epoch: u64,
    outcome: Outcome,
}

impl Actor {
    pub(super) fn new(
        world: Arc<World>,
        published: Arc<Published>,
        desired: &Desired,
        saved: watch::Receiver<Arc<Cursors>>,
        earlier: Option<&Report>,
    ) -> Self {
        let (give, events) = mpsc::channel(EVENTS_MAX);
        let mut actor = Self {
            world,
            published,
            plan: Arc::clone(&desired.plan),
            tenant: Arc::new(desired.plan.tenant.clone()),
            tenant_name: desired.plan.tenant.name.as_str().into(),
            saved,
            sources: Vec::new(),
            sinks: Vec::new(),
            lanes: BTreeMap::new(),
            reads: Vec::new(),
            next_id: 0,
            together: BTreeMap::new(),
            tasks: JoinSet::new(),
            requests: JoinSet::new(),
            events,
            give,
            asks_time: false,
            asks_not_before: Instant::now(),
            stop: desired.stop,
            reported: Instant::now(),
        };
        actor.reconcile(desired, earlier);
        actor
    }

    /// Runs until it shall stop, or nobody wants it any more.
    pub(super) async fn run(mut self, desired: &mut watch::Receiver<Desired>) {
        loop {
            let now = Instant::now();
            let wakes = self.step(now);
            self.report_if_due(now);
            if self.stop.is_some_and(|until| self.requests.is_empty() || now >= until) {
                break;
            }
            let report_at = self.reported + REPORT_EVERY;
            let wakes = if report_at > now { wakes.min(report_at) } else { wakes };
            tokio::select! {
                // In this order, so that a simulation gives the same each time. Each is bounded, so none starves another.
                biased;
                changed = desired.changed() => {
                    if changed.is_err() {
                        return; // it was removed: nobody asks for its report
                    }
                    let desired = desired.borrow_and_update().clone();
                    self.reconcile(&desired, None);
                }
                // Windows may be read that had to wait for it.
                Ok(()) = self.saved.changed() => {}
                Some(answer) = self.requests.join_next() => {
                    let answer = unwrap(answer);
                    self.answered(answer, Instant::now());
                }
                Some(done) = self.tasks.join_next() => unwrap_read(done),
                Some(event) = self.events.recv() => self.happened(event, Instant::now()),
                () = sleep_until(wakes) => {}
            }
        }
        self.report();
    }

    /// Does all that can be done now; says when there may be more to do.
    fn step(&mut self, now: Instant) -> Instant {
        let mut wakes = now + TICK;
        if self.stop.is_some() {
            self.tasks.abort_all();
            return self.stop.map_or(wakes, |stop| stop.min(wakes));
        }
        self.give_memory_back(now);
        self.settle_differences();
        self.start_repairs(now);
        self.start_reads(now, &mut wakes);
        self.start_audits(now);
        self.start_requests(now, &mut wakes);
        self.give_memory_back(now);
        wakes.max(now + Duration::from_millis(1))
    }

    /// Takes memory from lanes that wait for too long.
    fn give_memory_back(&mut self, now: Instant) {
        let late: Vec<u64> = self
            .lanes
            .iter()
            .filter(|(id, route)| route.lane.should_release(now) || self.is_too_slow(**id, now))
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            self.release(id);
        }
    }

    /// Takes memory from a lane.
    fn release(&mut self, id: u64) {
        if let Some(route) = self.lanes.get_mut(&id) {
            route.lane.release();
        }
        for read in &mut self.reads {
            read.members.retain(|member| *member != id);
        }
        let sources = &mut self.sources;
        self.reads.retain(|read| {
            if read.members.is_empty() {
                read.task.abort();
                if !read.is_repair {
                    sources[read.source].forget_state(read.shape);
                }
            }
            !read.members.is_empty()
        });
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

/// A panic of a task is one of the Exporter.
fn unwrap<T>(result: Result<T, JoinError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => unreachable!("requests are not aborted while the actor runs"),
        },
    }
}

/// As [`unwrap`]; a read may have been aborted.
fn unwrap_read(result: Result<(), JoinError>) {
    if let Err(error) = result
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}
