//! What all Exporters of an engine share: the store, its clock, and memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktel_delivery::courier::Clock;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::pool::Pool;
use super::seams::{Connects, Reads};
use super::tenants::Tenants;
use crate::limits::{METADATA_KEPT_FOR, STORE_CLOCK_KEPT_FOR};
use crate::plan::Tenant;
use crate::settings::TenantLimits;
use crate::source::{Metadata, ReadError};
use crate::time::Millis;

/// What decides how much an engine takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How wide the windows are that are read of new data.
    pub window: Duration,
    /// Bytes of memory for what is read, and of what is sent.
    pub memory_bytes: usize,
    /// Requests to the store at once.
    pub store_requests_max: usize,
    /// What one tenant may take of the store.
    pub tenant: TenantLimits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: crate::limits::WINDOW,
            memory_bytes: crate::limits::MEMORY_BYTES,
            store_requests_max: usize::try_from(crate::limits::STORE_REQUESTS).unwrap_or(1),
            tenant: TenantLimits::default(),
        }
    }
}

type Known = (Arc<Metadata>, Instant);

/// What all Exporters share.
#[derive(Debug)]
pub(super) struct World {
    pub(super) store: Arc<dyn Reads>,
    pub(super) connects: Arc<dyn Connects>,
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    /// Memory of slices and of what is made of them.
    pub(super) reading: Pool,
    /// Memory of batches.
    pub(super) sending: Pool,
    /// What one source may hold of the latter.
    pub(super) source_bytes: usize,
    pub(super) requests: Arc<Semaphore>,
    pub(super) tenants: Tenants,
    store_clock: Mutex<Option<(i64, Instant)>>,
    /// The store asked for a pause until then.
    pause: Mutex<Option<Instant>>,
    asks: tokio::sync::Mutex<()>,
    /// By the tenant's path, and when it was read.
    metadata: tokio::sync::Mutex<HashMap<Option<String>, Known>>,
}

impl World {
    pub(super) fn new(
        store: Arc<dyn Reads>,
        connects: Arc<dyn Connects>,
        settings: Settings,
        clock: Clock,
    ) -> Self {
        // What is read is small beside what is made of it, and gone soon.
        let half = settings.memory_bytes / 2;
        Self {
            store,
            connects,
            settings,
            clock,
            reading: Pool::new(half, half / 2),
            sending: Pool::new(half, half / 2),
            source_bytes: half / 4,
            requests: Arc::new(Semaphore::new(settings.store_requests_max.max(1))),
            tenants: Tenants::new(settings.tenant),
            store_clock: Mutex::new(None),
            pause: Mutex::new(None),
            asks: tokio::sync::Mutex::new(()),
            metadata: tokio::sync::Mutex::new(HashMap::new()),
        }
    }

    /// Gives the time of day here.
    pub(super) fn now(&self) -> Millis {
        Millis(i64::try_from((self.clock.now)().as_millis()).unwrap_or(i64::MAX))
    }

    /// Gives the time of the store, and whether it should be asked again.
    pub(super) fn store_now(&self, now: Instant) -> (Option<Millis>, bool) {
        let known = *self.store_clock.lock().expect("no holder panics");
        match known {
            Some((offset, at)) => {
                let is_old = now.saturating_duration_since(at) > STORE_CLOCK_KEPT_FOR;
                (Some(Millis(self.now().0.saturating_add(offset))), is_old)
            }
            None => (None, true),
        }
    }

    /// Asks the store for its time, unless somebody just did.
    pub(super) async fn ask_time(&self) -> Result<(), ReadError> {
        let _turn = self.asks.lock().await;
        if !self.store_now(Instant::now()).1 {
            return Ok(());
        }
        let time = self.store.now().await?;
        let offset = time.0.saturating_sub(self.now().0);
        *self.store_clock.lock().expect("no holder panics") = Some((offset, Instant::now()));
        Ok(())
    }

    /// The store asks everybody for a pause.
    pub(super) fn pause_until(&self, until: Instant) {
        let mut pause = self.pause.lock().expect("no holder panics");
        *pause = Some(pause.map_or(until, |known| known.max(until)));
    }

    /// Gives until when the store is left alone.
    pub(super) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.pause.lock().expect("no holder panics").filter(|until| now < *until)
    }

    /// Gives types and descriptions of metrics, which are read now and then.
    pub(super) async fn metadata(&self, tenant: &Tenant) -> Result<Arc<Metadata>, ReadError> {
        let mut all = self.metadata.lock().await;
        let now = Instant::now();
        if let Some((known, read)) = all.get(&tenant.path)
            && now.saturating_duration_since(*read) < METADATA_KEPT_FOR
        {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(self.store.metadata(tenant).await?);
        // What nobody asked for lately is forgotten.
        all.retain(|_, (_, read)| now.saturating_duration_since(*read) < 2 * METADATA_KEPT_FOR);
        all.insert(tenant.path.clone(), (Arc::clone(&found), now));
        Ok(found)
    }
}
