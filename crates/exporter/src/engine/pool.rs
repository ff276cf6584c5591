//! Bytes of memory that tasks wait for. [`FairPool`] decides; here is who waits.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::oneshot;

use super::fair::FairPool;

/// A hard bound of memory, fair over tenants. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Mutex<FairPool<Ticket>>>);

/// Somebody who waits.
#[derive(Debug)]
struct Ticket {
    tenant: Arc<str>,
    bytes: usize,
    granted: oneshot::Sender<Permit>,
}

/// Bytes that are taken; they go back when it is dropped.
#[derive(Debug)]
pub struct Permit {
    pool: Pool,
    tenant: Arc<str>,
    bytes: usize,
}

impl Pool {
    /// Makes a pool of so many bytes, of which one tenant may hold a share.
    #[must_use]
    pub fn new(capacity: usize, share: usize) -> Self {
        Self(Arc::new(Mutex::new(FairPool::new(capacity, share))))
    }

    /// Takes bytes as soon as it is the tenant's turn; no more than its share.
    ///
    /// *Cancel safety:* nothing is taken.
    pub async fn take(&self, tenant: &Arc<str>, bytes: usize) -> Permit {
        let (granted, wait) = oneshot::channel();
        {
            let mut pool = self.lock();
            let bytes = pool.clamped(bytes);
            pool.request(tenant, Ticket { tenant: Arc::clone(tenant), bytes, granted }, bytes);
        }
        self.grant();
        wait.await.expect("the pool drops a ticket only if nobody waits")
    }

    /// Gives the bytes that are in use.
    #[must_use]
    pub fn used(&self) -> usize {
        self.lock().used()
    }

    /// Gives the bytes that may be in use.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.lock().capacity()
    }

    fn grant(&self) {
        let granted = self.lock().grant(|ticket| !ticket.granted.is_closed());
        for Ticket { tenant, bytes, granted } in granted {
            // If nobody waits any more, the permit is dropped here, and the bytes go back.
            drop(granted.send(Permit { pool: self.clone(), tenant, bytes }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, FairPool<Ticket>> {
        self.0.lock().expect("no holder panics")
    }
}

impl Permit {
    /// Gives the bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.pool.lock().release(&self.tenant, self.bytes);
        self.pool.grant();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::poll;

    use super::Pool;

    #[tokio::test]
    async fn bytes_come_back_and_who_gave_up_takes_none() {
        let pool = Pool::new(100, 100);
        let [one, other]: [Arc<str>; 2] = ["one".into(), "other".into()];
        let first = pool.take(&one, 80).await;
        assert_eq!((first.bytes(), pool.used()), (80, 80));
        let mut gone = Box::pin(pool.take(&one, 80));
        assert!(poll!(&mut gone).is_pending());
        let mut waits = Box::pin(pool.take(&other, 90));
        assert!(poll!(&mut waits).is_pending());
        drop(gone);
        drop(first);
        let second = waits.await;
        assert_eq!(pool.used(), 90);
        // Granted, but dropped before it was polled again.
        let mut late = Box::pin(pool.take(&one, 50));
        assert!(poll!(&mut late).is_pending());
        drop(second);
        assert_eq!(pool.used(), 50);
        drop(late);
        assert_eq!(pool.used(), 0);
    }

    #[tokio::test]
    async fn a_request_beyond_the_share_gets_the_share() {
        let pool = Pool::new(100, 40);
        assert_eq!(pool.take(&"one".into(), 1000).await.bytes(), 40);
    }
}
