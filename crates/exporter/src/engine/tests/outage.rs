//! Long troubles.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_outage_of_four_hours_loses_nothing_and_takes_no_memory() {
    let scene = Scene::new(400);
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("a", 1)]));
    scene.pass(Duration::from_secs(60)).await;
    let a = scene.sinks.get("a");
    a.behave(|_| (Duration::from_millis(5), retry(Trouble::Unreachable)));
    let before = a.requests();
    for _ in 0..48 {
        scene.pass(Duration::from_secs(300)).await;
        let (_, sending) = scene.engine.memory_used();
        assert!(sending < 2 << 20, "{sending} bytes are held");
    }
    let asked = a.requests() - before;
    assert!(asked < 48 * 10, "it was asked {asked} times");
    assert!(scene.lane(0, 0).lag > Duration::from_secs(3 * 3600 + 3000));
    a.works();
    let begun = Instant::now();
    while scene.lane(0, 0).lag > Duration::from_secs(20) {
        scene.pass(Duration::from_secs(1)).await;
        assert!(begun.elapsed() < Duration::from_secs(600), "{:?}", scene.lane(0, 0));
    }
    scene.pass(Duration::from_secs(15)).await;
    let cursor = scene.lane(0, 0).cursor.unwrap();
    assert!(a.points() >= scene.expected(Millis(BEGIN), cursor));
    assert_eq!(scene.lane(0, 0).points.dropped, 0);
    assert!(scene.lane(0, 0).gaps.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_stops_reads_and_nothing_else() {
    let scene = Scene::new(100);
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("a", 1)]));
    scene.pass(Duration::from_secs(100)).await;
    *scene.store.is_down.lock().unwrap() = true;
    scene.pass(Duration::from_secs(1000)).await;
    let report = &scene.engine.reports()[0];
    assert_eq!(report.sources[0].error.as_ref().unwrap().reason, "StoreUnavailable");
    assert!(report.lanes[0].lag > Duration::from_secs(900));
    assert_eq!(report.lanes[0].state, LaneState::Delivering);
    *scene.store.is_down.lock().unwrap() = false;
    scene.pass(Duration::from_secs(120)).await;
    let report = &scene.engine.reports()[0];
    assert_eq!(report.sources[0].error, None);
    let cursor = report.lanes[0].cursor.unwrap();
    assert!(cursor > now_millis() - Duration::from_secs(40));
    assert_eq!(scene.sinks.get("a").points(), scene.expected(Millis(BEGIN), cursor));
    assert_eq!(scene.sinks.get("a").repeats(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_busy_store_is_left_alone_by_everybody() {
    let scene = Scene::new(10);
    for name in ["one", "two"] {
        scene.apply(&plan(name, "t", vec![source("all")], vec![sink(name, 1)]));
    }
    scene.pass(Duration::from_secs(60)).await;
    let after = Some(Duration::from_secs(100));
    scene.store.faults.lock().unwrap().push(ReadError::Busy { after, message: "busy".into() });
    scene.pass(Duration::from_secs(20)).await;
    let reads = scene.store.reads.load(Ordering::Relaxed);
    scene.pass(Duration::from_secs(75)).await;
    assert_eq!(scene.store.reads.load(Ordering::Relaxed), reads);
    scene.pass(Duration::from_secs(60)).await;
    assert!(scene.lane(0, 0).lag < Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_slice_that_is_too_large_is_read_in_parts_which_are_remembered() {
    // 40 000 series take more than a part may.
    let scene = Scene::new(40_000);
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("a", 1)]));
    scene.pass(Duration::from_secs(90)).await;
    let report = &scene.engine.reports()[0];
    assert_eq!(report.sources[0].error, None);
    let cursor = report.lanes[0].cursor.unwrap();
    assert!(cursor > now_millis() - Duration::from_secs(40), "{report:?}");
    let a = scene.sinks.get("a");
    assert!(a.points() >= scene.expected(Millis(BEGIN), cursor));
    assert_eq!(a.repeats(), 0);
}

#[tokio::test(start_paused = true)]
async fn data_that_is_older_than_a_sink_wants_is_dropped_and_counted() {
    let scene = Scene::new(10);
    let mut picky = sink("a", 1);
    picky.rate.age_max = Some(Duration::from_secs(600));
    let a = scene.sinks.get("a");
    a.behave(|_| (Duration::from_millis(5), retry(Trouble::Unreachable)));
    scene.apply(&plan("one", "t", vec![source("all")], vec![picky]));
    scene.pass(Duration::from_secs(3600)).await;
    a.works();
    scene.pass(Duration::from_secs(120)).await;
    let lane = scene.lane(0, 0);
    assert!(lane.gaps.iter().all(|gap| gap.reason == "TooOld"), "{:?}", lane.gaps);
    assert!(lane.points.dropped >= 3000 / 15 * 10 - 200, "{:?}", lane.points);
    assert_eq!(lane.points.read, scene.expected(Millis(BEGIN), lane.cursor.unwrap()));
}
