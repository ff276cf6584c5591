//! After a kill, what was not acknowledged for certain is sent again, in the same requests.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ktel_delivery::verdict::Verdict;
use tokio::time::sleep;

use super::BEGIN;
use super::planned::{plan, sink, source};
use super::scene::{Scene, settings};
use crate::cursor::Cursors;
use crate::engine::Settings;
use crate::sink::Judgement;
use crate::time::Millis;

#[tokio::test(start_paused = true)]
async fn a_lane_that_is_not_behind_sends_the_same_requests_again_after_a_kill() {
    let scene = Scene::new(2000);
    let a = scene.sinks.get("a");
    let plan = plan("one", "t", vec![source("all")], vec![sink("a", 1)]);
    scene.apply(&plan);
    scene.pass(Duration::from_secs(120)).await;
    let saved = Cursors::of(&scene.engine.reports()[0]);
    // Another window is delivered, and its cursor is not saved.
    scene.pass(Duration::from_secs(15)).await;
    let scene = scene.killed_after(&plan, saved);
    scene.pass(Duration::from_secs(60)).await;
    assert!(a.repeats() > 0, "nothing was sent again");
    // Points of requests that are not the same are counted twice.
    assert_eq!(a.points(), scene.expected(Millis(BEGIN), scene.lane(0, 0).cursor.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_is_behind_sends_the_same_requests_again_after_each_kill() {
    let mut plan = plan("one", "t", vec![source("all")], vec![sink("a", 1)]);
    plan.sinks[0].batch.points_max = 100;
    let mut saved = Cursors::default();
    saved.set("all", "a", Millis(BEGIN));
    let mut scene = Scene::new(30);
    let a = scene.sinks.get("a");
    a.behave(|_| (Duration::from_millis(120), Judgement::By(Verdict::Accepted)));
    scene.engine.apply(Arc::new(plan.clone()), vec![Arc::default()], saved.clone());
    let mut wide = 0;
    for kill in 0..100 {
        // Each time it is behind by something else, and comes less or more far.
        sleep(Duration::from_secs([0, 65, 95, 300, 1500][kill % 5])).await;
        scene = scene.killed_after(&plan, saved.clone());
        for moment in 0..kill * 7 % 60 {
            sleep(Duration::from_millis(37 + kill as u64 % 11)).await;
            // Some kills come before the first save, some after one that the engine has not heard of.
            if moment % 20 == 3 {
                saved = Cursors::of(&scene.engine.reports()[0]);
                wide += u32::from(!saved.place("all", "a").unwrap().widths.is_empty());
            }
            if moment % 20 == 9 {
                scene.engine.saved(&plan.id, &saved);
            }
        }
    }
    assert!(a.repeats() > 100, "{} requests were sent again", a.repeats());
    assert!(wide > 50, "{wide} times it was behind");
    scene.pass(Duration::from_secs(600)).await;
    let lane = scene.lane(0, 0);
    assert!(lane.lag < Duration::from_secs(20), "{lane:?}");
    assert!(lane.widths.is_empty(), "{lane:?}");
    // Points of requests that are not the same are counted twice.
    assert_eq!(a.points(), scene.expected(Millis(BEGIN), lane.cursor.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn windows_in_parts_are_sent_in_the_same_requests_again_after_each_kill() {
    // Many small families, and one that is too large by itself.
    for names in [50, 1] {
        let plan = plan("one", "t", vec![source("all")], vec![sink("a", 1)]);
        let mut saved = Cursors::default();
        saved.set("all", "a", Millis(BEGIN));
        let mut scene = Scene::with(6000, Settings { memory_bytes: 3 * 1024 * 1024, ..settings() });
        scene.store.names.store(names, Ordering::Relaxed);
        scene.store.tide.store(true, Ordering::Relaxed);
        let a = scene.sinks.get("a");
        a.behave(|_| (Duration::from_millis(120), Judgement::By(Verdict::Accepted)));
        scene.engine.apply(Arc::new(plan.clone()), vec![Arc::default()], saved.clone());
        let mut divided = 0;
        for kill in 0..80 {
            for moment in 0..kill * 7 % 30 + 5 {
                sleep(Duration::from_millis(370 + kill % 11)).await;
                let waits = scene.engine.reports()[0].waits_for_save();
                if moment % 30 == 3 || waits {
                    saved = Cursors::of(&scene.engine.reports()[0]);
                    divided += u32::from(!saved.place("all", "a").unwrap().parts.is_empty());
                    if kill % 3 > 0 {
                        scene.engine.saved(&plan.id, &saved);
                    }
                }
            }
            scene = scene.killed_after(&plan, saved.clone());
        }
        assert!(a.repeats() > 20, "{names}: {} requests were sent again", a.repeats());
        assert!(divided > 20, "{names}: {divided} times it was divided");
        scene.pass(Duration::from_secs(120)).await;
        let lane = scene.lane(0, 0);
        assert!(lane.lag < Duration::from_secs(20), "{names}: {lane:?}");
        // Points of requests that are not the same are counted twice.
        let expected = scene.expected(Millis(BEGIN), lane.cursor.unwrap());
        assert_eq!(a.points(), expected, "{names}: {lane:?}");
    }
}
