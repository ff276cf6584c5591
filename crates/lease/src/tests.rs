//! Who has the turn: decided by values, and carried out on a server of one lease.

use std::time::Duration;

use kube::Api;
use serde_json::json;
use tokio::time::Instant;

use super::{Clock, Step, Turn, Turns, View, continues, decide};
use crate::limits;
use ktel_testkit::one_object::{self, Shared};

fn view(holder: &str, transitions: i32) -> View {
    View { holder: holder.into(), transitions, duration: Duration::from_secs(30) }
}

#[test]
fn a_lease_is_taken_from_nobody_who_renews_it() {
    for (lease, unchanged_s, expected) in [
        (None, 0, Step::Create),
        (Some(view("me", 3)), 0, Step::Renew),
        (Some(view("me", 3)), 1000, Step::Renew),
        (Some(view("you", 3)), 0, Step::Wait),
        (Some(view("you", 3)), 30, Step::Wait),
        (Some(view("you", 3)), 31, Step::Take),
        (Some(view("", 3)), 0, Step::Take),
    ] {
        let step = decide(lease.as_ref(), "me", Duration::from_secs(unchanged_s));
        assert_eq!(step, expected, "{lease:?} after {unchanged_s} s");
    }
}

#[test]
fn a_turn_continues_only_where_nobody_else_had_one_in_between() {
    for (lease, epoch, expected) in [
        (None, Some(3), true),
        (None, None, true),
        (Some(view("me", 3)), Some(3), true),
        (Some(view("me", 5)), Some(3), false),
        (Some(view("you", 3)), Some(3), false),
        (Some(view("me", 3)), None, false),
    ] {
        assert_eq!(continues(lease.as_ref(), "me", epoch), expected, "{lease:?} {epoch:?}");
    }
}

fn clock() -> Clock {
    Clock { now: || Duration::from_secs(1_800_000_000), jitter: || 0.5 }
}

fn turns<'a>(one: &Shared, holder: &'a str) -> Turns<'a> {
    let api = Api::namespaced(kube::Client::new(one_object::service(one), "default"), "default");
    Turns { api, name: "acme-telemetry".into(), holder, clock: clock() }
}

fn held_by(one: &Shared) -> (String, i64, i64) {
    let one = one.lock().unwrap();
    let spec = &one.object.as_ref().unwrap()["spec"];
    let number = |name: &str| spec[name].as_i64().unwrap();
    let holder = spec["holderIdentity"].as_str().unwrap().to_owned();
    (holder, number("leaseTransitions"), number("leaseDurationSeconds"))
}

#[tokio::test(start_paused = true)]
async fn two_replicas_share_one_lease_and_the_second_takes_over_when_the_first_is_gone() {
    let one = Shared::default();
    let first = turns(&one, "first").acquire(None).await;
    assert_eq!(first, Turn { number: 0, continues: true });
    // Renewed, it is taken by nobody.
    let second = turns(&one, "second");
    let stands_by = tokio::time::timeout(Duration::from_secs(600), second.acquire(None));
    let holding = turns(&one, "first");
    let taken = tokio::select! { turn = stands_by => turn.is_ok(), () = holding.hold() => true };
    assert!(!taken, "the first one renews its lease");
    assert_eq!(held_by(&one).0, "first");
    // Silent, it is taken after its time, and the turn is another one.
    let start = Instant::now();
    let turn = second.acquire(None).await;
    assert_eq!(turn, Turn { number: 1, continues: false });
    let waited = start.elapsed().as_secs();
    assert!((30..60).contains(&waited), "{waited} s");
    // Who comes back knows that somebody reported in the meantime.
    let lost = tokio::time::timeout(Duration::from_secs(60), holding.hold()).await;
    assert!(lost.is_ok(), "it does not hold what is another's");
    turns(&one, "second").release().await;
    let turn = turns(&one, "first").acquire(Some(0)).await;
    assert_eq!(turn, Turn { number: 2, continues: false });
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_to_its_own_lease_goes_on() {
    let one = Shared::default();
    let turn = turns(&one, "first").acquire(None).await;
    let again = turns(&one, "first").acquire(Some(turn.number)).await;
    assert_eq!(again, Turn { number: 0, continues: true });
}

#[tokio::test(start_paused = true)]
async fn a_released_lease_is_taken_at_once() {
    let one = Shared::default();
    turns(&one, "first").acquire(None).await;
    turns(&one, "first").release().await;
    assert_eq!(held_by(&one), ("first".into(), 0, 1), "it stays the holder's until one takes it");
    let start = Instant::now();
    turns(&one, "second").acquire(None).await;
    let waited = start.elapsed().as_secs();
    assert!(waited < 20, "{waited} s");
    // Only its holder lets go of it.
    turns(&one, "first").release().await;
    assert_eq!(held_by(&one), ("second".into(), 1, 30));
}

#[tokio::test(start_paused = true)]
async fn a_holder_outlives_one_failure_and_ends_before_others_begin() {
    let one = Shared::default();
    turns(&one, "first").acquire(None).await;
    one.lock().unwrap().failures = 1;
    let holding = turns(&one, "first");
    let held = tokio::time::timeout(Duration::from_secs(300), holding.hold()).await;
    assert!(held.is_err(), "one failure is no loss");
    one.lock().unwrap().failures = u32::MAX;
    let start = Instant::now();
    turns(&one, "first").hold().await;
    let held = start.elapsed();
    assert!((limits::LEASE_RENEW..Duration::from_secs(30)).contains(&held), "{held:?}");
    assert!(held >= limits::LEASE_LOST, "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn of_two_that_write_at_once_one_has_the_turn() {
    let one = Shared::default();
    let rival = json!({"metadata": {"name": "acme-telemetry"}, "spec": {
        "holderIdentity": "second", "leaseTransitions": 0, "leaseDurationSeconds": 30}});
    one.lock().unwrap().rival = Some(rival);
    let first = turns(&one, "first");
    let within = tokio::time::timeout(Duration::from_secs(20), first.acquire(None)).await;
    assert!(within.is_err(), "the other was faster");
    assert_eq!(held_by(&one).0, "second");
}
