//! Windows that are larger than memory.

use super::*;
use crate::settings::TenantLimits;

/// 16 MiB, the least that settings allow: a slice may have 1 MiB.
fn small() -> Settings {
    let tenant = TenantLimits { bytes_per_second: u64::MAX / 2, ..TenantLimits::default() };
    Settings { memory_bytes: 16 << 20, window: Duration::from_secs(30), tenant, ..settings() }
}

#[tokio::test(start_paused = true)]
async fn one_name_with_200_000_series_is_read_in_parts_and_arrives_once() {
    let scene = Scene::with(200_000, small());
    scene.store.names.store(1, Ordering::Relaxed);
    let mut sink = sink("a", 1);
    sink.batch.points_max = 5000;
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink]));
    let begun = Instant::now();
    let acknowledged = || {
        let reports = scene.engine.reports();
        reports.first().map_or(0, |report| report.lanes[0].points.acknowledged)
    };
    while acknowledged() < 400_000 {
        scene.pass(Duration::from_secs(2)).await;
        assert!(begun.elapsed() < Duration::from_secs(900), "{:?}", scene.engine.reports());
    }
    scene.pass(Duration::from_secs(5)).await;
    let report = &scene.engine.reports()[0];
    assert_eq!(report.sources[0].error, None);
    assert_eq!(report.sources[0].series, 200_000);
    let cursor = report.lanes[0].cursor.unwrap();
    assert!(scene.sinks.get("a").points() >= scene.expected(Millis(BEGIN), cursor));
    assert!(cursor > Millis(BEGIN));
    assert_eq!(scene.sinks.get("a").repeats(), 0);
    assert_eq!(report.lanes[0].points.dropped, 0);
}

#[tokio::test(start_paused = true)]
async fn series_that_cannot_be_told_apart_are_dropped_and_counted_and_stop_nothing() {
    let scene = Scene::with(20_000, small());
    scene.store.names.store(2, Ordering::Relaxed);
    scene.store.alike.store(true, Ordering::Relaxed);
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("a", 1)]));
    scene.pass(Duration::from_secs(120)).await;
    let report = &scene.engine.reports()[0];
    let error = report.sources[0].error.as_ref().unwrap();
    assert_eq!(error.reason, "TooLarge");
    let lane = &report.lanes[0];
    assert!(lane.cursor.unwrap() > Millis(BEGIN) + Duration::from_secs(30));
    let dropped = lane.drops[&crate::report::DropReason::TooLarge];
    assert_eq!((dropped, lane.points.dropped), (lane.points.read, lane.points.read));
    assert_eq!(dropped, scene.expected(Millis(BEGIN), lane.cursor.unwrap()));
}
