//! Where the state stays that differences need, between two reads.

use super::{Actor, Differences, Source};
use crate::engine::kept::KeptState;
use crate::limits::DELTA_WINDOWS_MAX;
use crate::mapping::Shape;
use crate::time::Window;

impl Source {
    /// Takes the state for a window, if it is known. A window that is read again finds what was before it; one with other
    /// bounds than it had does not, since what was left within them would count twice.
    pub(super) fn take_state(&mut self, shape: Shape, window: Window) -> Option<KeptState> {
        let known = self.states.iter_mut().find(|known| known.shape == shape)?;
        let fits =
            |one: &Window| *one == window || one.end <= window.start || window.end <= one.start;
        let is_known = known.from <= window.start && window.start <= known.until;
        if is_known && known.windows.iter().all(fits) { known.state.take() } else { None }
    }

    /// Takes back what a window leaves that was read to its end. Of another time, it replaces what was there.
    pub(super) fn keep_state(&mut self, shape: Shape, window: Window, state: KeptState) {
        let new = Differences {
            shape,
            from: window.start,
            until: window.end,
            windows: vec![window],
            state: Some(state),
        };
        match self.states.iter_mut().find(|known| known.shape == shape) {
            // It was taken from here.
            Some(known) if known.state.is_none() => {
                known.until = known.until.max(window.end);
                known.state = new.state;
                if !known.windows.contains(&window) {
                    known.windows.push(window);
                }
            }
            Some(known) => *known = new,
            None => self.states.push(new),
        }
    }

    /// A read failed: what it left of a part of a window is of no use.
    pub(super) fn forget_state(&mut self, shape: Shape) {
        self.states.retain(|known| known.shape != shape);
    }
}

impl Actor {
    /// Forgets what no window will ask for: all before the cursors, and what is many windows behind.
    pub(super) fn settle_differences(&mut self) {
        for (index, source) in self.sources.iter_mut().enumerate() {
            let kept = source.width.base().saturating_mul(DELTA_WINDOWS_MAX);
            for known in &mut source.states {
                let Some(state) = &mut known.state else { continue };
                let cursors = self
                    .lanes
                    .values()
                    .filter(|route| route.source == index && route.shape == known.shape)
                    .map(|route| route.lane.cursor())
                    .filter(|cursor| *cursor >= known.from);
                let least = known.until - kept;
                let from = cursors.min().unwrap_or(known.until).max(least).min(known.until);
                if from > known.from {
                    known.from = from;
                    state.settle(from);
                    known.windows.retain(|window| window.end > from);
                }
            }
        }
    }
}
