//! Sinks that are slow, dead, or want less.

use super::*;
use crate::report::{SinkFault, SourceFault};

#[tokio::test(start_paused = true)]
async fn everything_arrives_once_and_soon() {
    let scene = Scene::new(1200);
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("a", 1), sink("b", 1)]));
    scene.pass(Duration::from_secs(300)).await;
    for name in ["a", "b"] {
        let sink = scene.sinks.get(name);
        let cursor = scene.lane(0, 0).cursor.unwrap();
        assert!(cursor >= now_millis() - Duration::from_secs(30), "{cursor:?}");
        assert_eq!(sink.points(), scene.expected(Millis(BEGIN), cursor), "{name}");
        assert_eq!(sink.repeats(), 0);
    }
    // Both lanes were served by one read: 28 windows, perhaps a retry with a larger budget.
    let reads = scene.store.reads.load(Ordering::Relaxed);
    assert!(reads <= 32, "{reads}");
}

#[tokio::test(start_paused = true)]
async fn a_dead_sink_takes_no_memory_and_delays_nobody() {
    let scene = Scene::new(3000);
    let dead = scene.sinks.get("dead");
    dead.behave(|_| (Duration::from_secs(30), retry(Trouble::Timeout)));
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("alive", 1), sink("dead", 1)]));
    let mut late = 0;
    for _ in 0..120 {
        scene.pass(Duration::from_secs(10)).await;
        let alive = scene.lane(0, 0);
        assert_eq!(alive.sink, "alive");
        if alive.lag > Duration::from_secs(20) {
            late += 1;
        }
    }
    assert!(late <= 3, "{late}");
    assert_eq!(scene.lane(0, 1).state, LaneState::Exhausted);
    let requests = dead.requests();
    assert!((10..60).contains(&requests), "it was asked {requests} times in 20 minutes");
    let (_, sending) = scene.engine.memory_used();
    assert!(sending < 2 << 20, "{sending} bytes are held");
    dead.works();
    scene.pass(Duration::from_secs(240)).await;
    let cursor = scene.lane(0, 1).cursor.unwrap();
    assert!(cursor >= now_millis() - Duration::from_secs(60), "{:?}", scene.lane(0, 1));
    scene.pass(Duration::from_secs(20)).await;
    let cursor = scene.lane(0, 1).cursor.unwrap();
    assert!(dead.points() >= scene.expected(Millis(BEGIN), cursor));
}

#[tokio::test(start_paused = true)]
async fn a_slow_sink_delays_only_itself() {
    let scene = Scene::new(8000);
    // 16 requests a window; it manages one each 4 s.
    scene.sinks.get("slow").behave(|_| (Duration::from_secs(4), Judgement::By(Verdict::Accepted)));
    let mut slow = sink("slow", 1);
    slow.rate.in_flight_max = 1;
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("quick", 1), slow]));
    scene.pass(Duration::from_secs(400)).await;
    let quick = scene.lane(0, 0);
    assert!(quick.lag <= Duration::from_secs(30), "{quick:?}");
    let slow = scene.lane(0, 1);
    assert!(slow.points.acknowledged > 0 && slow.lag > Duration::from_secs(60), "{slow:?}");
    assert_eq!(scene.sinks.get("quick").repeats(), 0);
    assert_eq!(scene.sinks.get("slow").repeats(), 0, "what is settled is not sent again");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_takes_little_is_sent_little_at_once() {
    let scene = Scene::new(1000);
    let small = scene.sinks.get("small");
    small.behave(|batch| {
        let judgement = if batch.points() > 130 {
            Judgement::Split { message: "too large".into() }
        } else {
            Judgement::By(Verdict::Accepted)
        };
        (Duration::from_millis(10), judgement)
    });
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("small", 1)]));
    scene.pass(Duration::from_secs(200)).await;
    let lane = scene.lane(0, 0);
    assert_eq!(small.points(), scene.expected(Millis(BEGIN), lane.cursor.unwrap()));
    assert_eq!(lane.points.rejected, 0);
    // The cap is learned: nearly all requests are accepted.
    let accepted: usize = small.accepted.lock().unwrap().values().map(Vec::len).sum();
    assert!(small.requests() <= accepted + 6, "{} for {accepted}", small.requests());
}

#[tokio::test(start_paused = true)]
async fn the_rate_and_the_requests_of_a_sink_are_bounded_over_its_sources() {
    let scene = Scene::new(3000);
    let mut limited = sink("limited", 2);
    limited.rate =
        RatePlan { points_per_second: Some(300), burst: 600, in_flight_max: 2, age_max: None };
    scene
        .sinks
        .get("limited")
        .behave(|_| (Duration::from_secs(2), Judgement::By(Verdict::Accepted)));
    scene.apply(&plan("one", "t", vec![source("a"), source("b")], vec![limited]));
    scene.pass(Duration::from_secs(200)).await;
    let sink = scene.sinks.get("limited");
    assert!(sink.under_way_most.load(Ordering::Relaxed) <= 2);
    let sent: u64 = (0..2).map(|lane| scene.lane(0, lane).points.sent).sum();
    assert!((40_000..=200 * 300 + 600 + 500).contains(&sent), "{sent}");
    let [a, b] = [0, 1].map(|lane| scene.lane(0, lane).points.sent);
    assert!(a.abs_diff(b) <= sent / 4, "the sources take turns: {a}, {b}");
}

#[tokio::test(start_paused = true)]
async fn a_poisonous_tenant_delays_no_other() {
    let scene = Scene::new(1500);
    let poison = scene.sinks.get("poison");
    poison.behave(|_| (Duration::from_secs(25), Judgement::By(Verdict::Accepted)));
    for index in 0..8 {
        let sources = (0..3).map(|source| self::source(&format!("s{source}"))).collect();
        scene.apply(&plan(
            &format!("poison-{index:02}"),
            "poison",
            sources,
            vec![sink("poison", 3)],
        ));
    }
    for index in 0..5 {
        let tenant = format!("tenant-{index}");
        scene.apply(&plan("good", &tenant, vec![source("all")], vec![sink(&tenant, 1)]));
    }
    scene.pass(Duration::from_secs(200)).await;
    for report in scene.engine.reports() {
        if report.id.namespace != "poison" {
            let lag = report.lanes[0].lag;
            assert!(lag <= Duration::from_secs(30), "{lag:?} of {:?}", report.id);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn errors_are_counted_by_their_reason() {
    let scene = Scene::new(100);
    let partly = Verdict::PartlyAccepted { rejected: 7, message: "old".into() };
    let warning = Verdict::PartlyAccepted { rejected: 0, message: "slow".into() };
    let mut answers = vec![
        retry(Trouble::Timeout),
        retry(Trouble::Timeout),
        retry(Trouble::Throttled),
        Judgement::By(partly),
        Judgement::By(warning),
        Judgement::Split { message: "too large".into() },
    ];
    answers.reverse();
    scene.sinks.get("a").behave(move |_| {
        let answer = answers.pop().unwrap_or(Judgement::By(Verdict::Accepted));
        (Duration::from_millis(5), answer)
    });
    scene.apply(&plan("one", "t", vec![source("all")], vec![sink("a", 1)]));
    let unavailable = || ReadError::Unavailable { message: "down".into() };
    scene.store.faults.lock().unwrap().extend([unavailable(), unavailable()]);
    scene.pass(Duration::from_secs(120)).await;
    let report = &scene.engine.reports()[0];
    let expected = BTreeMap::from([
        (SinkFault::Timeout, 2),
        (SinkFault::Throttled, 1),
        (SinkFault::TooLarge, 1),
        (SinkFault::PartialSuccess, 1),
    ]);
    assert_eq!(report.lanes[0].errors, expected);
    let expected = BTreeMap::from([(SourceFault::StoreUnavailable, 2)]);
    assert_eq!(report.sources[0].errors, expected);
    assert_eq!(report.lanes[0].points.rejected, 7);
}

#[tokio::test(start_paused = true)]
async fn points_of_small_windows_are_put_together_for_as_long_as_they_may_wait() {
    let settings = Settings { window: Duration::from_secs(1), ..settings() };
    let scene = Scene::with(10, settings);
    let mut patient = sink("patient", 1);
    patient.batch.timeout = Duration::from_secs(40);
    let mut hasty = sink("hasty", 1);
    hasty.batch.is_enabled = false;
    scene.apply(&plan("one", "t", vec![source("all")], vec![patient, hasty]));
    scene.pass(Duration::from_secs(600)).await;
    let requests = ["patient", "hasty"].map(|name| scene.sinks.get(name).requests());
    // A sample each 15 s: one has two or three of them in a request, the other one.
    assert!((15..=22).contains(&requests[0]), "{requests:?}");
    assert!((36..=40).contains(&requests[1]), "{requests:?}");
    let lanes = &scene.engine.reports()[0].lanes;
    for lane in lanes {
        assert!(lane.lag <= Duration::from_secs(2), "{lane:?}");
        let arrived = scene.sinks.get(&lane.sink).points();
        assert_eq!(arrived, scene.expected(Millis(BEGIN), lane.cursor.unwrap()));
    }
}
