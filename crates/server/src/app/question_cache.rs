//! The groups that queries read, cached for a few seconds, and the limit on concurrent queries.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use jiff::civil::Date;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::catalog::Catalog;
use crate::limits::{ANSWERS_BYTES_MAX, GROUPS_KNOWN_FOR, QUERIES_MAX};
use crate::query::Image;
use crate::query::child::Runner;
use crate::query::groups::{self, Sight};
use crate::store::Store;
use crate::store::error::Error;

/// What readers and what administrators see.
#[derive(Debug)]
pub(super) struct QuestionCache {
    images: Mutex<HashMap<Sight, (Instant, Image)>>,
    permits: Semaphore,
    answers: Arc<Semaphore>,
    pub(super) runner: Runner,
}

impl Default for QuestionCache {
    fn default() -> Self {
        Self {
            images: Mutex::default(),
            permits: Semaphore::new(QUERIES_MAX),
            answers: Arc::new(Semaphore::new(ANSWERS_BYTES_MAX)),
            runner: Runner::default(),
        }
    }
}

impl QuestionCache {
    /// Returns a permit for one query, unless [`QUERIES_MAX`] are running.
    pub(super) fn try_acquire(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.try_acquire().ok()
    }

    /// Makes the body of an answer, unless too many answers wait for their readers. It counts as waiting until
    /// it was sent.
    pub(super) fn body(&self, answer: Vec<u8>) -> Option<Bytes> {
        let bytes = u32::try_from(answer.len()).ok()?;
        let permit = Arc::clone(&self.answers).try_acquire_many_owned(bytes).ok()?;
        Some(Bytes::from_owner(WaitingAnswer { answer, _permit: permit }))
    }

    /// Returns the groups; they are computed once for all queries of the next few seconds.
    pub(super) async fn groups(
        &self,
        store: &Store,
        catalog: &Arc<Catalog>,
        sight: Sight,
        today: Date,
    ) -> Result<Image, Error> {
        let mut images = self.images.lock().await;
        if let Some((made_at, image)) = images.get(&sight)
            && made_at.elapsed() < GROUPS_KNOWN_FOR
        {
            return Ok(image.clone());
        }
        let image = groups::make(store, catalog, sight, today).await?;
        images.insert(sight, (Instant::now(), image.clone()));
        Ok(image)
    }
}

/// An answer that its reader has not received yet.
struct WaitingAnswer {
    answer: Vec<u8>,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for WaitingAnswer {
    fn as_ref(&self) -> &[u8] {
        &self.answer
    }
}
