//! What a sink and a store may do, and what it means for the data.

use std::time::{Duration, Instant};

use ktel_exporter::plan::OnExhausted;
use ktel_exporter::report::LaneState;
use ktel_otlp::{Accepted, Encoding, Signal};
use ktel_testkit::capture::Http;
use ktel_testkit::http::{Answer, Response};
use ktel_testkit::proxy::{Fault, Proxy};
use ktel_testkit::victoria_metrics::VictoriaMetrics;

use super::{Scene, arrived, same, since_1970, sink};
use ktel_exporter::credentials::Credentials;

/// Gives a date so many seconds from now, in the three forms of HTTP.
fn dates(seconds: i64) -> [String; 3] {
    let now = i64::try_from(since_1970().as_secs()).expect("a time");
    let date = jiff::Timestamp::from_second(now + seconds).expect("a time");
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .map(|form| date.strftime(form).to_string())
}

#[test]
fn what_may_be_tried_again_is_tried_again_with_the_same_bytes() {
    let scene = Scene::start(100);
    let stored = &scene.stored;
    let later = dates(3);
    let busy =
        |status: u16, after: &str| Answer::from(Response::new(status).with_retry_after(after));
    let table = [
        (busy(429, "1"), 1.0),
        (busy(429, &later[0]), 1.0),
        (busy(503, &later[1]), 1.0),
        (busy(429, &later[2]), 1.0),
        (Response::new(502).into(), 0.1),
        (Response::new(504).into(), 0.1),
        (Answer::Drop, 0.1),
        (Answer::Unfinished(Response::new(200).with_body("x")), 0.1),
    ];
    for (index, (fault, least)) in table.into_iter().enumerate() {
        // Dates are of the beginning of the test; later ones are renewed.
        let fault = match (index, fault) {
            (1..=3, Answer::Whole(response)) => {
                let date = dates(3)[index - 1].clone();
                Answer::from(Response::new(response.status).with_retry_after(&date))
            }
            (_, fault) => fault,
        };
        let receiver = Http::start();
        receiver.answer_next(fault.clone());
        let plan = scene.plan(vec![sink(&format!("s{index}"), &receiver.url())]);
        let began = Instant::now();
        scene.apply(&plan, vec![Credentials::default()]);
        let lane = scene.wait_for(&format!("s{index}"));
        assert!(began.elapsed().as_secs_f64() >= least, "{fault:?}: {:?}", began.elapsed());
        let requests = receiver.requests();
        assert_eq!(requests[0].wire_body, requests[1].wire_body, "{fault:?}");
        same(&arrived(&requests[1..]), stored, &format!("{fault:?}"));
        assert_eq!(lane.points.acknowledged, stored.0.len() as u64);
        assert_eq!((lane.points.rejected, lane.points.dropped), (0, 0));
        assert_eq!(lane.state, LaneState::Delivering);
        assert_eq!(lane.error, None);
    }
}

#[test]
fn what_must_not_be_tried_again_is_counted_and_leaves_a_gap() {
    let scene = Scene::start(100);
    let total = scene.stored.0.len() as u64;
    let partial = Accepted::partly(3, "out of order\u{1b}[2J");
    let partial = Response::new(200)
        .with_header("Content-Type", Encoding::Protobuf.content_type())
        .with_body(partial.to_body(Signal::Metrics, Encoding::Protobuf));
    for (index, (fault, reason, rejected)) in [
        (Response::new(500).with_body("oh"), "Rejected", None),
        (Response::new(400), "Rejected", None),
        (Response::new(501), "Rejected", None),
        (partial, "PartialSuccess", Some(3)),
    ]
    .into_iter()
    .enumerate()
    {
        let receiver = Http::start();
        receiver.answer_next(fault.clone());
        let name = format!("s{index}");
        let plan = scene.plan(vec![sink(&name, &receiver.url())]);
        scene.apply(&plan, vec![Credentials::default()]);
        let lane = scene.wait_for(&name);
        let requests = receiver.requests();
        let first = arrived(&requests[..1]).0.len() as u64;
        let rejected = rejected.unwrap_or(first);
        assert_eq!(lane.points.rejected, rejected, "{fault:?}");
        assert_eq!(lane.points.acknowledged, total - rejected);
        assert_eq!(lane.gaps.len(), 1, "{lane:?}");
        assert_eq!((lane.gaps[0].reason, lane.gaps[0].points), (reason, rejected));
        assert_eq!(arrived(&requests).0.values().max(), Some(&1), "nothing was sent twice");
    }
}

#[test]
fn a_request_that_is_too_large_is_cut_and_the_limit_is_learned() {
    let scene = Scene::start(100);
    let stored = &scene.stored;
    let text = Response::new(400).with_body("http: request body too large");
    for (index, fault) in [Response::new(413), text].into_iter().enumerate() {
        let receiver = Http::start();
        receiver.answer_next(fault.clone());
        let name = format!("s{index}");
        let plan = scene.plan(vec![sink(&name, &receiver.url())]);
        scene.apply(&plan, vec![Credentials::default()]);
        let lane = scene.wait_for(&name);
        let requests = receiver.requests();
        same(&arrived(&requests[1..]), stored, &format!("{fault:?}"));
        assert_eq!(lane.points.acknowledged, stored.0.len() as u64);
        let first = requests[0].body().unwrap().len();
        let most = requests[1..].iter().map(|request| request.body().unwrap().len()).max();
        assert!(most.unwrap() <= first * 3 / 4, "{most:?} of {first}");
    }
}

#[test]
fn an_expired_token_holds_the_data_until_there_is_another() {
    use ktel_delivery::Secret;
    use ktel_exporter::plan::Authentication;
    let scene = Scene::start(100);
    let receiver = Http::start();
    receiver.answer(Response::new(401).with_body("token s3cr3t-old expired"));
    let mut plan = scene.plan(vec![sink("a", &receiver.url())]);
    plan.sinks[0].authentication = Authentication::BearerToken;
    let token = |token: &str| {
        vec![Credentials { token: Some(Secret::new(token)), ..Credentials::default() }]
    };
    scene.apply(&plan, token("s3cr3t-old"));
    let lane = scene.wait_until("it is held", "a", |lane| lane.state == LaneState::Held);
    let error = lane.error.unwrap();
    assert_eq!((error.reason, error.status), ("Unauthorized", Some(401)));
    assert!(error.message.contains("token … expired"), "{error:?}");
    let before = receiver.requests().len();
    assert_eq!(before, 1, "one request asks, not one for each batch");
    receiver.answer(Response::new(200));
    scene.apply(&plan, token("s3cr3t-new"));
    let lane = scene.wait_for("a");
    let requests = receiver.requests();
    assert_eq!(requests[1].header("authorization"), Some("Bearer s3cr3t-new"));
    same(&arrived(&requests[1..]), &scene.stored, "after the rotation");
    assert_eq!(lane.points.dropped + lane.points.rejected, 0);
}

#[test]
fn a_store_that_goes_away_or_breaks_off_costs_nothing() {
    let store = VictoriaMetrics::start();
    let proxy = Proxy::to_port(store.address().port());
    let url = format!("http://{}", proxy.address());
    let scene = Scene::between(store, &url, 300);
    let receiver = Http::start();
    let plan = scene.plan(vec![sink("a", &receiver.url())]);
    for fault in [Fault::CutAfter(3000), Fault::Refuse, Fault::CutAfter(20_000)] {
        proxy.set(fault);
        proxy.cut();
        scene.apply(&plan, vec![Credentials::default()]);
        ktel_testkit::wait::until("the source has an error", super::SOON, || {
            let reports = scene.engine.reports();
            let error = reports.first().and_then(|report| report.sources[0].error.clone());
            error.is_some_and(|error| error.reason == "StoreUnavailable")
        });
    }
    proxy.set(Fault::None);
    proxy.cut();
    let lane = scene.wait_for("a");
    same(&arrived(&receiver.requests()), &scene.stored, "after the faults");
    assert_eq!(lane.points.dropped, 0);
}

#[test]
fn with_drop_data_is_dropped_after_the_attempts_and_counted() {
    let scene = Scene::start(20);
    let receiver = Http::start();
    receiver.answer(Response::new(503));
    let mut plan = scene.plan(vec![sink("a", &receiver.url())]);
    plan.sinks[0].retry.on_exhausted = OnExhausted::Drop;
    plan.sinks[0].retry.backoff = Duration::from_millis(20);
    plan.sinks[0].retry.backoff_max = Duration::from_millis(40);
    scene.apply(&plan, vec![Credentials::default()]);
    let lane = scene.wait_for("a");
    assert_eq!(lane.points.dropped, scene.stored.0.len() as u64);
    assert!(lane.gaps.iter().all(|gap| gap.reason == "RetriesExhausted"), "{:?}", lane.gaps);
    let requests = receiver.requests();
    assert!(
        requests
            .chunks(3)
            .all(|three| { three.iter().all(|request| request.wire_body == three[0].wire_body) })
    );
}
