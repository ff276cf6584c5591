//! Samples that come after their window was read, in the real VictoriaMetrics, in compressed time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ktel_delivery::courier::Clock;
use ktel_exporter::cursor::Cursors;
use ktel_exporter::engine::{Engine, Later, OverHttp, Query, Reads, Settings};
use ktel_exporter::plan::{LateData, Tenant};
use ktel_exporter::report::{DropReason, Report};
use ktel_exporter::slice::Slice;
use ktel_exporter::source::{Cuts, Metadata, Part, ReadError, Reader};
use ktel_exporter::time::{Millis, Window};
use ktel_testkit::capture::Http;
use ktel_testkit::wait;

use super::{SOON, Scene, arrived, exported, reader, same, since_1970, sink};

/// How far the time of this test is behind.
static BEHIND: AtomicI64 = AtomicI64::new(0);

fn now() -> Duration {
    since_1970() - Duration::from_millis(BEHIND.load(Ordering::Relaxed).unsigned_abs())
}

fn now_millis() -> Millis {
    Millis(i64::try_from(now().as_millis()).expect("a time"))
}

/// The store, with the time of this test.
#[derive(Debug)]
struct Slowed(Reader);

impl Reads for Slowed {
    fn read<'a>(
        &'a self,
        tenant: &'a Tenant,
        query: Query<'a>,
        window: Window,
        bytes_max: usize,
    ) -> Later<'a, Result<Slice, ReadError>> {
        Reads::read(&self.0, tenant, query, window, bytes_max)
    }

    fn families<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        window: Window,
    ) -> Later<'a, Result<Vec<String>, ReadError>> {
        Reads::families(&self.0, tenant, part, window)
    }

    fn metadata<'a>(
        &'a self,
        tenant: &'a Tenant,
        bytes_max: usize,
    ) -> Later<'a, Result<Metadata, ReadError>> {
        Reads::metadata(&self.0, tenant, bytes_max)
    }

    fn count<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        cuts: &'a Cuts,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        Reads::count(&self.0, tenant, part, cuts, window)
    }

    fn series<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        Reads::series(&self.0, tenant, part, window)
    }

    fn now(&self) -> Later<'_, Result<Millis, ReadError>> {
        Box::pin(std::future::ready(Ok(now_millis())))
    }
}

/// Gives samples of a series, each 15 s.
fn lines(instance: &str, from: Millis, minutes: i64) -> String {
    let times: Vec<i64> = (0..minutes * 4).map(|step| from.0 + step * 15_000).collect();
    let values: Vec<i64> = times.iter().map(|time| time / 15_000 % 1000).collect();
    let line = serde_json::json!({
        "metric": {"__name__": "load", "tenant": "mine", "instance": instance},
        "values": values, "timestamps": times,
    });
    format!("{line}\n")
}

/// Four series are there in time, for four hours; of three others five minutes are missing.
fn import_in_time(scene: &Scene, begin: Millis) {
    for index in 0..4 {
        scene.store.import(&lines(&format!("{index}"), begin, 240));
    }
    for (instance, missing) in [("minute", 25), ("ten-minutes", 20), ("two-hours", 15)] {
        scene.store.import(&lines(instance, begin, missing));
        let after = u64::try_from(missing).expect("it is positive") + 5;
        let from = begin + Duration::from_secs(after * 60);
        scene.store.import(&lines(instance, from, 235 - missing));
    }
}

#[test]
fn what_comes_a_minute_ten_minutes_and_two_hours_late_arrives_once() {
    let scene = Scene::start(0);
    let begin = Millis(scene.begin.0 - 30 * 3_600_000).align_down(Duration::from_secs(3600));
    let (receiver, picky_receiver) = (Http::start(), Http::start());
    let mut picky = sink("picky", &picky_receiver.url());
    picky.accepts.out_of_order = Some(Duration::ZERO);
    let mut plan = scene.plan(vec![sink("a", &receiver.url()), picky]);
    plan.sources[0].begin = begin;
    plan.sources[0].late_data = LateData::Repair;
    let minutes = |minutes: u64| begin + Duration::from_secs(minutes * 60);
    import_in_time(&scene, begin);
    let late = |instance: &str, from: u64| scene.store.import(&lines(instance, minutes(from), 5));
    let at = |minutes: u64| {
        let time = begin + Duration::from_secs(minutes * 60);
        let real = i64::try_from(since_1970().as_millis()).expect("a time");
        BEHIND.store(real - time.0, Ordering::Relaxed);
    };
    at(0);
    let settings = Settings { window: Duration::from_secs(30), ..Settings::default() };
    let clock = Clock { now, jitter: || 0.5 };
    let store = Arc::new(Slowed(reader(&format!("http://{}", scene.store.address()))));
    let engine = Engine::new(store, Arc::new(OverHttp), settings, clock);
    let entered = scene.runtime.enter();
    engine.apply(Arc::new(plan), vec![Arc::default(); 2], Cursors::default());
    drop(entered);
    let report = || -> Option<Arc<Report>> { engine.reports().first().cloned() };
    let read_until = |minutes: u64| {
        let until = begin + Duration::from_secs(minutes * 60);
        wait::until("all is read", SOON, || {
            report()
                .is_some_and(|report| report.lanes.iter().all(|lane| lane.cursor >= Some(until)))
        });
    };
    let found = |count: u64| {
        wait::until("what is late is found and settled", SOON, || {
            report().is_some_and(|report| {
                report.sources[0].late == count
                    && report
                        .repairs
                        .iter()
                        .all(|lane| lane.points.read == count && lane.points.in_flight == 0)
            })
        });
    };
    // Each comes so long after the end of its five minutes, and is found at the next age.
    at(31);
    read_until(30);
    late("minute", 25);
    at(35);
    late("ten-minutes", 20);
    at(36);
    found(20);
    at(91);
    found(40);
    at(140);
    late("two-hours", 15);
    at(421);
    found(60);
    read_until(240);
    let stored = exported(&scene.store);
    same(&arrived(&receiver.requests()), &stored, "nothing is missing and nothing came twice");
    let report = report().expect("it runs");
    let rejected = report.repairs.iter().find(|lane| lane.sink == "picky").expect("a lane");
    assert_eq!(rejected.drops.get(&DropReason::OutOfOrder), Some(&60));
    let in_time = arrived(&picky_receiver.requests());
    assert_eq!(stored.0.len() - in_time.0.len(), 60);
    assert!(report.all_lanes().all(|lane| lane.points.conservation_error() == 0));
}
