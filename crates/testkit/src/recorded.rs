//! What a receiver took, in the order in which it came, and a way to wait for it.

use std::fmt::Debug;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::limits::ENTRIES_MAX;

/// How many entries the message of a failure shows.
const SHOWN: usize = 10;

#[derive(Debug)]
pub(crate) struct Recorded<T> {
    entries: Mutex<Vec<T>>,
    came: Condvar,
}

impl<T> Default for Recorded<T> {
    fn default() -> Self {
        Self { entries: Mutex::default(), came: Condvar::new() }
    }
}

impl<T: Clone + Debug> Recorded<T> {
    /// Keeps an entry; false when there are too many, and the caller then rejects it.
    #[must_use]
    pub(crate) fn push(&self, entry: T) -> bool {
        let mut entries = self.entries.lock().expect("no holder panics");
        let room = entries.len() < ENTRIES_MAX;
        if room {
            entries.push(entry);
            self.came.notify_all();
        }
        room
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.entries.lock().expect("no holder panics").clone()
    }

    /// Gives all entries once there are so many; fails the test that asks when time is up.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize, within: Duration) -> Vec<T> {
        let entries = self.entries.lock().expect("no holder panics");
        let lacking = |entries: &mut Vec<T>| entries.len() < count;
        let waited = self.came.wait_timeout_while(entries, within, lacking);
        let (held, _timeout) = waited.expect("no holder panics");
        let entries = held.clone();
        drop(held); // before anything panics
        assert!(
            entries.len() >= count,
            "{} of {count} came within {within:?}: {:#?}",
            entries.len(),
            &entries[..entries.len().min(SHOWN)]
        );
        entries
    }
}
