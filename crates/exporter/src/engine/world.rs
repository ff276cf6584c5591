//! What all Exporters of an engine share: the store, its clock, and memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktel_delivery::courier::Clock;
use ktel_metricsql::Selector;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio::time::Instant;

use super::ledger::{Ledger, Reserved};
use super::memory::part_bytes;
use super::pool::Pool;
use super::seams::{Connects, Reads};
use super::tenants::Tenants;
use crate::limits::{METADATA_BYTES_MAX, METADATA_KEPT_FOR, STORE_CLOCK_KEPT_FOR};
use crate::plan::Tenant;
use crate::settings::TenantLimits;
use crate::source::{Metadata, Part, ReadError, metadata, summaries};
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

/// Metadata, when they were read, and the memory that they take.
type Known = (Arc<Metadata>, Instant, Reserved);

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
    /// Memory of what is kept between reads: state of differences, metadata, what the audit knows.
    pub(super) kept: Ledger,
    /// The largest budget of a read.
    pub(super) part_bytes_max: usize,
    /// What one source may hold of the latter.
    pub(super) source_bytes: usize,
    pub(super) requests: Arc<Semaphore>,
    pub(super) tenants: Tenants,
    store_clock: Mutex<Option<(i64, Instant)>>,
    /// The store asked for a pause until then.
    pause: Mutex<Option<Instant>>,
    asks: AsyncMutex<()>,
    /// By the tenant's path, and when it was read.
    metadata: AsyncMutex<HashMap<Option<String>, Known>>,
}

impl World {
    pub(super) fn new(
        store: Arc<dyn Reads>,
        connects: Arc<dyn Connects>,
        settings: Settings,
        clock: Clock,
    ) -> Self {
        let quarter = settings.memory_bytes / 4;
        let reading = quarter * 3 / 2;
        let sending = settings.memory_bytes - quarter - reading;
        Self {
            store,
            connects,
            settings,
            clock,
            reading: Pool::new(reading, reading / 2),
            sending: Pool::new(sending, sending / 2),
            kept: Ledger::new(quarter, quarter / 2),
            part_bytes_max: part_bytes(reading / 2),
            source_bytes: sending / 4,
            requests: Arc::new(Semaphore::new(settings.store_requests_max.max(1))),
            tenants: Tenants::new(settings.tenant),
            store_clock: Mutex::new(None),
            pause: Mutex::new(None),
            asks: AsyncMutex::new(()),
            metadata: AsyncMutex::new(HashMap::new()),
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

    /// Gives the selectors of what is read where these are selected: the sums and counts of summaries too.
    pub(super) async fn selected(
        &self,
        tenant: &Tenant,
        selectors: &[Selector],
    ) -> Result<Part, ReadError> {
        let metadata = self.metadata(tenant).await?;
        Ok(self.selected_by(tenant, selectors, &metadata))
    }

    /// As [`selected`](Self::selected), by metadata that were read before.
    pub(super) fn selected_by(
        &self,
        tenant: &Tenant,
        selectors: &[Selector],
        metadata: &Metadata,
    ) -> Part {
        let most = self.settings.tenant.query_bytes_max;
        let selectors = summaries::whole(selectors, metadata, &tenant.matchers, most);
        Part { selectors, families: None }
    }

    /// Gives types and descriptions of metrics, which are read now and then.
    pub(super) async fn metadata(&self, tenant: &Tenant) -> Result<Arc<Metadata>, ReadError> {
        let mut all = self.metadata.lock().await;
        let now = Instant::now();
        if let Some((known, read, _)) = all.get(&tenant.path)
            && now.saturating_duration_since(*read) < METADATA_KEPT_FOR
        {
            return Ok(Arc::clone(known));
        }
        // What nobody asked for lately is forgotten, and so is what is read again: both at once would take twice the memory.
        all.retain(|_, (_, read, _)| now.saturating_duration_since(*read) < METADATA_KEPT_FOR);
        // All tenants of a path share them, so none of them pays.
        let mut memory = self.kept.open(&Arc::from(""));
        let room = memory.resize(METADATA_BYTES_MAX.min(self.kept.capacity() / 2));
        let found = Arc::new(self.store.metadata(tenant, room).await?);
        memory.resize(metadata::bytes(&found));
        all.insert(tenant.path.clone(), (Arc::clone(&found), now, memory));
        Ok(found)
    }
}
