//! A lane beside a store, a sink and an engine that do what they want.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ktel_delivery::verdict::{Hold, Rejection, Trouble as Why, Verdict};
use proptest::prelude::*;
use tokio::time::Instant;

use super::{Answered, Bucket, Lane, Next, Policy, Want};
use crate::batch::Batch;
use crate::plan::{OnExhausted, RatePlan, RetryPlan};
use crate::report::LaneState;
use crate::sink::{Judgement, Outcome, Shared};
use crate::time::{Millis, Window};

const WIDTH: i64 = 10_000;
const END: i64 = 6 * WIDTH;

fn policy(on_exhausted: OnExhausted) -> Policy {
    let retry = RetryPlan {
        attempts_max: 3,
        backoff: Duration::from_secs(2),
        backoff_max: Duration::from_secs(60),
        on_exhausted,
    };
    Policy { retry, in_flight_max: 4 }
}

fn batch(window: Window, number: u32) -> Arc<Shared> {
    let body = Bytes::from(format!("{}-{number}", window.start));
    Arc::new(Shared::new(Batch { body, points: 10 + u64::from(number), window, number }, None))
}

fn window(start: i64) -> Window {
    Window { start: Millis(start), end: Millis(start + WIDTH) }
}

/// Gives how many batches a window has.
fn batches(window: Window) -> u32 {
    u32::try_from((window.start.0 / WIDTH) % 4 + 1).unwrap()
}

struct World {
    lane: Lane,
    bucket: Bucket,
    now: Instant,
    /// The window that is being read, and the next batch of it.
    reading: Option<(Window, u32)>,
    flights: Vec<(u64, Arc<Shared>)>,
    acknowledged: BTreeSet<(i64, u32)>,
    /// The same with repeats.
    accepted: Vec<(i64, u32)>,
    rejected: BTreeSet<(i64, u32)>,
    sent: u64,
}

impl World {
    fn new(policy: Policy, now: Instant) -> Self {
        let rate = RatePlan { points_per_second: None, burst: 0, in_flight_max: 4, age_max: None };
        Self {
            lane: Lane::new(policy, Millis(0)),
            bucket: Bucket::new(&rate, now),
            now,
            reading: None,
            flights: Vec::new(),
            acknowledged: BTreeSet::new(),
            accepted: Vec::new(),
            rejected: BTreeSet::new(),
            sent: 0,
        }
    }

    /// Reads the next batch, or what there is to do before or after.
    fn read(&mut self) {
        match &mut self.reading {
            None => {
                let window = match self.lane.wants(self.now) {
                    Some(Want::Again(window)) => window,
                    Some(Want::From(start)) if start.0 < END => window(start.0),
                    _ => return,
                };
                self.lane.begin(window);
                self.reading = Some((window, 0));
            }
            Some((window, next)) if !self.lane.reads(*window) => {
                // It was released meanwhile.
                let _ = next;
                self.reading = None;
            }
            Some((window, next)) if *next < batches(*window) => {
                self.lane.give(&batch(*window, *next), self.now);
                *next += 1;
            }
            Some((window, _)) => {
                self.lane.end(*window);
                self.reading = None;
            }
        }
    }

    fn send(&mut self) {
        while let Next::Send(flight) = self.lane.next(self.now, &mut self.bucket) {
            self.sent += 1;
            self.flights.push((flight.id, flight.batch));
        }
    }

    fn answer(&mut self, index: usize, verdict: Verdict, is_current: bool) {
        if self.flights.is_empty() {
            return;
        }
        let (id, batch) = self.flights.swap_remove(index % self.flights.len());
        let key = (batch.window().start.0, batch.batch().number);
        match &verdict {
            Verdict::Accepted => {
                self.acknowledged.insert(key);
                self.accepted.push(key);
            }
            Verdict::Rejected { .. } => drop(self.rejected.insert(key)),
            _ => {}
        }
        let outcome = Outcome {
            status: None,
            judgement: Judgement::By(verdict),
            took: Duration::from_millis(50),
            bytes: 0,
        };
        let (now, time) = (self.now, Millis(0));
        self.lane.answered(id, Answered { outcome, now, time, jitter: 0.5, is_current });
    }

    fn check(&self) {
        assert_eq!(self.lane.points().conservation_error(), 0, "{:?}", self.lane.points());
    }

    /// Everything works from now on.
    fn finish(&mut self) {
        for _ in 0..10_000 {
            self.now += Duration::from_secs(1);
            self.read();
            self.send();
            self.answer(0, Verdict::Accepted, true);
            self.check();
            if self.lane.cursor().0 >= END && self.flights.is_empty() {
                return;
            }
        }
        panic!("it does not come to an end: {:?}", self.lane);
    }
}

fn verdict(which: u8) -> Verdict {
    match which {
        0..=3 => Verdict::Accepted,
        4 => Verdict::retry(Why::Unreachable, "gone"),
        5 => {
            let after = Some(Duration::from_secs(7));
            Verdict::Retry { trouble: Why::Throttled, after, message: "slow".into() }
        }
        6 => Verdict::held(Hold::Unauthorized, "who?"),
        _ => Verdict::rejected(Rejection::Malformed, "what?"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn whatever_happens_no_batch_is_lost_and_the_account_is_even(
        steps in prop::collection::vec((0..12_u8, 0..8_u8, any::<u8>()), 0..300),
        drops in any::<bool>(),
    ) {
        let policy = policy(if drops { OnExhausted::Drop } else { OnExhausted::Hold });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _entered = runtime.enter();
        let mut world = World::new(policy, Instant::now());
        for (step, which, index) in steps {
            match step {
                0..=3 => world.read(),
                4..=6 => world.send(),
                7 | 8 => world.answer(index.into(), verdict(which), index > 20),
                9 => world.now += Duration::from_secs(1 << (which / 2)),
                10 => {
                    if let Some((window, _)) = world.reading.take() {
                        world.lane.fail(window, which == 0);
                    }
                }
                _ => {
                    world.lane.release();
                    world.reading = None;
                }
            }
            world.check();
            // The cursor passes nothing that is under way, but what was read again meanwhile.
            for (piece, _) in world.lane.flights.values().filter(|(piece, _)| !piece.is_orphan) {
                prop_assert!(world.lane.cursor() <= piece.batch.window().start);
            }
        }
        world.finish();
        let all: BTreeSet<(i64, u32)> = (0..END / WIDTH)
            .flat_map(|index| {
                let window = window(index * WIDTH);
                (0..batches(window)).map(move |number| (window.start.0, number))
            })
            .collect();
        let points = world.lane.points();
        let total: u64 = all.iter().map(|(_, number)| 10 + u64::from(*number)).sum();
        prop_assert_eq!(points.in_flight, 0);
        if !drops {
            prop_assert_eq!(points.dropped, 0);
            let settled: BTreeSet<_> = world.acknowledged.union(&world.rejected).copied().collect();
            prop_assert_eq!(settled, all);
        }
        prop_assert!(points.read >= total);
    }
}

fn started() -> World {
    let mut world = World::new(policy(OnExhausted::Hold), Instant::now());
    for _ in 0..20 {
        world.read();
    }
    world
}

#[tokio::test(start_paused = true)]
async fn batches_may_be_answered_in_any_order_and_the_cursor_waits_for_the_first() {
    let mut world = World::new(policy(OnExhausted::Hold), Instant::now());
    world.lane.concurrency.answered(Duration::ZERO, 1);
    for _ in 0..20 {
        world.read();
        world.lane.concurrency.answered(Duration::ZERO, 9);
    }
    world.send();
    assert_eq!(world.flights.len(), 3, "one batch of the first window, two of the second");
    world.answer(2, Verdict::Accepted, true);
    world.answer(1, Verdict::Accepted, true);
    assert_eq!(world.lane.cursor(), Millis(0));
    world.answer(0, Verdict::Accepted, true);
    assert_eq!(world.lane.cursor(), Millis(2 * WIDTH));
}

#[tokio::test(start_paused = true)]
async fn a_lane_in_trouble_asks_with_one_request_and_begins_slowly() {
    let mut world = started();
    for _ in 0..30 {
        world.lane.concurrency.answered(Duration::ZERO, 9);
    }
    world.send();
    assert_eq!(world.flights.len(), 3);
    for _ in 0..3 {
        world.answer(0, Verdict::retry(Why::Unreachable, "gone"), true);
    }
    // Three failures of one outage are one: the pause is the first one.
    let waits = world.lane.waits(world.now).unwrap();
    assert!(waits <= Duration::from_secs(2), "{waits:?}");
    world.send();
    assert!(world.flights.is_empty(), "nothing is sent during the pause");
    for failure in 2..=5 {
        world.now += world.lane.waits(world.now).unwrap();
        world.send();
        assert_eq!(world.flights.len(), 1, "one request asks");
        let expected = if failure < 3 { LaneState::Retrying } else { LaneState::Exhausted };
        world.answer(0, Verdict::retry(Why::Unreachable, "gone"), true);
        assert_eq!(world.lane.state(), expected, "{failure}");
    }
    assert!(world.lane.waits(world.now).unwrap() >= Duration::from_secs(30));
    world.now += Duration::from_secs(60);
    world.send();
    world.answer(0, Verdict::Accepted, true);
    assert_eq!(world.lane.state(), LaneState::Delivering);
    world.send();
    assert_eq!(world.flights.len(), 1, "it begins with one again");
}

#[tokio::test(start_paused = true)]
async fn what_the_sink_asks_for_is_never_undercut() {
    let mut world = started();
    world.send();
    let after = Some(Duration::from_secs(90));
    let busy = Verdict::Retry { trouble: Why::Throttled, after, message: "busy".into() };
    world.answer(0, busy, true);
    world.now += Duration::from_secs(89);
    world.send();
    assert!(world.flights.is_empty());
    world.now += Duration::from_secs(2);
    // Its memory went to others meanwhile.
    assert!(!world.lane.should_release(world.now));
    world.send();
    assert_eq!(world.flights.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_held_lane_waits_for_a_correction_or_five_minutes() {
    let mut world = started();
    world.send();
    world.answer(0, Verdict::held(Hold::Unauthorized, "no"), true);
    assert_eq!(world.lane.state(), LaneState::Held);
    world.now += Duration::from_secs(299);
    world.send();
    assert!(world.flights.is_empty());
    world.lane.corrected(world.now);
    world.send();
    assert_eq!(world.flights.len(), 1);
    // The answer to a request with the old credentials does not hold the lane.
    world.answer(0, Verdict::held(Hold::Unauthorized, "no"), false);
    world.send();
    assert_eq!(world.flights.len(), 1);
    world.answer(0, Verdict::held(Hold::Unauthorized, "no"), true);
    world.now += Duration::from_secs(301);
    world.send();
    assert_eq!(world.flights.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lane_in_trouble_gives_its_memory_back_and_reads_again() {
    let mut world = started();
    world.send();
    world.answer(0, Verdict::retry(Why::Unreachable, "gone"), true);
    let held = batch(window(WIDTH), 0);
    assert!(!world.lane.should_release(world.now), "a short pause is waited for");
    world.now += Duration::from_secs(3);
    world.send();
    world.now += Duration::from_secs(3);
    assert!(world.lane.should_release(world.now));
    world.lane.release();
    world.check();
    assert!(world.lane.queue.is_empty());
    assert_eq!(world.lane.points().in_flight, world.lane.points().read);
    drop(held);
    let read = world.lane.points().read;
    world.finish();
    assert_eq!(world.lane.points().dropped, 0);
    assert!(read < world.lane.points().read);
}

#[tokio::test(start_paused = true)]
async fn with_drop_a_batch_is_dropped_after_its_attempts_and_the_next_one_has_its_own() {
    let mut world = World::new(policy(OnExhausted::Drop), Instant::now());
    for _ in 0..20 {
        world.read();
    }
    for _ in 0..3 {
        world.now += Duration::from_secs(120);
        world.send();
        assert_eq!(world.flights.len(), 1);
        world.answer(0, Verdict::retry(Why::Unavailable, "503"), true);
    }
    assert_eq!(world.lane.points().dropped, 10);
    assert_eq!(world.lane.gaps()[0].reason, "RetriesExhausted");
    assert_eq!(world.lane.cursor(), Millis(WIDTH), "the gap is recorded, the cursor moves on");
    world.now += Duration::from_secs(120);
    world.send();
    world.answer(0, Verdict::retry(Why::Unavailable, "503"), true);
    assert_eq!(world.lane.points().dropped, 10);
}

#[tokio::test(start_paused = true)]
async fn data_that_is_too_old_is_dropped_with_a_gap() {
    let mut world = started();
    let skipped = world.lane.expire(Millis(5 * WIDTH));
    assert_eq!(skipped, Some(Window { start: Millis(2 * WIDTH), end: Millis(5 * WIDTH) }));
    world.lane.skipped(skipped.unwrap(), 77);
    world.check();
    assert_eq!(world.lane.points().dropped, 10 + 10 + 11 + 77);
    assert_eq!(world.lane.cursor(), Millis(5 * WIDTH));
    world.finish();
}

#[tokio::test(start_paused = true)]
async fn what_vanished_from_the_store_is_counted_as_dropped() {
    let mut world = started();
    world.lane.release();
    // The store has nothing any more.
    for _ in 0..10 {
        match world.lane.wants(world.now) {
            Some(Want::From(start)) if start.0 < END => {
                world.lane.begin(window(start.0));
                world.lane.end(window(start.0));
            }
            Some(Want::Again(window)) => {
                world.lane.begin(window);
                world.lane.end(window);
            }
            _ => {}
        }
        world.check();
    }
    assert_eq!(world.lane.points().in_flight, 0);
    assert_eq!(world.lane.gaps()[0].reason, "NotInStore");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_settled_is_not_sent_again_when_its_window_is_read_again() {
    let mut world = started();
    for _ in 0..2 {
        world.lane.concurrency.restart();
        world.send();
        world.answer(0, Verdict::Accepted, true);
    }
    assert!(world.flights.is_empty());
    assert_eq!(world.accepted, [(0, 0), (WIDTH, 0)], "one of two batches of the second window");
    world.lane.release();
    world.reading = None;
    world.finish();
    let repeats = world.accepted.len() - world.acknowledged.len();
    assert_eq!(repeats, 0, "{:?}", world.accepted);
    assert_eq!(world.lane.points().read, world.lane.points().acknowledged);
}
