//! The groups that queries read, cached for a few seconds, and the limit on concurrent queries.

use std::collections::HashMap;

use jiff::civil::Date;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::catalog::Catalog;
use crate::limits::{GROUPS_KNOWN_FOR, QUERIES_MAX};
use crate::query::{Image, groups};
use crate::store::Store;
use crate::store::error::Error;

/// The groups by their minimum size. There are two sizes: that of readers, and 1 for administrators.
#[derive(Debug)]
pub(super) struct QuestionCache {
    images: Mutex<HashMap<i64, (Instant, Image)>>,
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
        catalog: &Catalog,
        min_group_size: i64,
        today: Date,
    ) -> Result<Image, Error> {
        let mut images = self.images.lock().await;
        if let Some((made_at, image)) = images.get(&min_group_size)
            && made_at.elapsed() < GROUPS_KNOWN_FOR
        {
            return Ok(image.clone());
        }
        let image = groups::make(store, catalog, min_group_size, today).await?;
        images.insert(min_group_size, (Instant::now(), image.clone()));
        Ok(image)
    }
}
