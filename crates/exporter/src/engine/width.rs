//! How wide the windows of a source should be. Pure.

use std::time::Duration;

use crate::limits::{
    WINDOW_BYTES_GOOD, WINDOW_BYTES_MUCH, WINDOW_GROWTH_MAX, WINDOW_MAX, WINDOW_READ_SLOW,
    WINDOWS_BEHIND,
};
use crate::plan::BatchPlan;
use crate::time::{Millis, Window};
use crate::widths::Widths;

/// How wide the windows of a source are. All begin and end at multiples of a base, so that lanes of a source meet.
///
/// A lane that is behind reads several base windows at once: a power of two of them, aligned to as many. Which ones it reads
/// is in its [widths](Widths); this says when it needs others.
#[derive(Debug, Clone)]
pub(crate) struct Width {
    base: Duration,
    /// So many base windows give about what is good; a power of two. None as long as nothing was read.
    factor: Option<u32>,
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
        Self { base, factor: None, most }
    }

    pub(crate) fn base(&self) -> Duration {
        self.base
    }

    /// Gives other widths for a lane from a moment on, if those that it has do not fit: it is behind, or its windows give too
    /// much. All before `complete` can be read. A lane that is not behind reads `collected` base windows at once.
    pub(super) fn better(
        &self,
        widths: &Widths,
        from: Millis,
        complete: Millis,
        collected: u32,
    ) -> Option<Vec<(Millis, Duration)>> {
        let now = widths.at(from, self.base);
        let is_last = widths.until(from).is_none();
        let is_behind = from + now.saturating_mul(WINDOWS_BEHIND) <= complete;
        let factor = self.factor.unwrap_or_else(|| self.factor_of(now)).max(collected);
        let most = self.base * factor;
        let is_too_wide = now > most;
        let is_uncollected = is_last && now != self.base * collected;
        if !is_behind && !is_too_wide && !is_uncollected {
            return None;
        }
        let better = self.ladder(from, complete, factor, collected);
        let is_wider = better.first().is_some_and(|(_, width)| *width >= now * 2);
        (is_wider || is_too_wide || is_uncollected).then_some(better)
    }

    /// Gives the widest windows that lie before a moment, then narrower ones up to it.
    fn ladder(
        &self,
        mut from: Millis,
        complete: Millis,
        mut factor: u32,
        collected: u32,
    ) -> Vec<(Millis, Duration)> {
        let mut widths = Vec::new();
        while factor > collected {
            let width = self.base * factor;
            let until = complete.align_down(width);
            if until > from {
                widths.push((from, width));
                from = until;
            }
            factor /= 2;
        }
        widths.push((from, self.base * collected));
        widths
    }

    /// Says how many base windows are read at once, so that their points fill a request: no more than a point may wait. `now`
    /// are read at once now; that changes only if it helps.
    pub(super) fn collected(&self, batch: &BatchPlan, points_each: u64, now: Duration) -> u32 {
        if !batch.is_enabled {
            return 1;
        }
        let power =
            |of: u128| 1 << u32::try_from(of).unwrap_or(u32::MAX).clamp(1, self.most).ilog2();
        let in_time = power(batch.timeout.as_millis() / self.base.as_millis().max(1));
        let now = power(now.as_millis() / self.base.as_millis().max(1)).min(in_time);
        if points_each == 0 {
            return now; // it is not known
        }
        let in_request = power(batch.points_max as u128 / u128::from(points_each)).min(in_time);
        // A number of points that changes a little changes nothing.
        if in_request == now / 2 { now } else { in_request }
    }

    /// Takes what a window gave: requests of so many bytes, within so long.
    pub(super) fn learn(&mut self, window: Window, bytes: u64, took: Duration) {
        if bytes > WINDOW_BYTES_MUCH || took > WINDOW_READ_SLOW {
            self.narrow(window);
        } else {
            let own = self.factor_of(window.length());
            let good = 1_u32 << (WINDOW_BYTES_GOOD / bytes.max(1)).max(1).ilog2();
            let most =
                self.factor.unwrap_or(1).max(own.saturating_mul(WINDOW_GROWTH_MAX)).min(self.most);
            self.factor = Some(own.saturating_mul(good).min(most));
        }
    }

    /// Gives the width that follows a window that is too wide.
    pub(super) fn half(&self, window: Window) -> Duration {
        self.base * self.half_factor(window)
    }

    /// A window gave too much.
    pub(super) fn narrow(&mut self, window: Window) {
        self.factor = Some(self.half_factor(window));
    }

    fn half_factor(&self, window: Window) -> u32 {
        (self.factor_of(window.length()) / 2).max(1)
    }

    /// Says how many base windows there are in a length, rounded up to a power of two.
    fn factor_of(&self, length: Duration) -> u32 {
        let windows = length.as_millis().div_ceil(self.base.as_millis().max(1));
        u32::try_from(windows).unwrap_or(u32::MAX).clamp(1, self.most).next_power_of_two()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{BatchPlan, Millis, Width, Widths, Window};

    const QUICK: Duration = Duration::from_millis(50);

    fn window(start: i64, end: i64) -> Window {
        Window { start: Millis(start), end: Millis(end) }
    }

    fn seconds(of: &[(i64, u64)]) -> Vec<(Millis, Duration)> {
        of.iter().map(|(at, width)| (Millis(at * 1000), Duration::from_secs(*width))).collect()
    }

    fn widths(of: &[(i64, u64)]) -> Widths {
        let mut widths = Widths::default();
        widths.set(Millis(0), &seconds(of));
        widths
    }

    fn wide() -> Width {
        let mut width = Width::new(Duration::from_secs(10), None);
        width.learn(window(0, 10_000), 1000, QUICK);
        width
    }

    #[test]
    fn who_is_behind_reads_more_at_once_and_meets_the_others_again() {
        let width = wide();
        let better = |complete| width.better(&Widths::default(), Millis(20_500), complete, 1);
        assert_eq!(better(Millis(100_499)), None, "fewer than eight windows");
        assert!(better(Millis(100_500)).is_some());
        let expected = [
            (Millis(20_500), Duration::from_secs(80)),
            (Millis(240_000), Duration::from_secs(40)),
            (Millis(280_000), Duration::from_secs(20)),
            (Millis(300_000), Duration::from_secs(10)),
        ];
        assert_eq!(better(Millis(309_999)).unwrap(), expected);
    }

    #[test]
    fn widths_that_fit_are_kept() {
        let width = wide();
        let own = widths(&[(0, 80), (240, 40), (280, 10)]);
        for from in [80_000, 240_000] {
            // More came meanwhile.
            assert_eq!(width.better(&own, Millis(from), Millis(330_000), 1), None);
        }
        let better = width.better(&own, Millis(280_000), Millis(360_000), 1).unwrap();
        assert_eq!(better, seconds(&[(280, 80), (320, 40), (360, 10)]));
    }

    #[test]
    fn widths_that_were_saved_are_kept_until_more_is_known() {
        let width = Width::new(Duration::from_secs(10), None);
        let own = widths(&[(0, 80), (240, 10)]);
        assert_eq!(width.better(&own, Millis(80_000), Millis(5_000_000), 1), None);
    }

    #[test]
    fn a_window_that_gives_too_much_is_followed_by_narrower_ones() {
        let own = widths(&[(0, 80)]);
        for (bytes, took) in [(u64::MAX, QUICK), (1000, Duration::from_secs(3600))] {
            let mut width = wide();
            width.learn(window(0, 80_000), bytes, took);
            let better = width.better(&own, Millis(80_000), Millis(600_000), 1).unwrap();
            assert_eq!(better[0], (Millis(80_000), Duration::from_secs(40)));
        }
        let mut width = wide();
        width.narrow(window(0, 10_000));
        assert_eq!(width.factor, Some(1));
    }

    #[test]
    fn what_windows_give_says_how_wide_they_should_be_and_they_grow_step_by_step() {
        let mut width = Width::new(Duration::from_secs(10), None);
        for (end, bytes, expected) in [
            (10_000, 1, 8),
            (80_000, 1, 64),
            (640_000, 1, 256),
            // As much as a few windows of this width give.
            (20_000, 500 * 1024, 8),
            (20_000, 3 * 1024 * 1024, 2),
        ] {
            width.learn(window(0, end), bytes, QUICK);
            assert_eq!(width.factor, Some(expected), "{end} {bytes}");
        }
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
        for (seconds, points_max, is_enabled, points_each, now, expected) in [
            (5, 500, true, 10, 1, 4),
            (5, 500, true, 200, 1, 2),
            (5, 500, true, 200, 4, 4),
            (5, 500, true, 120, 4, 4),
            (5, 500, true, 400, 4, 1),
            (5, 500, true, 0, 1, 1),
            (5, 500, true, 0, 4, 4),
            (2, 500, true, 10, 4, 2),
            (0, 500, true, 10, 4, 1),
            (5, 500, false, 10, 4, 1),
            (100_000, 5000, true, 1, 1, 2048),
        ] {
            let now = Duration::from_secs(now);
            let batch = batch(seconds, points_max, is_enabled);
            let collected = width.collected(&batch, points_each, now);
            assert_eq!(collected, expected, "{seconds} {points_each} {now:?}");
        }
        let better =
            |own: &Widths, collected| width.better(own, Millis(20_000), Millis(20_500), collected);
        assert_eq!(better(&Widths::default(), 4), Some(seconds(&[(20, 4)])));
        assert_eq!(better(&widths(&[(0, 4)]), 4), None);
        assert_eq!(better(&widths(&[(0, 4)]), 1), Some(seconds(&[(20, 1)])));
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
        fn wider_windows_are_complete_and_better_ones_are_good(
            from in 0..10_000_000_i64,
            behind in 0..20_000_000_i64,
            learned in 0..4_usize,
            collected in (0..4_u32).prop_map(|power| 1 << power),
        ) {
            let mut width = Width::new(Duration::from_secs(10), None);
            (0..learned).for_each(|_| {
                let end = i64::from(width.factor.unwrap_or(1)) * 10_000;
                width.learn(window(0, end), 0, QUICK);
            });
            let (from, complete) = (Millis(from), Millis(from + behind));
            let mut widths = Widths::default();
            if let Some(better) = width.better(&widths, from, complete, collected) {
                widths.set(from, &better);
            }
            prop_assert_eq!(width.better(&widths, from, complete, collected), None);
            let last = width.base() * collected;
            let mut from = from;
            loop {
                let window = widths.window(from, width.base());
                prop_assert!(window.end > from && window.end.0 % 10_000 == 0);
                if window.end > complete {
                    break;
                }
                from = window.end;
            }
            prop_assert!(from + last > complete, "it stops at what is not complete");
        }
    }
}
