//! Runs plans and gives [reports](crate::report). It knows no Kubernetes.
//!
//! An [`Engine`] has one task for each Exporter, which owns its lanes. All share a store, its clock, and two pools of memory
//! that are fair over tenants.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::FutureExt;
use ktel_delivery::courier::Clock;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tracing::error;

use crate::credentials::Credentials;
use crate::cursor::Cursors;
use crate::limits::RESTART_AFTER;
use crate::plan::{ExporterId, Plan};
use crate::report::Report;

mod audit;
mod exporter;
mod fair;
mod kept;
mod ledger;
mod memory;
mod pool;
mod published;
mod read;
mod seams;
mod sketch;
mod tenants;
pub(crate) mod width;
mod world;

pub use fair::FairPool;
pub use memory::Memory;
pub use pool::{Permit, Pool};
pub use seams::{Connects, Later, OverHttp, Query, Reads, Sends};
pub use world::Settings;

use exporter::{Actor, Desired};
use published::Published;
use world::World;

#[cfg(test)]
mod tests;

/// Runs Exporters.
#[derive(Debug)]
pub struct Engine {
    world: Arc<World>,
    published: Arc<Published>,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    exporters: BTreeMap<ExporterId, Controls>,
    tasks: JoinSet<()>,
}

/// What an Exporter is told.
#[derive(Debug)]
struct Controls {
    desired: watch::Sender<Desired>,
    saved: watch::Sender<Arc<Cursors>>,
}

impl Engine {
    /// Makes an engine that reads this store; it runs nothing yet.
    #[must_use]
    pub fn new(
        store: Arc<dyn Reads>,
        connects: Arc<dyn Connects>,
        settings: Settings,
        clock: Clock,
    ) -> Self {
        Self {
            world: Arc::new(World::new(store, connects, settings, clock)),
            published: Arc::new(Published::new()),
            running: Mutex::default(),
        }
    }

    /// Runs a plan, in place of the one that the Exporter has. `credentials` are those of its sinks, in their order.
    /// `saved` are its saved cursors: where lanes begin that do not run yet. A lane that has none begins with its source, and
    /// does not wait for [`saved`](Self::saved). A caller that saves no cursors passes none.
    ///
    /// It has to be called within a runtime.
    pub fn apply(&self, plan: Arc<Plan>, credentials: Vec<Arc<Credentials>>, saved: Cursors) {
        let id = plan.id.clone();
        let saved = Arc::new(saved);
        let desired = Desired { plan, credentials, stop: None };
        let mut running = self.lock();
        while running.tasks.try_join_next().is_some() {}
        if let Some(exporter) = running.exporters.get(&id) {
            // Before the plan, which may have lanes that are new.
            exporter.saved.send_replace(Arc::clone(&saved));
            if exporter.desired.send(desired.clone()).is_ok() {
                return;
            }
        }
        let (desired, of_desired) = watch::channel(desired);
        let (saved, of_saved) = watch::channel(saved);
        running.exporters.insert(id, Controls { desired, saved });
        let (world, published) = (Arc::clone(&self.world), Arc::clone(&self.published));
        running.tasks.spawn(supervise(world, published, of_desired, of_saved));
    }

    /// Says that these cursors of an Exporter are saved. Lanes may wait for it: see [`save_wanted`](Self::save_wanted).
    pub fn saved(&self, id: &ExporterId, cursors: &Cursors) {
        if let Some(exporter) = self.lock().exporters.get(id) {
            exporter.saved.send_if_modified(|saved| {
                let is_new = **saved != *cursors;
                if is_new {
                    *saved = Arc::new(cursors.clone());
                }
                is_new
            });
        }
    }

    /// Stops an Exporter at once, and forgets it. What is under way is not waited for.
    pub fn remove(&self, id: &ExporterId) {
        self.lock().exporters.remove(id);
        self.published.remove(id);
    }

    /// Gives the last report of an Exporter that runs.
    #[must_use]
    pub fn report(&self, id: &ExporterId) -> Option<Arc<Report>> {
        let is_running = self.lock().exporters.contains_key(id);
        self.published.get(id).filter(|_| is_running)
    }

    /// Gives the last report of each Exporter that runs.
    #[must_use]
    pub fn reports(&self) -> Vec<Arc<Report>> {
        let running = self.lock();
        let reports = self.published.lock();
        // One that was removed may have published while it was.
        reports
            .values()
            .filter(|report| running.exporters.contains_key(&report.id))
            .cloned()
            .collect()
    }

    /// Changes whenever a report does.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.published.changes()
    }

    /// Returns when a lane cannot read on before its cursors are saved; its report says which. Only one caller is told.
    pub async fn save_wanted(&self) {
        self.published.save_wanted.notified().await;
    }

    /// Gives the bytes of memory that are in use for what is read and for what is sent.
    #[must_use]
    pub fn memory_used(&self) -> (usize, usize) {
        (self.world.reading.used(), self.world.sending.used())
    }

    /// Gives the bytes of memory that may be used for what is read and for what is sent.
    #[must_use]
    pub fn memory_limits(&self) -> (usize, usize) {
        (self.world.reading.capacity(), self.world.sending.capacity())
    }

    /// Gives the bytes of memory that are kept between reads, and how many may be: what differences need, metadata, and what
    /// the repair of late samples needs.
    #[must_use]
    pub fn memory_kept(&self) -> (usize, usize) {
        (self.world.kept.used(), self.world.kept.capacity())
    }

    /// Sends nothing new, waits for what is under way, at most so long, and gives the last reports.
    pub async fn stop(&self, within: Duration) -> Vec<Arc<Report>> {
        let until = Instant::now() + within;
        let mut tasks = {
            let mut running = self.lock();
            for exporter in running.exporters.values() {
                exporter.desired.send_modify(|desired| desired.stop = Some(until));
            }
            std::mem::take(&mut running.tasks)
        };
        while tasks.join_next().await.is_some() {}
        self.reports()
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().expect("no holder panics")
    }
}

/// Runs an Exporter again when it panics: it goes on where its last report says.
async fn supervise(
    world: Arc<World>,
    published: Arc<Published>,
    mut desired: watch::Receiver<Desired>,
    saved: watch::Receiver<Arc<Cursors>>,
) {
    loop {
        let first = desired.borrow_and_update().clone();
        let id = first.plan.id.clone();
        let earlier = published.get(&id);
        let (world, published) = (Arc::clone(&world), Arc::clone(&published));
        let run = async {
            let actor = Actor::new(world, published, &first, saved.clone(), earlier.as_deref());
            actor.run(&mut desired).await;
        };
        if AssertUnwindSafe(run).catch_unwind().await.is_ok() {
            return;
        }
        error!(namespace = id.namespace, name = id.name, "the Exporter panicked; it begins again");
        // If it is removed meanwhile, it is not missed.
        tokio::select! {
            () = sleep(RESTART_AFTER) => {}
            changed = desired.changed() => if changed.is_err() { return },
        }
    }
}
