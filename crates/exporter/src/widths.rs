//! How wide the windows of a lane are. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::{WINDOW_MAX, WINDOWS_AHEAD};
use crate::since::Since;
use crate::time::{Millis, Window};

/// How wide the windows of a lane are: a width holds from its moment on, until the next one. Before the first, windows are
/// as wide as the settings say.
///
/// Widths are saved with the cursor. Windows are begun by saved widths only, and only 32 windows ahead of a
/// saved cursor; a lane that begins again changes no widths before that. So it divides the same time into the same windows,
/// and these into the same requests.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Widths(Since<u64>);

impl Widths {
    /// Says whether all windows are as wide as the settings say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the width that holds at a moment. None is less than `base`, whatever was saved.
    pub(crate) fn at(&self, moment: Millis, base: Duration) -> Duration {
        self.0
            .at(moment)
            .map_or(base, |width| Duration::from_millis(*width).clamp(base, WINDOW_MAX.max(base)))
    }

    /// Gives the next moment from which on another width holds.
    pub(crate) fn until(&self, moment: Millis) -> Option<Millis> {
        self.0.until(moment)
    }

    /// Gives the window that begins at a moment: it ends at a multiple of its width, or where another width begins.
    pub(crate) fn window(&self, start: Millis, base: Duration) -> Window {
        let width = self.at(start, base);
        let end = start.align_down(width) + width;
        let end = self.until(start).map_or(end, |until| end.min(until));
        Window { start, end }
    }

    /// Gives until when windows may be begun after a cursor was saved.
    pub(crate) fn ahead(&self, cursor: Millis, base: Duration) -> Millis {
        (0..WINDOWS_AHEAD).fold(cursor, |start, _| self.window(start, base).end)
    }

    /// Sets the widths from a moment on.
    pub(crate) fn set(&mut self, from: Millis, widths: &[(Millis, Duration)]) {
        let millis = |width: &Duration| u64::try_from(width.as_millis()).unwrap_or(u64::MAX);
        self.0.set(from, widths.iter().map(|(moment, width)| (*moment, millis(width))));
    }

    /// Forgets what held before a moment.
    pub(crate) fn forget(&mut self, before: Millis, base: Duration) {
        self.0.forget(before, |width| u128::from(*width) <= base.as_millis());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Duration, Millis, Widths, Window};

    const BASE: Duration = Duration::from_secs(10);

    fn widths(of: &[(i64, u64)]) -> Widths {
        let of: Vec<_> = of.iter().map(|(moment, width)| (Millis(*moment), *width)).collect();
        Widths(of.into())
    }

    fn window(start: i64, end: i64) -> Window {
        Window { start: Millis(start), end: Millis(end) }
    }

    #[test]
    fn a_window_ends_at_a_multiple_of_its_width_or_where_another_one_begins() {
        let widths = widths(&[(30_000, 80_000), (200_000, 10_000)]);
        for (start, end) in [
            (0, 10_000),
            (20_001, 30_000),
            (30_000, 80_000),
            (80_000, 160_000),
            (160_000, 200_000),
            (200_000, 210_000),
        ] {
            assert_eq!(widths.window(Millis(start), BASE), window(start, end));
        }
    }

    #[test]
    fn widths_that_were_saved_stay_within_their_bounds() {
        let widths = widths(&[(0, 0), (5, 7), (20_000, u64::MAX)]);
        assert_eq!(widths.window(Millis(5), BASE), window(5, 10_000));
        assert_eq!(widths.window(Millis(20_000), BASE), window(20_000, 3_600_000));
    }

    proptest! {
        #[test]
        fn windows_after_a_moment_are_the_same_when_what_held_before_it_is_forgotten(
            of in prop::collection::btree_map(0..300_000_i64, 1..80_000_u64, 0..6),
            at in 0..300_000_i64,
        ) {
            let all = widths(&of.into_iter().collect::<Vec<_>>());
            let mut kept = all.clone();
            kept.forget(Millis(at), BASE);
            let mut from = Millis(at);
            while from < Millis(400_000) {
                let window = all.window(from, BASE);
                prop_assert!(window.end > from);
                prop_assert_eq!(kept.window(from, BASE), window);
                from = window.end;
            }
        }

        #[test]
        fn other_widths_from_a_moment_on_leave_the_windows_before_it(
            of in prop::collection::btree_map(0..300_000_i64, 1..80_000_u64, 0..6),
            windows in 1..20_usize,
        ) {
            let old = widths(&of.into_iter().collect::<Vec<_>>());
            let mut starts = vec![Millis(0)];
            for _ in 0..windows {
                starts.push(old.window(starts[starts.len() - 1], BASE).end);
            }
            let from = starts[windows];
            let mut new = old.clone();
            new.set(from, &[(from, Duration::from_secs(160))]);
            for start in &starts[..windows] {
                prop_assert_eq!(new.window(*start, BASE), old.window(*start, BASE));
            }
        }
    }
}
