//! What was not delivered: the newest gaps, joined where they touch.

use crate::limits::LANE_GAPS_MAX;
use crate::report::Gap;
use crate::time::Window;

/// The newest gaps of a lane.
#[derive(Debug, Default, Clone)]
pub(super) struct Gaps(Vec<Gap>);

impl Gaps {
    /// Adds points that were not delivered. A gap that touches the last one of the same reason makes it longer.
    pub(super) fn add(&mut self, window: Window, reason: &'static str, points: u64) {
        let last = self.0.iter_mut().rev().find(|gap| gap.reason == reason);
        if let Some(last) = last
            && window.start <= last.window.end
            && last.window.start <= window.end
        {
            last.window.start = last.window.start.min(window.start);
            last.window.end = last.window.end.max(window.end);
            last.points += points;
            return;
        }
        if self.0.len() == LANE_GAPS_MAX {
            self.0.remove(0);
        }
        self.0.push(Gap { window, reason, points });
    }

    pub(super) fn all(&self) -> &[Gap] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Gap, Gaps, LANE_GAPS_MAX, Window};
    use crate::time::Millis;

    fn window(start: i64, end: i64) -> Window {
        Window { start: Millis(start), end: Millis(end) }
    }

    #[test]
    fn gaps_that_touch_are_one_and_only_the_newest_are_kept() {
        let mut gaps = Gaps::default();
        gaps.add(window(0, 10), "Rejected", 5);
        gaps.add(window(10, 20), "Rejected", 6);
        gaps.add(window(10, 20), "TooOld", 7);
        gaps.add(window(20, 30), "Rejected", 1);
        let rejected = Gap { window: window(0, 30), reason: "Rejected", points: 12 };
        let old = Gap { window: window(10, 20), reason: "TooOld", points: 7 };
        assert_eq!(gaps.all(), [rejected, old]);
        for start in 1..=LANE_GAPS_MAX as i64 {
            gaps.add(window(start * 1000, start * 1000 + 10), "Rejected", 1);
        }
        assert_eq!(gaps.all().len(), LANE_GAPS_MAX);
        assert_eq!(gaps.all()[0].window.start, Millis(1000));
    }
}
