//! The groups that queries read, cached for a few seconds, and the limit on concurrent queries.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::catalog::Catalog;
use crate::limits::{GROUPS_KNOWN_FOR, QUERIES_MAX};
use crate::query::Image;
use crate::query::groups::{self, Sight};
use crate::store::Store;
use crate::store::error::Error;

/// What readers and what administrators see.
#[derive(Debug)]
pub(super) struct QuestionCache {
    images: Mutex<HashMap<Sight, (Instant, Image)>>,
    permits: Semaphore,
}

impl Default for QuestionCache {
    fn default() -> Self {
        Self { images: Mutex::default(), permits: Semaphore::new(QUERIES_MAX) }
    }
}

impl QuestionCache {
    /// Returns a permit for one query, unless [`QUERIES_MAX`] are running.
    pub(super) fn try_acquire(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.try_acquire().ok()
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
