//! Elections on a server of one lease.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::{Clock, Elector, Lost, Settings};
use ktel_testkit::one_object::{self, Shared};

const SETTINGS: Settings = Settings {
    lease_duration: Duration::from_secs(30),
    renew_deadline: Duration::from_secs(20),
    retry_period: Duration::from_secs(5),
};

fn elector(one: &Shared, identity: &str) -> Elector {
    let api = Api::<Lease>::namespaced(Client::new(one_object::service(one), "default"), "default");
    let clock = Clock { now: || Duration::from_secs(1_800_000_000), jitter: || 0.5 };
    Elector::new(api, "acme-telemetry", identity, clock, SETTINGS).unwrap()
}

fn spec(one: &Shared) -> Value {
    one.lock().unwrap().object.as_ref().unwrap()["spec"].clone()
}

fn holder(one: &Shared) -> (Value, Value) {
    let spec = spec(one);
    (spec["holderIdentity"].clone(), spec["leaseTransitions"].clone())
}

#[tokio::test(start_paused = true)]
async fn of_two_one_leads_and_the_other_takes_over_when_the_first_is_gone() {
    let one = Shared::default();
    let (first, second) = (elector(&one, "first"), elector(&one, "second"));
    let mut term = first.campaign(None).await;
    assert_eq!((term.number, term.continues), (0, true));
    let taken = tokio::select! {
        taken = timeout(Duration::from_secs(600), second.campaign(None)) => taken.is_ok(),
        _ = first.hold(&mut term) => true,
    };
    assert!(!taken, "the first one renews its lease");
    assert_eq!(holder(&one), (json!("first"), json!(0)));
    // The first one is silent now.
    let start = Instant::now();
    let next = second.campaign(None).await;
    assert_eq!((next.number, next.continues), (1, false));
    assert!((30..40).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert!(!term.guard().is_valid());
    let again = timeout(Duration::from_secs(25), first.campaign(Some(0))).await;
    assert!(again.is_err(), "it is another's now");
    // Who comes back learns that somebody led in the meantime.
    second.release(next).await;
    let term = first.campaign(Some(0)).await;
    assert_eq!((term.number, term.continues), (2, false));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_comes_back_to_its_lease_goes_on_under_another_number() {
    let one = Shared::default();
    let first = elector(&one, "first");
    // Killed, and then released.
    let term = first.campaign(None).await;
    let again = first.campaign(Some(term.number)).await;
    assert_eq!((again.number, again.continues), (1, true));
    first.release(again).await;
    let again = first.campaign(Some(1)).await;
    assert_eq!((again.number, again.continues), (2, true));
}

#[tokio::test(start_paused = true)]
async fn a_released_lease_has_no_holder_and_is_taken_at_once() {
    let one = Shared::default();
    let (first, second) = (elector(&one, "first"), elector(&one, "second"));
    let term = first.campaign(None).await;
    let guard = term.guard();
    assert!(guard.is_valid());
    first.release(term).await;
    assert!(!guard.is_valid());
    assert_eq!(holder(&one), (json!(""), json!(0)));
    let start = Instant::now();
    let taken = second.campaign(None).await;
    assert!(start.elapsed() < SETTINGS.retry_period, "{:?}", start.elapsed());
    // What is another's is not released.
    one.lock().unwrap().object.as_mut().unwrap()["spec"]["leaseTransitions"] = json!(7);
    let writes = one.lock().unwrap().writes;
    second.release(taken).await;
    assert_eq!(one.lock().unwrap().writes, writes + 1, "the version was the known one");
}

/// From the start of the last renewal that succeeded, and whether or not a request hangs.
#[tokio::test(start_paused = true)]
async fn a_term_ends_at_the_renew_deadline_and_a_guard_says_so_without_any_task() {
    let one = Shared::default();
    let first = elector(&one, "first");
    let mut term = first.campaign(None).await;
    let guard = term.guard();
    one.lock().unwrap().failures = 1;
    let held = timeout(Duration::from_secs(300), first.hold(&mut term)).await;
    assert!(held.is_err(), "one failure is no loss");
    assert!(guard.is_valid());

    one.lock().unwrap().failures = u32::MAX;
    let start = Instant::now();
    let lost = timeout(SETTINGS.lease_duration, first.hold(&mut term)).await;
    assert_eq!(lost, Ok(Lost::Expired));
    let held = start.elapsed();
    assert!(held <= SETTINGS.renew_deadline, "{held:?}");
    assert!(held > SETTINGS.renew_deadline - 2 * SETTINGS.retry_period, "{held:?}");
    assert!(!guard.is_valid());

    one.lock().unwrap().failures = 0;
    let term = first.campaign(Some(0)).await;
    let guard = term.guard();
    tokio::time::advance(SETTINGS.renew_deadline - Duration::from_millis(1)).await;
    assert!(guard.is_valid());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(!guard.is_valid(), "nobody polled `hold`");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_another_took_ends_the_term_at_the_next_renewal() {
    let one = Shared::default();
    let first = elector(&one, "first");
    // By another name, and by our own under another number.
    for (holder, number) in [("second", 0), ("first", 2)] {
        one.lock().unwrap().object = None;
        let mut term = first.campaign(None).await;
        assert_eq!(term.number, 0);
        let rival = json!({"metadata": {"name": "acme-telemetry"}, "spec": {
            "holderIdentity": holder, "leaseTransitions": number, "leaseDurationSeconds": 30}});
        one.lock().unwrap().rival = Some(rival);
        let start = Instant::now();
        assert_eq!(first.hold(&mut term).await, Lost::Taken);
        assert_eq!(start.elapsed(), SETTINGS.retry_period);
        assert!(!term.guard().is_valid());
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_that_write_at_once_one_leads() {
    let one = Shared::default();
    let rival = json!({"metadata": {"name": "acme-telemetry"}, "spec": {
        "holderIdentity": "second", "leaseTransitions": 0, "leaseDurationSeconds": 30}});
    one.lock().unwrap().rival = Some(rival);
    let first = elector(&one, "first");
    assert!(timeout(Duration::from_secs(20), first.campaign(None)).await.is_err());
    assert_eq!(holder(&one), (json!("second"), json!(0)));
}

#[tokio::test(start_paused = true)]
async fn what_others_wrote_into_the_lease_stays_and_so_does_the_time_of_its_begin() {
    let one = Shared::default();
    let lease = json!({
        "metadata": {"name": "acme-telemetry", "resourceVersion": "x", "labels": {"team": "a"}},
        "spec": {"strategy": "OldestEmulationVersion", "leaseTransitions": 6},
    });
    one.lock().unwrap().object = Some(lease);
    let first = elector(&one, "first");
    let mut term = first.campaign(None).await;
    assert_eq!(term.number, 7);
    let begun = json!("2020-01-01T00:00:00.000000Z");
    {
        // Somebody edits the lease; that is no reason to lose it.
        let mut one = one.lock().unwrap();
        let object = one.object.as_mut().unwrap();
        object["spec"]["acquireTime"] = begun.clone();
        object["metadata"]["resourceVersion"] = json!("edited");
    }
    assert!(timeout(Duration::from_secs(100), first.hold(&mut term)).await.is_err());
    let spec = spec(&one);
    assert_eq!(spec["strategy"], "OldestEmulationVersion");
    assert_eq!(spec["acquireTime"], begun);
    assert_eq!(spec["renewTime"], "2027-01-15T08:00:00.000000Z");
    let labels = one.lock().unwrap().object.as_ref().unwrap()["metadata"]["labels"].clone();
    assert_eq!(labels, json!({"team": "a"}));
}
