//! Sources that select more series than a tenant may have.

use super::*;
use crate::report::SourceFault;
use crate::settings::TenantLimits;

const MOST: u64 = 1000;

fn limited() -> Settings {
    Settings { tenant: TenantLimits { series_max: MOST, ..TenantLimits::default() }, ..settings() }
}

/// Selects what matches, by a source of this name.
fn selecting(name: &str, selector: &str) -> SourcePlan {
    let selection = Selection::Raw(vec![selector.parse().unwrap()]);
    SourcePlan { selection, ..source(name) }
}

/// A source with 2000 series, and one with 400; each has a sink.
fn two_sources() -> Plan {
    let sources = vec![source("all"), selecting("few", r#"{__name__=~"metric_00."}"#)];
    let to = |name: &str, of: usize| SinkPlan { sources: vec![of], ..sink(name, 0) };
    plan("one", "t", sources, vec![to("a", 0), to("b", 1)])
}

#[tokio::test(start_paused = true)]
async fn it_says_so_holds_its_cursor_and_stops_no_other_source() {
    let scene = Scene::with(2000, limited());
    scene.apply(&two_sources());
    scene.pass(Duration::from_secs(200)).await;
    let report = scene.engine.reports()[0].clone();
    let [all, few] = &report.sources[..] else { panic!("{report:?}") };
    let error = all.error.as_ref().unwrap();
    assert_eq!(
        (error.reason, error.message.as_str()),
        (
            "TooManySeries",
            "it has 2000 series in 10 s, and 1000 are allowed: select less, or have the operator raise \
             `limits.tenant.series_max`; nothing is dropped, and it goes on where it stopped"
        )
    );
    assert_eq!(all.series, 2000);
    assert_eq!(all.errors, BTreeMap::from([(SourceFault::TooManySeries, 1)]), "it is not hurried");
    let lane = &report.lanes[0];
    assert_eq!((lane.cursor, lane.points.read), (Some(Millis(BEGIN)), 0));
    assert!(lane.gaps.is_empty());
    assert_eq!((few.error.clone(), few.series), (None, 400));
    let lane = &report.lanes[1];
    assert!(lane.lag < Duration::from_secs(20), "{lane:?}");
    let arrived = scene.sinks.get("b").points();
    assert_eq!(arrived, scene.expected(Millis(BEGIN), lane.cursor.unwrap()) / 5);
}

#[tokio::test(start_paused = true)]
async fn of_a_window_larger_than_memory_nothing_is_sent_before_its_series_are_counted() {
    // A slice may have 1 MiB of 16.
    let tenant = TenantLimits { series_max: 10_000, ..TenantLimits::default() };
    let scene = Scene::with(20_000, Settings { memory_bytes: 16 << 20, tenant, ..settings() });
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("a", 1)]));
    scene.pass(Duration::from_secs(200)).await;
    let report = scene.engine.reports()[0].clone();
    let error = report.sources[0].error.as_ref().unwrap();
    assert!(error.message.starts_with("it has 20000 series in 10 s"), "{error:?}");
    assert_eq!((report.lanes[0].points.read, scene.sinks.get("a").points()), (0, 0));
    assert_eq!(report.lanes[0].cursor, Some(Millis(BEGIN)));
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_where_it_stopped_when_less_is_selected() {
    let scene = Scene::with(2000, limited());
    let mut plan = two_sources();
    scene.apply(&plan);
    scene.pass(Duration::from_secs(200)).await;
    plan.sources[0] = selecting("all", r#"{__name__=~"metric_01."}"#);
    scene.apply(&plan);
    scene.pass(Duration::from_secs(30)).await;
    let report = scene.engine.reports()[0].clone();
    assert_eq!((report.sources[0].error.clone(), report.sources[0].series), (None, 400));
    let lane = &report.lanes[0];
    assert!(lane.lag < Duration::from_secs(20), "{lane:?}");
    let a = scene.sinks.get("a");
    assert_eq!(a.points(), scene.expected(Millis(BEGIN), lane.cursor.unwrap()) / 5);
    assert_eq!(a.repeats(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_where_it_stopped_when_more_is_allowed() {
    let scene = Scene::with(2000, limited());
    let plan = two_sources();
    scene.apply(&plan);
    scene.pass(Duration::from_secs(200)).await;
    // The operator's settings are read when the program starts.
    let scene = Scene { settings: settings(), ..scene }.killed(&plan);
    scene.pass(Duration::from_secs(60)).await;
    let report = scene.engine.reports()[0].clone();
    assert_eq!((report.sources[0].error.clone(), report.sources[0].series), (None, 2000));
    let lane = &report.lanes[0];
    assert!(lane.lag < Duration::from_secs(20), "{lane:?}");
    let arrived = scene.sinks.get("a").points();
    assert_eq!(arrived, scene.expected(Millis(BEGIN), lane.cursor.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_the_selection_before_delays_nothing() {
    let scene = Scene::with(2000, limited());
    let mut plan = two_sources();
    scene.apply(&plan);
    while scene.store.reads.load(Ordering::Relaxed) == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    // The window of everything is being read.
    plan.sources[0] = selecting("all", r#"{__name__=~"metric_01."}"#);
    scene.apply(&plan);
    scene.pass(Duration::from_secs(30)).await;
    let report = scene.engine.reports()[0].clone();
    assert_eq!(report.sources[0].errors, BTreeMap::new());
    assert!(report.lanes[0].lag < Duration::from_secs(20), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_is_behind_reads_narrower_windows_where_series_come_and_go() {
    // 600 in each minute, so a window of two minutes has 1200.
    let scene = Scene::with(600, limited());
    scene.store.churn.store(true, Ordering::Relaxed);
    let a = scene.sinks.get("a");
    a.behave(|_| (Duration::from_millis(5), retry(Trouble::Unreachable)));
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("a", 1)]));
    scene.pass(Duration::from_secs(2400)).await;
    a.works();
    let begun = Instant::now();
    while scene.lane(0, 0).lag > Duration::from_secs(20) {
        scene.pass(Duration::from_secs(1)).await;
        let report = &scene.engine.reports()[0];
        assert!(begun.elapsed() < Duration::from_secs(600), "{report:?}");
    }
    scene.pass(Duration::from_secs(15)).await;
    let report = scene.engine.reports()[0].clone();
    assert_eq!(report.sources[0].errors, BTreeMap::new());
    let cursor = report.lanes[0].cursor.unwrap();
    assert!(a.points() >= scene.expected(Millis(BEGIN), cursor));
    assert_eq!(report.lanes[0].points.dropped, 0);
}
