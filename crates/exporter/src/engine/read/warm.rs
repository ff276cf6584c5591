//! Rebuilds what differences need, from the store.

use std::sync::Arc;

use super::{Failure, Job};
use crate::engine::kept::KeptState;
use crate::limits::DELTA_LOOKBACK;
use crate::mapping::warm;
use crate::plan::Selection;
use crate::source::{Metadata, Part, ReadError};
use crate::time::Window;

impl Job {
    /// Reads the time before the window, and forgets it but for the last values.
    pub(super) async fn rebuilt_state(
        &mut self,
        metadata: &Metadata,
    ) -> Result<KeptState, Failure> {
        let mut kept = KeptState::new(self.world.kept.open(&self.tenant_name));
        let Selection::Raw(selectors) = &self.source.selection else { return Ok(kept) };
        if selectors.is_empty() {
            return Ok(kept);
        }
        let before = Window { start: self.window.start - DELTA_LOOKBACK, end: self.window.start };
        let all = Part { selectors: selectors.clone(), families: None };
        let world = Arc::clone(&self.world);
        let families = world.store.families(&self.tenant, &all, before).await?;
        // Nothing of it is sent, so that the window may be divided in another way.
        let mut partition = self.partition.clone();
        let mut parts = partition.parts(families);
        parts.reverse();
        while let Some(piece) = parts.pop() {
            match self.piece(&all, &piece, false, before).await {
                Ok((slice, _memory)) => {
                    kept.make_room(&slice);
                    warm(&slice, before, metadata, &self.shape, &mut kept.state);
                }
                Err(ReadError::TooLarge { seen, .. }) => {
                    // What cannot be divided has no differences either.
                    let smaller = partition.split(piece, &seen);
                    parts.extend(smaller.into_iter().flatten().rev());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(kept)
    }
}
