//! An engine between a store and sinks in memory.

use std::sync::Arc;
use std::time::Duration;

use ktel_testkit::otlp_series::{Labels, Samples};
use tokio::time::{Instant, sleep};

use super::memory_sinks::MemorySinks;
use super::memory_store::{MemoryStore, Wanted};
use super::{HOUR, INTERVAL, STARTED, clock};
use crate::cursor::Cursors;
use crate::engine::{Engine, Settings};
use crate::plan::Plan;
use crate::report::LaneReport;
use crate::time::{Millis, Window};

pub(super) fn settings() -> Settings {
    Settings { window: Duration::from_secs(10), ..Settings::default() }
}

pub(super) struct Scene {
    pub(super) store: Arc<MemoryStore>,
    pub(super) sinks: Arc<MemorySinks>,
    pub(super) engine: Engine,
    pub(super) settings: Settings,
}

impl Scene {
    pub(super) fn new(series: usize) -> Self {
        Self::with(series, settings())
    }

    pub(super) fn with(series: usize, settings: Settings) -> Self {
        STARTED.with(|started| started.set(Some(Instant::now())));
        let (store, sinks) = (MemoryStore::new(series), Arc::new(MemorySinks::default()));
        let engine =
            Engine::new(Arc::clone(&store) as _, Arc::clone(&sinks) as _, settings, clock());
        Self { store, sinks, engine, settings }
    }

    pub(super) fn apply(&self, plan: &Plan) {
        let none = plan.sinks.iter().map(|_| Arc::default()).collect();
        self.engine.apply(Arc::new(plan.clone()), none, Cursors::default());
    }

    /// Gives all that the store will ever have of a time.
    pub(super) fn samples(&self, from: Millis, until: Millis) -> Samples {
        let mut samples = Samples::default();
        let window = Window { start: from, end: until };
        let wanted = Wanted::all(window);
        let slice = self.store.slice("t", wanted, usize::MAX, Millis(i64::MAX)).finish();
        for series in slice.series() {
            let name = std::iter::once(("__name__", series.name()));
            let labels = Labels::new(name.chain(series.labels()));
            for sample in series.samples {
                samples.number(labels.clone(), sample.time.0, sample.value);
            }
        }
        samples
    }

    /// Begins another engine with the same store and sinks, where the one before was killed.
    pub(super) fn killed(self, plan: &Plan) -> Self {
        let cursors = Cursors::of(&self.engine.reports()[0]);
        self.killed_after(plan, cursors)
    }

    /// The same, where these cursors were the last that were saved.
    pub(super) fn killed_after(self, plan: &Plan, cursors: Cursors) -> Self {
        let Self { store, sinks, engine, settings } = self;
        drop(engine);
        let (of_store, of_sinks) = (Arc::clone(&store), Arc::clone(&sinks));
        let engine = Engine::new(of_store, of_sinks, settings, clock());
        let none = plan.sinks.iter().map(|_| Arc::default()).collect();
        engine.apply(Arc::new(plan.clone()), none, cursors);
        Self { store, sinks, engine, settings }
    }

    /// Gives the points of all series in a time.
    pub(super) fn expected(&self, from: Millis, until: Millis) -> u64 {
        let times = (from.0..until.0).filter(|time| time % INTERVAL == 0).map(Millis);
        let at = |time| (0..self.store.series).filter(|index| self.store.has(*index, time)).count();
        times.map(at).sum::<usize>() as u64
    }

    /// Lets time pass, and cursors are saved; memory stays within its bound and the account even all the time.
    pub(super) async fn pass(&self, time: Duration) {
        let until = Instant::now() + time;
        // Hours are looked at less closely.
        let step = if time < HOUR { Duration::from_millis(500) } else { Duration::from_secs(10) };
        while Instant::now() < until {
            sleep(step.min(until - Instant::now())).await;
            let (reading, sending) = self.engine.memory_used();
            let (reading_most, sending_most) = self.engine.memory_limits();
            assert!(reading <= reading_most && sending <= sending_most);
            let (kept, kept_most) = self.engine.memory_kept();
            assert!(kept <= kept_most);
            for report in self.engine.reports() {
                self.engine.saved(&report.id, &Cursors::of(&report));
                for lane in report.all_lanes() {
                    assert_eq!(lane.points.conservation_error(), 0, "{lane:?}");
                }
            }
        }
    }

    pub(super) fn lane(&self, exporter: usize, lane: usize) -> LaneReport {
        self.engine.reports()[exporter].lanes[lane].clone()
    }
}
