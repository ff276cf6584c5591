//! Samples that come after their window was read.

use super::*;
use crate::report::DropReason;

/// The samples of a series in five minutes, which come so long after the end of them.
fn late(series: usize, minute: u64, after: u64) -> Late {
    let start = Millis(BEGIN) + Duration::from_secs(minute * 60);
    let end = start + Duration::from_secs(300);
    Late { series, window: Window { start, end }, came: end + Duration::from_secs(after) }
}

/// Windows of a minute, since hours pass here.
fn scene(series: usize) -> Scene {
    Scene::with(series, Settings { window: Duration::from_secs(60), ..settings() })
}

fn repairing(sinks: Vec<SinkPlan>) -> Plan {
    let mut plan = plan("one", "t", vec![source("all")], sinks);
    plan.sources[0].late_data = LateData::Repair;
    plan
}

/// Three agents that come back after a minute, ten minutes and two hours: 20 samples each.
fn three_agents() -> Vec<Late> {
    vec![late(3, 10, 60), late(4, 20, 600), late(5, 30, 7200)]
}

#[tokio::test(start_paused = true)]
async fn samples_that_come_late_are_counted() {
    let scene = scene(20);
    let mut plan = plan("one", "t", vec![source("all")], vec![sink("a", 1)]);
    plan.sources[0].late_data = LateData::Audit;
    scene.apply(&plan);
    *scene.store.late.lock().unwrap() = vec![late(3, 10, 100)];
    scene.pass(Duration::from_secs(900 + 90)).await;
    assert_eq!(scene.engine.reports()[0].sources[0].late, 0);
    scene.pass(Duration::from_secs(300)).await;
    assert_eq!(scene.engine.reports()[0].sources[0].late, 20);
    let missing = scene.sinks.get("a").points() + 20;
    assert_eq!(missing, scene.expected(Millis(BEGIN), scene.lane(0, 0).cursor.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn what_came_late_is_sent_once_and_nothing_else_again() {
    let scene = scene(20);
    let mut picky = sink("picky", 1);
    picky.accepts.out_of_order = Some(Duration::ZERO);
    let (a, b) = (scene.sinks.get("a"), scene.sinks.get("picky"));
    a.keep();
    b.keep();
    scene.apply(&repairing(vec![sink("a", 1), picky]));
    *scene.store.late.lock().unwrap() = three_agents();
    scene.pass(Duration::from_secs(8 * 3600)).await;
    let report = scene.engine.reports()[0].clone();
    assert_eq!(report.sources[0].late, 60);
    let of = |sink: &str| report.repairs.iter().find(|lane| lane.sink == sink).unwrap();
    assert_eq!((of("a").points.acknowledged, of("a").points.read), (60, 60));
    assert_eq!(of("picky").drops.get(&DropReason::OutOfOrder), Some(&60));
    assert_eq!(of("picky").points.sent, 0);
    let cursor = report.lanes[0].cursor.unwrap();
    let expected = scene.samples(Millis(BEGIN), cursor);
    assert_eq!(a.kept().difference(&expected), Vec::<String>::new());
    let missing = expected.0.len() - b.kept().0.len();
    assert_eq!(missing, 60, "it got what was in time");
}

#[tokio::test(start_paused = true)]
async fn more_than_the_sketch_can_tell_apart_arrives_all_the_same() {
    let scene = scene(200);
    scene.sinks.get("a").keep();
    scene.apply(&repairing(vec![sink("a", 1)]));
    *scene.store.late.lock().unwrap() = (0..60).map(|series| late(series, 10, 60)).collect();
    scene.pass(Duration::from_secs(2 * 3600)).await;
    let cursor = scene.lane(0, 0).cursor.unwrap();
    let expected = scene.samples(Millis(BEGIN), cursor);
    let arrived = scene.sinks.get("a").kept();
    assert!(arrived.0.keys().eq(expected.0.keys()));
    let repeats: usize = arrived.0.values().map(|count| count - 1).sum();
    // 140 series were in time. Some of them share a cell with one that was not.
    assert!(repeats < 140 * 20 / 2, "{repeats}");
}

#[tokio::test(start_paused = true)]
async fn after_a_kill_the_numbers_are_still_known_and_nothing_is_missed() {
    let scene = scene(20);
    let plan = repairing(vec![sink("a", 1)]);
    let a = scene.sinks.get("a");
    a.keep();
    scene.apply(&plan);
    *scene.store.late.lock().unwrap() = three_agents();
    // After the first agent, and before the others are found.
    scene.pass(Duration::from_secs(1500)).await;
    let scene = scene.killed(&plan);
    scene.pass(Duration::from_secs(8 * 3600)).await;
    let cursor = scene.lane(0, 0).cursor.unwrap();
    let expected = scene.samples(Millis(BEGIN), cursor);
    let arrived = a.kept();
    assert!(arrived.0.keys().eq(expected.0.keys()), "everything arrived");
    // What is read after the restart is known exactly; of the five minutes of the second agent that is not.
    let repeats: usize = arrived.0.values().map(|count| count - 1).sum();
    assert!(repeats <= 2 * 20 * 20 + 20 * 2, "{repeats}");
}

#[tokio::test(start_paused = true)]
async fn a_dead_sink_delays_no_repair_of_another_and_gets_its_own_later() {
    let scene = scene(20);
    let (alive, dead) = (scene.sinks.get("alive"), scene.sinks.get("dead"));
    alive.keep();
    dead.keep();
    scene.apply(&repairing(vec![sink("alive", 1), sink("dead", 1)]));
    *scene.store.late.lock().unwrap() = vec![late(3, 10, 60), late(4, 60, 60)];
    // It dies after it got the time of the first agent.
    scene.pass(Duration::from_secs(930)).await;
    dead.behave(|_| (Duration::from_millis(5), retry(Trouble::Unreachable)));
    scene.pass(Duration::from_secs(7200)).await;
    let cursor = scene.lane(0, 0).cursor.unwrap();
    let expected = scene.samples(Millis(BEGIN), cursor);
    assert_eq!(alive.kept().difference(&expected), Vec::<String>::new());
    dead.works();
    scene.pass(Duration::from_secs(3600)).await;
    let cursor = scene.lane(0, 1).cursor.unwrap();
    let expected = scene.samples(Millis(BEGIN), cursor);
    let arrived = dead.kept();
    assert!(arrived.0.keys().eq(expected.0.keys()));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_selects_something_else_does_not_look_at_what_was_before() {
    let scene = scene(20);
    let mut plan = repairing(vec![sink("a", 1)]);
    scene.apply(&plan);
    *scene.store.late.lock().unwrap() = vec![late(3, 10, 60)];
    scene.pass(Duration::from_secs(900 + 30)).await;
    let (ktel_metricsql::Expr::Selector(selector), _) =
        ktel_metricsql::parse("{tenant=\"t\",x!=\"1\"}").unwrap()
    else {
        panic!("it is a selector")
    };
    plan.sources[0].selection = Selection::Raw(vec![selector]);
    scene.apply(&plan);
    scene.pass(Duration::from_secs(7200)).await;
    let report = scene.engine.reports()[0].clone();
    assert_eq!((report.sources[0].late, report.repairs[0].points.read), (0, 0));
}
