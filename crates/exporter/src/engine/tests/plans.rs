//! Plans and credentials that change while data is delivered.

use super::*;
use ktel_delivery::Secret;

#[tokio::test(start_paused = true)]
async fn a_held_lane_goes_on_as_soon_as_its_secret_changes() {
    let scene = Scene::new(100);
    let mut plan = plan("one", "t", vec![source("all")], vec![sink("a", 1)]);
    plan.sinks[0].authentication = Authentication::BearerToken;
    let apply = |token: Option<&str>| {
        let token = token.map(Secret::new);
        let credentials = vec![Arc::new(Credentials { token, ..Credentials::default() })];
        scene.engine.apply(Arc::new(plan.clone()), credentials, Cursors::default());
    };
    apply(None);
    scene.pass(Duration::from_secs(60)).await;
    let lane = scene.lane(0, 0);
    assert_eq!(lane.state, LaneState::Held);
    assert_eq!(lane.error.unwrap().reason, "CredentialsInvalid");
    assert_eq!(scene.store.reads.load(Ordering::Relaxed), 0, "what cannot be sent is not read");
    let a = scene.sinks.get("a");
    a.behave(|_| (Duration::from_millis(5), held()));
    apply(Some("expired"));
    scene.pass(Duration::from_secs(100)).await;
    assert_eq!((scene.lane(0, 0).state, a.requests()), (LaneState::Held, 1));
    scene.pass(Duration::from_secs(240)).await;
    assert_eq!(a.requests(), 2, "it is tried now and then");
    a.works();
    scene.pass(Duration::from_secs(30)).await;
    assert_eq!(a.requests(), 2);
    apply(Some("rotated"));
    scene.pass(Duration::from_secs(20)).await;
    let lane = scene.lane(0, 0);
    assert_eq!(lane.state, LaneState::Delivering);
    scene.pass(Duration::from_secs(60)).await;
    let lane = scene.lane(0, 0);
    assert!(lane.lag < Duration::from_secs(20), "{lane:?}");
    assert_eq!(a.points(), scene.expected(Millis(BEGIN), lane.cursor.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn lanes_between_the_same_source_and_sink_stay_when_the_plan_changes() {
    let scene = Scene::new(100);
    scene.apply(&plan("one", "t", vec![source("a"), source("b")], vec![sink("x", 2)]));
    scene.pass(Duration::from_secs(100)).await;
    let before = scene.lane(0, 1);
    assert_eq!(before.source, "b");
    let begin = now_millis();
    let added = SourcePlan { begin, ..source("c") };
    let mut next = plan("one", "t", vec![added, source("b")], vec![sink("x", 2), sink("y", 1)]);
    next.generation = 2;
    scene.apply(&next);
    scene.pass(Duration::from_secs(100)).await;
    let report = &scene.engine.reports()[0];
    assert_eq!(report.generation, 2);
    let lanes: Vec<_> =
        report.lanes.iter().map(|lane| (lane.source.as_str(), lane.sink.as_str())).collect();
    assert_eq!(BTreeSet::from_iter(lanes), BTreeSet::from([("b", "x"), ("c", "x"), ("c", "y")]));
    for lane in &report.lanes {
        let from = if lane.source == "b" { Millis(BEGIN) } else { begin };
        let expected = scene.expected(from, lane.cursor.unwrap());
        assert_eq!(lane.points.acknowledged, expected, "{lane:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_suspended_exporter_reads_and_sends_nothing_and_goes_on_where_it_was() {
    let scene = Scene::new(100);
    let mut plan = plan("one", "t", vec![source("all")], vec![sink("a", 1)]);
    scene.apply(&plan);
    scene.pass(Duration::from_secs(60)).await;
    plan.is_suspended = true;
    scene.apply(&plan);
    scene.pass(Duration::from_secs(5)).await;
    let (reads, requests) =
        (scene.store.reads.load(Ordering::Relaxed), scene.sinks.get("a").requests());
    scene.pass(Duration::from_secs(300)).await;
    assert_eq!(scene.lane(0, 0).state, LaneState::Suspended);
    assert_eq!(scene.store.reads.load(Ordering::Relaxed), reads);
    assert_eq!(scene.sinks.get("a").requests(), requests);
    plan.is_suspended = false;
    scene.apply(&plan);
    scene.pass(Duration::from_secs(60)).await;
    let lane = scene.lane(0, 0);
    assert!(lane.lag < Duration::from_secs(20), "{lane:?}");
    let a = scene.sinks.get("a");
    assert_eq!(a.points(), scene.expected(Millis(BEGIN), lane.cursor.unwrap()));
    assert_eq!(a.repeats(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_what_is_under_way_and_another_engine_repeats_nothing() {
    let scene = Scene::new(2000);
    let a = scene.sinks.get("a");
    a.behave(|_| (Duration::from_secs(3), Judgement::By(Verdict::Accepted)));
    let plan = plan("one", "t", vec![source("all")], vec![sink("a", 1)]);
    scene.apply(&plan);
    scene.pass(Duration::from_secs(120)).await;
    let reports = scene.engine.stop(Duration::from_secs(20)).await;
    let accepted = a.points();
    assert_eq!(reports[0].lanes[0].points.acknowledged, accepted);
    let cursors = Cursors::of(&reports[0]);
    let (store, sinks) = (Arc::clone(&scene.store), Arc::clone(&scene.sinks));
    let next = Engine::new(store, sinks, settings(), clock());
    a.works();
    next.apply(Arc::new(plan), vec![Arc::default()], cursors);
    sleep(Duration::from_secs(60)).await;
    let cursor = next.reports()[0].lanes[0].cursor.unwrap();
    assert!(cursor > now_millis() - Duration::from_secs(40));
    assert_eq!(a.points(), scene.expected(Millis(BEGIN), cursor));
    // At most the window that was under way.
    assert!(a.repeats() <= 4 + 8, "{}", a.repeats());
}

#[tokio::test(start_paused = true)]
async fn an_exporter_that_is_removed_ends_at_once() {
    let scene = Scene::new(100);
    let plan = plan("one", "t", vec![source("all")], vec![sink("a", 1)]);
    scene.apply(&plan);
    scene.pass(Duration::from_secs(60)).await;
    scene.engine.remove(&plan.id);
    assert!(scene.engine.reports().is_empty());
    let requests = scene.sinks.get("a").requests();
    scene.pass(Duration::from_secs(60)).await;
    assert_eq!(scene.sinks.get("a").requests(), requests);
    assert_eq!(scene.engine.memory_used(), (0, 0));
    assert!(scene.engine.reports().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_only_its_exporter_which_begins_again_where_it_was() {
    let scene = Scene::new(100);
    for name in ["bad", "good"] {
        scene.apply(&plan(name, "t", vec![source("all")], vec![sink(name, 1)]));
    }
    scene.pass(Duration::from_secs(100)).await;
    let bad = scene.sinks.get("bad");
    bad.behave(|_| panic!("a bug"));
    scene.pass(Duration::from_secs(30)).await;
    assert!(scene.lane(1, 0).lag < Duration::from_secs(20));
    // The panic poisoned the lock of the sink.
    bad.behaviour.clear_poison();
    bad.works();
    scene.pass(Duration::from_secs(60)).await;
    let lane = scene.lane(0, 0);
    assert!(lane.lag < Duration::from_secs(20), "{lane:?}");
    assert_eq!(bad.points(), scene.expected(Millis(BEGIN), lane.cursor.unwrap()));
    assert_eq!(lane.points.acknowledged, bad.points());
}

#[tokio::test(start_paused = true)]
async fn older_data_is_sent_beside_the_new_at_its_own_rate_and_to_its_end() {
    use crate::plan::Backfill;
    let scene = Scene::new(100);
    let from = Millis(BEGIN - 7_203_500);
    let mut plan = plan("one", "t", vec![source("all")], vec![sink("a", 1)]);
    plan.sources[0].begin = Millis(BEGIN - 1234);
    plan.sources[0].backfill = Some(Backfill { from, rate_max: Some(200) });
    scene.apply(&plan);
    scene.pass(Duration::from_secs(100)).await;
    let report = scene.engine.reports()[0].clone();
    assert!(report.lanes[0].lag <= Duration::from_secs(20), "{report:?}");
    let older = &report.backfills[0];
    assert!((10_000..=21_000).contains(&older.points.sent), "{older:?}");
    assert!(older.lag > Duration::from_secs(3000));
    let cursors = Cursors::of(&report);
    assert_eq!(cursors.get("all/backfill", "a"), older.cursor);
    scene.pass(Duration::from_secs(200)).await;
    let report = scene.engine.reports()[0].clone();
    let older = &report.backfills[0];
    assert_eq!((older.cursor, older.lag), (Some(Millis(BEGIN - 1234)), Duration::ZERO));
    let cursor = report.lanes[0].cursor.unwrap();
    let a = scene.sinks.get("a");
    assert_eq!(a.points(), scene.expected(from, cursor));
    assert_eq!(a.repeats(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_edit_holds_at_once_though_a_new_secret_is_not_known_yet() {
    let scene = Scene::new(100);
    let both = plan("one", "t", vec![source("all")], vec![sink("a", 1), sink("b", 1)]);
    scene.apply(&both);
    scene.pass(Duration::from_secs(60)).await;
    // `b` is removed, and `c` waits for its Secret.
    let mut next = plan("one", "t", vec![source("all")], vec![sink("a", 1), sink("c", 1)]);
    next.sinks[1].authentication = Authentication::BearerToken;
    let begin = now_millis();
    let mut cursors = Cursors::default();
    cursors.set("all", "c", begin);
    let apply = |credentials: Credentials| {
        let credentials = vec![Arc::default(), Arc::new(credentials)];
        scene.engine.apply(Arc::new(next.clone()), credentials, cursors.clone());
    };
    apply(Credentials::pending());
    let (before, reads) =
        (scene.sinks.get("b").requests(), scene.store.reads.load(Ordering::Relaxed));
    scene.pass(Duration::from_secs(100)).await;
    assert_eq!(scene.sinks.get("b").requests(), before, "it is gone");
    assert!(scene.lane(0, 0).lag < Duration::from_secs(20), "the other one goes on");
    let c = scene.lane(0, 1);
    assert_eq!((c.state, c.error), (LaneState::Starting, None));
    assert_eq!(scene.sinks.get("c").requests(), 0);
    let read = scene.store.reads.load(Ordering::Relaxed) - reads;
    assert!(read <= 12, "what cannot be sent is not read: {read}");
    let token = Some(Secret::new("t0ken"));
    apply(Credentials { token, ..Credentials::default() });
    scene.pass(Duration::from_secs(60)).await;
    let c = scene.lane(0, 1);
    assert!(c.lag < Duration::from_secs(20), "{c:?}");
    assert_eq!(scene.sinks.get("c").points(), scene.expected(begin, c.cursor.unwrap()));
}
