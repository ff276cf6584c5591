//! Waits for events that only show when somebody looks.
//!
//! This is the one place of the tests that sleeps. A test says what it waits for, and for how long.

use std::thread;
use std::time::{Duration, Instant};

/// How long to wait before the next look: short beside a start, long beside a look.
pub const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until that gives something, or gives the last error once time is up.
///
/// # Errors
///
/// The last look within this time gave this error.
pub fn poll<T, E>(within: Duration, mut look: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let deadline = Instant::now() + within;
    loop {
        let looked = look();
        if looked.is_ok() || Instant::now() > deadline {
            return looked;
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Waits until a condition holds; fails the test with `what` once time is up.
///
/// # Panics
///
/// It does not hold within this time.
#[track_caller]
pub fn until(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    let waited = poll(within, || if holds() { Ok(()) } else { Err(()) });
    assert!(waited.is_ok(), "not within {within:?}: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_until_the_event_and_gives_what_it_found() {
        let mut looks = 0;
        let found = poll(Duration::from_secs(60), || {
            looks += 1;
            if looks == 3 { Ok("found") } else { Err("not yet") }
        });
        assert_eq!((found, looks), (Ok("found"), 3));
    }

    #[test]
    fn once_time_is_up_the_last_error_is_given() {
        let mut looks = 0;
        let found: Result<(), _> = poll(Duration::from_millis(30), || {
            looks += 1;
            Err(looks)
        });
        assert_eq!(found, Err(looks));
        assert!(looks > 1);
    }

    #[test]
    #[should_panic(expected = "not within 0ns: the moon is near")]
    fn a_condition_that_does_not_hold_fails_the_test() {
        until("the moon is near", Duration::ZERO, || false);
    }
}
