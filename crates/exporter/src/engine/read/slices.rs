//! Reads a slice, within memory.

use super::Job;
use crate::engine::memory::Memory;
use crate::engine::seams::Query;
use crate::limits::PART_BYTES_MIN;
use crate::partition::Piece;
use crate::slice::Slice;
use crate::source::families::TARGET_INFO;
use crate::source::{Part, ReadError, Seen};
use crate::time::Window;

impl Job {
    /// Divides families into what is read at once. There is one of them at least that is too large.
    pub(super) fn pieces(&mut self, families: Vec<String>, seen: &Seen) -> Vec<Piece> {
        if self.partition.is_whole() && families.len() > 1 {
            let all = Piece { families: families.clone(), ..Piece::default() };
            self.partition.split(all, seen);
        }
        self.partition.parts(families)
    }

    /// Reads a piece, perhaps with the series that describe its targets.
    pub(super) async fn piece(
        &mut self,
        all: &Part,
        piece: &Piece,
        has_infos: bool,
        window: Window,
    ) -> Result<(Slice, Memory), ReadError> {
        let mut families = piece.families.clone();
        if has_infos {
            families.push(TARGET_INFO.to_owned());
        }
        let part = Part { selectors: all.selectors.clone(), families: Some(families) };
        self.slice(Query::Cut(&part, &piece.cuts), window).await
    }

    /// Reads a slice, with memory for it and for what is made of it.
    pub(super) async fn slice(
        &mut self,
        query: Query<'_>,
        window: Window,
    ) -> Result<(Slice, Memory), ReadError> {
        let most = self.world.part_bytes_max;
        let mut bytes = self.learned.slice_bytes.max(PART_BYTES_MIN).min(most);
        loop {
            let memory = Memory::reading(&self.world.reading, &self.tenant_name, bytes).await;
            let own = self.world.tenants.request(&self.tenant_name).await;
            let request = self.world.requests.acquire().await.expect("it is never closed");
            let read = self.world.store.read(&self.tenant, query, window, bytes).await;
            drop(request);
            match read {
                Ok(slice) => {
                    own.read(slice.bytes());
                    // Twice as much as it was, so that small changes need no second request.
                    self.learned.slice_bytes = slice.bytes().saturating_mul(2);
                    return Ok((slice, memory));
                }
                Err(ReadError::TooLarge { .. }) if bytes < most => {
                    own.read(bytes);
                    bytes = bytes.saturating_mul(4).min(most);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
