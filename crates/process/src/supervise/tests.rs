//! Proves on a paused clock how a supervised process stops.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::*;

const GRACE: Duration = Duration::from_secs(10);

/// The clock of it starts now, not when it is first polled.
fn after(seconds: u64) -> Sleep {
    sleep(Duration::from_secs(seconds))
}

/// A supervisor with one task that finishes `seconds` after it is told to, and what it finished.
fn finishing_after(seconds: u64) -> (Supervisor, Arc<AtomicBool>) {
    let mut supervisor = Supervisor::new();
    let finished = Arc::new(AtomicBool::new(false));
    let (stop, mark) = (supervisor.stop_token(), Arc::clone(&finished));
    supervisor.spawn("worker", async move {
        stop.cancelled().await;
        after(seconds).await;
        mark.store(true, Ordering::Relaxed);
    });
    (supervisor, finished)
}

#[tokio::test(start_paused = true)]
async fn a_task_may_finish_within_the_grace_and_no_longer() {
    let table = [
        (0, Drain::Complete, true, 1),
        (9, Drain::Complete, true, 10),
        (11, Drain::TimedOut, false, 11),
    ];
    for (needs, expected, finishes, elapsed) in table {
        let (supervisor, finished) = finishing_after(needs);
        let start = Instant::now();
        let ended = supervisor.run(after(1), pending(), GRACE).await;
        assert_eq!(ended, Ended { cause: Cause::Signal, drain: expected }, "needs {needs} s");
        assert_eq!(finished.load(Ordering::Relaxed), finishes, "needs {needs} s");
        assert_eq!(start.elapsed().as_secs(), elapsed, "needs {needs} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_does_not_wait_for_the_grace() {
    let (supervisor, finished) = finishing_after(9);
    let start = Instant::now();
    let ended = supervisor.run(after(1), after(3), GRACE).await;
    assert_eq!(ended, Ended { cause: Cause::Signal, drain: Drain::CutShort });
    assert!(!finished.load(Ordering::Relaxed));
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_returns_early_stops_the_others_in_order() {
    let (mut supervisor, finished) = finishing_after(2);
    supervisor.spawn("quitter", after(5));
    let start = Instant::now();
    let ended = supervisor.run(pending(), pending(), GRACE).await;
    assert_eq!(ended, Ended { cause: Cause::Returned("quitter"), drain: Drain::Complete });
    assert!(!ended.is_clean());
    assert!(finished.load(Ordering::Relaxed));
    assert_eq!(start.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_named_whether_it_comes_before_or_during_the_drain() {
    let (mut supervisor, finished) = finishing_after(2);
    supervisor.spawn("faulty", async { panic!("on purpose") });
    let ended = supervisor.run(pending(), pending(), GRACE).await;
    assert_eq!(ended, Ended { cause: Cause::Panicked("faulty"), drain: Drain::Complete });
    assert!(finished.load(Ordering::Relaxed));

    let (mut supervisor, _finished) = finishing_after(2);
    let stop = supervisor.stop_token();
    supervisor.spawn("clumsy", async move {
        stop.cancelled().await;
        panic!("on purpose");
    });
    let ended = supervisor.run(after(1), pending(), GRACE).await;
    assert_eq!(ended, Ended { cause: Cause::Signal, drain: Drain::Panicked("clumsy") });
}

#[tokio::test(start_paused = true)]
async fn nothing_outlives_the_supervisor() {
    let mut supervisor = Supervisor::new();
    let held = Arc::new(());
    let theirs = Arc::clone(&held);
    supervisor.spawn("deaf", async move {
        let _theirs = theirs;
        pending::<()>().await;
    });
    supervisor.run(after(1), pending(), GRACE).await;
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_task_it_waits_for_the_signal() {
    let start = Instant::now();
    let ended = Supervisor::new().run(after(4), pending(), GRACE).await;
    assert!(ended.is_clean());
    assert_eq!(start.elapsed(), Duration::from_secs(4));
}
