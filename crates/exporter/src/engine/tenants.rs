//! What one tenant may take of the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::lane::Bucket;
use crate::plan::RatePlan;
use crate::settings::TenantLimits;

/// The tenants that read.
#[derive(Debug)]
pub(super) struct Tenants {
    limits: TenantLimits,
    all: Mutex<HashMap<Arc<str>, Arc<Tenant>>>,
}

/// What a tenant takes.
#[derive(Debug)]
struct Tenant {
    requests: Arc<Semaphore>,
    bytes: Mutex<Bucket>,
}

/// A request to the store that a tenant may make.
#[derive(Debug)]
pub(super) struct Request {
    tenant: Arc<Tenant>,
    _permit: OwnedSemaphorePermit,
}

impl Tenants {
    pub(super) fn new(limits: TenantLimits) -> Self {
        Self { limits, all: Mutex::default() }
    }

    /// Waits until a tenant may make a request.
    ///
    /// *Cancel safety:* nothing is taken.
    pub(super) async fn request(&self, name: &Arc<str>) -> Request {
        let tenant = self.tenant(name);
        let permit = Arc::clone(&tenant.requests).acquire_owned().await;
        let permit = permit.expect("it is never closed");
        loop {
            // What was read before has to be paid for; how much it will be now is not known yet.
            let taken = tenant.bytes.lock().expect("no holder panics").take(0, Instant::now());
            match taken {
                Ok(()) => break,
                Err(later) => sleep_until(later).await,
            }
        }
        Request { tenant, _permit: permit }
    }

    fn tenant(&self, name: &Arc<str>) -> Arc<Tenant> {
        let mut all = self.all.lock().expect("no holder panics");
        // Those that neither read nor wait are forgotten now and then.
        if all.len() >= crate::limits::TENANTS_KEPT_MAX {
            all.retain(|_, tenant| Arc::strong_count(tenant) > 1);
        }
        Arc::clone(all.entry(Arc::clone(name)).or_insert_with(|| {
            let rate = RatePlan {
                points_per_second: Some(self.limits.bytes_per_second),
                burst: 0,
                in_flight_max: 1,
                age_max: None,
            };
            Arc::new(Tenant {
                requests: Arc::new(Semaphore::new(self.limits.store_requests_max.max(1))),
                bytes: Mutex::new(Bucket::new(&rate, Instant::now())),
            })
        }))
    }
}

impl Request {
    /// So many bytes were read. They are paid for before the next request.
    pub(super) fn read(&self, bytes: usize) {
        self.tenant.bytes.lock().expect("no holder panics").spend(bytes as u64, Instant::now());
    }
}
