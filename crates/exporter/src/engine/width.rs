//! Which window is read next. Pure.

use std::time::Duration;

use crate::limits::{WINDOW_BYTES_GOOD, WINDOW_BYTES_MUCH, WINDOW_MAX, WINDOW_READ_SLOW};
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

    /// Gives the window that begins at a moment and is complete before another; none if there is none yet.
    pub(super) fn choose(&self, from: Millis, before: Millis) -> Option<Window> {
        let mut factor = self.factor;
        loop {
            let step = self.base.saturating_mul(factor);
            let start = from.align_down(step);
            let end = start + step;
            // The first window of a lane may begin anywhere; it ends where those of others end.
            if end <= before && (start == from || factor == 1) {
                return Some(Window { start: from, end });
            }
            if factor == 1 {
                return None;
            }
            factor /= 2;
        }
    }

    /// Gives when the window that begins at a moment is complete.
    pub(super) fn complete(&self, from: Millis) -> Millis {
        from.align_down(self.base) + self.base
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

    use super::{Millis, Width, Window};

    const QUICK: Duration = Duration::from_millis(50);

    fn window(start: i64, end: i64) -> Window {
        Window { start: Millis(start), end: Millis(end) }
    }

    #[test]
    fn who_is_behind_reads_more_at_once_and_meets_the_others_again() {
        let mut width = Width::new(Duration::from_secs(10), None);
        assert_eq!(width.choose(Millis(20_000), Millis(29_999)), None);
        assert_eq!(width.choose(Millis(20_000), Millis(30_000)), Some(window(20_000, 30_000)));
        assert_eq!(width.choose(Millis(20_500), Millis(300_000)), Some(window(20_500, 30_000)));
        for _ in 0..3 {
            width.learn(1000, QUICK);
        }
        assert_eq!(width.choose(Millis(80_000), Millis(300_000)), Some(window(80_000, 160_000)));
        assert_eq!(width.choose(Millis(40_000), Millis(300_000)), Some(window(40_000, 80_000)));
        assert_eq!(width.choose(Millis(80_000), Millis(130_000)), Some(window(80_000, 120_000)));
        width.learn(u64::MAX, QUICK);
        width.learn(1000, Duration::from_secs(3600));
        assert_eq!(width.choose(Millis(80_000), Millis(300_000)), Some(window(80_000, 100_000)));
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
        ) {
            let mut width = Width::new(Duration::from_secs(10), None);
            (0..learned).for_each(|_| width.learn(0, QUICK));
            let mut from = Millis(from);
            while let Some(window) = width.choose(from, Millis(before)) {
                prop_assert_eq!(window.start, from);
                prop_assert!(window.end > from && window.end <= Millis(before));
                prop_assert_eq!(window.end.0 % 10_000, 0);
                from = window.end;
            }
            prop_assert!(width.complete(from) > Millis(before));
        }
    }
}
