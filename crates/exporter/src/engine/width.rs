//! Which window is read next. Pure.

use std::time::Duration;

use crate::limits::{WINDOW_BYTES_GOOD, WINDOW_BYTES_MUCH, WINDOW_MAX, WINDOW_READ_SLOW};
use crate::plan::BatchPlan;
use crate::time::{Millis, Window};

/// How wide the windows of a source are. All begin and end at multiples of a base, so that lanes of a source meet.
///
/// A lane that is behind reads several base windows at once: a power of two of them, aligned to as many.
#[derive(Debug, Clone)]
pub(crate) struct Width {
    base: Duration,
    /// A power of two.
    factor: u32,
    most: u32,
}

impl Width {
    /// Makes the width of a source; `step` is that of an expression, whose instants must not fall between windows.
    pub(crate) fn new(window: Duration, step: Option<Duration>) -> Self {
        let base = match step.map(|step| step.max(Duration::from_millis(1))) {
            Some(step) => {
                let steps = window.as_millis().div_ceil(step.as_millis()).max(1);
                step.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
            }
            None => window,
        };
        let most = u32::try_from(WINDOW_MAX.as_millis() / base.as_millis().max(1)).unwrap_or(1);
        // Rounded down to a power of two.
        let most = 1 << most.max(1).ilog2();
        Self { base, factor: 1, most }
    }

    pub(crate) fn base(&self) -> Duration {
        self.base
    }

    pub(super) fn is_narrow(&self) -> bool {
        self.factor == 1
    }

    /// Gives the window that begins at a moment and is complete before another; none if there is none yet. `collected` base
    /// windows are read at once: a power of two.
    pub(super) fn choose(&self, from: Millis, before: Millis, collected: u32) -> Option<Window> {
        let mut factor = self.factor.max(collected);
        loop {
            let step = self.base.saturating_mul(factor);
            let start = from.align_down(step);
            let end = start + step;
            // The first window of a lane may begin anywhere; it ends where those of others end.
            let begins_here = start == from || factor == 1;
            if begins_here && end <= before {
                return Some(Window { start: from, end });
            }
            if factor == 1 || (begins_here && factor <= collected) {
                return None;
            }
            factor /= 2;
        }
    }

    /// Gives when the window that begins at a moment is complete.
    pub(super) fn complete(&self, from: Millis, collected: u32) -> Millis {
        let mut factor = collected;
        loop {
            let step = self.base.saturating_mul(factor.max(1));
            let start = from.align_down(step);
            if start == from || factor <= 1 {
                return start + step;
            }
            factor /= 2;
        }
    }

    /// Says how many base windows are read at once, so that their points fill a request: no more than a point may wait.
    pub(super) fn collected(&self, batch: &BatchPlan, points_each: u64) -> u32 {
        if !batch.is_enabled {
            return 1;
        }
        let in_time = batch.timeout.as_millis() / self.base.as_millis().max(1);
        let in_request = batch.points_max as u64 / points_each.max(1);
        let most = u32::try_from(in_time).unwrap_or(u32::MAX);
        let most = most.min(u32::try_from(in_request).unwrap_or(u32::MAX)).min(self.most);
        // Rounded down to a power of two.
        1 << most.max(1).ilog2()
    }

    /// Takes what a window gave: requests of so many bytes, within so long.
    pub(super) fn learn(&mut self, bytes: u64, took: Duration) {
        if bytes > WINDOW_BYTES_MUCH || took > WINDOW_READ_SLOW {
            self.narrow();
        } else if bytes < WINDOW_BYTES_GOOD {
            self.factor = (self.factor * 2).min(self.most);
        }
    }

    /// A window gave too much.
    pub(super) fn narrow(&mut self) {
        self.factor = (self.factor / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{BatchPlan, Millis, Width, Window};

    const QUICK: Duration = Duration::from_millis(50);

    fn window(start: i64, end: i64) -> Window {
        Window { start: Millis(start), end: Millis(end) }
    }

    #[test]
    fn who_is_behind_reads_more_at_once_and_meets_the_others_again() {
        let mut width = Width::new(Duration::from_secs(10), None);
        assert_eq!(width.choose(Millis(20_000), Millis(29_999), 1), None);
        assert_eq!(width.choose(Millis(20_000), Millis(30_000), 1), Some(window(20_000, 30_000)));
        assert_eq!(width.choose(Millis(20_500), Millis(300_000), 1), Some(window(20_500, 30_000)));
        for _ in 0..3 {
            width.learn(1000, QUICK);
        }
        assert_eq!(width.choose(Millis(80_000), Millis(300_000), 1), Some(window(80_000, 160_000)));
        assert_eq!(width.choose(Millis(40_000), Millis(300_000), 1), Some(window(40_000, 80_000)));
        assert_eq!(width.choose(Millis(80_000), Millis(130_000), 1), Some(window(80_000, 120_000)));
        width.learn(u64::MAX, QUICK);
        width.learn(1000, Duration::from_secs(3600));
        assert_eq!(width.choose(Millis(80_000), Millis(300_000), 1), Some(window(80_000, 100_000)));
    }

    #[test]
    fn small_windows_are_collected_for_as_long_as_a_point_may_wait_and_a_request_has_room() {
        let width = Width::new(Duration::from_secs(1), None);
        let batch = |seconds: u64, points_max: usize, is_enabled: bool| BatchPlan {
            is_enabled,
            timeout: Duration::from_secs(seconds),
            points_max,
            bytes_max: 1 << 20,
        };
        for (seconds, points_max, is_enabled, points_each, expected) in [
            (5, 500, true, 10, 4),
            (5, 500, true, 200, 2),
            (5, 500, true, 400, 1),
            (0, 500, true, 10, 1),
            (5, 500, false, 10, 1),
            (100_000, 500, true, 0, 256),
        ] {
            let collected = width.collected(&batch(seconds, points_max, is_enabled), points_each);
            assert_eq!(collected, expected, "{seconds} {points_each}");
        }
        assert_eq!(width.choose(Millis(20_000), Millis(23_999), 4), None);
        assert_eq!(width.choose(Millis(20_000), Millis(24_000), 4), Some(window(20_000, 24_000)));
        assert_eq!(width.complete(Millis(20_000), 4), Millis(24_000));
        // Until it meets the windows of others.
        assert_eq!(width.choose(Millis(21_500), Millis(23_000), 4), Some(window(21_500, 22_000)));
        assert_eq!(width.choose(Millis(22_000), Millis(23_000), 4), None);
        assert_eq!(width.choose(Millis(22_000), Millis(24_000), 4), Some(window(22_000, 24_000)));
    }

    #[test]
    fn the_windows_of_an_expression_hold_whole_steps() {
        for (step, base) in [(1, 10), (4, 12), (10, 10), (60, 60), (7, 14)] {
            let width = Width::new(Duration::from_secs(10), Some(Duration::from_secs(step)));
            assert_eq!(width.base(), Duration::from_secs(base), "{step}");
        }
    }

    proptest! {
        #[test]
        fn windows_follow_each_other_without_holes_and_end_in_time(
            from in 0..10_000_000_i64,
            before in 0..20_000_000_i64,
            learned in 0..20_usize,
            collected in (0..4_u32).prop_map(|power| 1 << power),
        ) {
            let mut width = Width::new(Duration::from_secs(10), None);
            (0..learned).for_each(|_| width.learn(0, QUICK));
            let mut from = Millis(from);
            while let Some(window) = width.choose(from, Millis(before), collected) {
                prop_assert_eq!(window.start, from);
                prop_assert!(window.end > from && window.end <= Millis(before));
                prop_assert_eq!(window.end.0 % 10_000, 0);
                from = window.end;
            }
            prop_assert!(width.complete(from, collected) > Millis(before));
        }
    }
}
