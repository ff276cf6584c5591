//! What differences need, with the memory that it takes.

use super::ledger::Reserved;
use crate::limits::{DELTA_SERIES_BYTES, DELTA_STATE_BYTES_MAX};
use crate::mapping::DeltaState;
use crate::slice::Slice;

/// State of differences, and the memory that it takes.
#[derive(Debug)]
pub(super) struct KeptState {
    pub(super) state: DeltaState,
    memory: Reserved,
}

impl KeptState {
    pub(super) fn new(memory: Reserved) -> Self {
        Self { state: DeltaState::with_bytes_max(memory.bytes()), memory }
    }

    /// Takes memory for what a slice may leave. Where there is not enough, the oldest is forgotten.
    pub(super) fn make_room(&mut self, slice: &Slice) {
        let more = slice.len() * DELTA_SERIES_BYTES + slice.bytes() / 4;
        let wanted = (self.state.bytes() + more).min(DELTA_STATE_BYTES_MAX);
        let bytes = self.memory.resize(wanted.max(self.memory.bytes()));
        self.state.set_bytes_max(bytes);
    }

    /// Gives back what was not needed.
    pub(super) fn give_back(&mut self) {
        let bytes = self.memory.resize(self.state.bytes());
        self.state.set_bytes_max(bytes);
    }

    /// Says that all before a moment is not read again.
    pub(super) fn settle(&mut self, until: crate::time::Millis) {
        self.state.settle(until);
        self.give_back();
    }
}
