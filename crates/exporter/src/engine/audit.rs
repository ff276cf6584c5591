//! Looks for samples that came after their window was read. Pure: it says what to count when, and what that means.
//!
//! A store says when a sample is of, not when it came. So what was read of a time is remembered as a number, and counted
//! again at growing ages. More than before means that some came late; less is no fault, since stores remove duplicates.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::limits::{AUDIT_AGES, AUDIT_BUCKET, AUDIT_BUCKETS_MAX};
use crate::time::{Millis, Window};

/// What was read of a source, by time.
#[derive(Debug, Default)]
pub(super) struct Audit {
    buckets: BTreeMap<Millis, Bucket>,
}

#[derive(Debug, Default)]
struct Bucket {
    /// Until where it was read without a gap since its beginning.
    until: Millis,
    samples: u64,
    /// Counts that were made.
    counted: usize,
}

impl Audit {
    /// A window was read, with so many samples.
    pub(super) fn read(&mut self, window: Window, samples: u64) {
        let start = window.start.align_down(AUDIT_BUCKET);
        if window.end > start + AUDIT_BUCKET {
            // Data of hours ago, read at once: it has come long since.
            return;
        }
        let is_new = !self.buckets.contains_key(&start);
        if is_new && window.start != start {
            return; // its beginning is not known
        }
        let bucket =
            self.buckets.entry(start).or_insert(Bucket { until: start, ..Bucket::default() });
        // A window that is read again is not counted twice.
        if bucket.until == window.start {
            bucket.until = window.end;
            bucket.samples += samples;
        }
        while self.buckets.len() > AUDIT_BUCKETS_MAX {
            self.buckets.pop_first();
        }
    }

    /// Gives a time that is to be counted now.
    pub(super) fn due(&self, now: Millis) -> Option<Window> {
        self.buckets.iter().find_map(|(start, bucket)| {
            let end = *start + AUDIT_BUCKET;
            let age = AUDIT_AGES.get(bucket.counted)?;
            (bucket.until == end && end + *age <= now).then_some(Window { start: *start, end })
        })
    }

    /// Takes a count; gives how many samples came late since the last one.
    pub(super) fn counted(&mut self, window: Window, now: Millis, samples: u64) -> u64 {
        let Some(bucket) = self.buckets.get_mut(&window.start) else { return 0 };
        let late = samples.saturating_sub(bucket.samples);
        bucket.samples = samples;
        // Ages that passed while nobody could count are one count.
        let age = Duration::from_millis(u64::try_from(now.0 - window.end.0).unwrap_or(0));
        bucket.counted = AUDIT_AGES.iter().take_while(|due| **due <= age).count();
        if bucket.counted == AUDIT_AGES.len() {
            self.buckets.remove(&window.start);
        }
        late
    }
}

#[cfg(test)]
mod tests {
    use super::{AUDIT_AGES, AUDIT_BUCKET, AUDIT_BUCKETS_MAX, Audit, Duration, Millis, Window};

    const BEGIN: Millis = Millis(1_800_000_000_000);

    fn window(index: i64) -> Window {
        let start = Millis(BEGIN.0 + index * 10_000);
        Window { start, end: start + Duration::from_secs(10) }
    }

    #[test]
    fn each_bucket_is_counted_at_each_age_and_what_is_more_came_late() {
        let mut audit = Audit::default();
        let whole = Window { start: BEGIN, end: BEGIN + AUDIT_BUCKET };
        let windows = i64::try_from(AUDIT_BUCKET.as_secs()).unwrap() / 10;
        for index in 0..windows {
            assert_eq!(audit.due(whole.end + AUDIT_AGES[0]), None, "it is not whole");
            audit.read(window(index), 7);
            audit.read(window(index), 7);
        }
        let mut known = u64::try_from(windows).unwrap() * 7;
        for (index, age) in AUDIT_AGES.into_iter().enumerate() {
            let now = whole.end + age;
            assert_eq!(audit.due(now - Duration::from_secs(1)), None);
            assert_eq!(audit.due(now), Some(whole));
            // The store removes duplicates once, and gets a late sample each other time.
            let count = if index == 1 { known - 3 } else { known + 1 };
            let late = audit.counted(whole, now, count);
            assert_eq!(late, u64::from(index != 1));
            known = count;
        }
        assert_eq!(audit.due(Millis(i64::MAX)), None);
    }

    #[test]
    fn ages_that_nobody_could_count_at_are_counted_once_and_memory_is_bounded() {
        let mut audit = Audit::default();
        audit.read(Window { start: BEGIN, end: BEGIN + AUDIT_BUCKET }, 1);
        let whole = Window { start: BEGIN, end: BEGIN + AUDIT_BUCKET };
        let now = whole.end + AUDIT_AGES[2];
        audit.counted(whole, now, 1);
        assert_eq!(audit.due(now), None);
        for index in 0..2 * AUDIT_BUCKETS_MAX as i64 {
            let start = Millis(BEGIN.0 + index * i64::try_from(AUDIT_BUCKET.as_millis()).unwrap());
            audit.read(Window { start, end: start + AUDIT_BUCKET }, 1);
        }
        assert_eq!(audit.buckets.len(), AUDIT_BUCKETS_MAX);
    }

    #[test]
    fn a_bucket_whose_beginning_was_not_read_is_not_counted() {
        let mut audit = Audit::default();
        audit.read(window(3), 7);
        assert!(audit.buckets.is_empty());
    }
}
