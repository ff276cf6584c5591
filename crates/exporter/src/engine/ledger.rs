//! Memory of what is kept between reads: nobody waits for it, and what gets none has to do without.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// A hard bound of memory, of which one tenant may hold a share. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Ledger(Arc<Books>);

#[derive(Debug)]
struct Books {
    capacity: usize,
    share: usize,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    all: usize,
    tenants: HashMap<Arc<str>, usize>,
}

/// Bytes that are taken; they go back when it is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    ledger: Ledger,
    tenant: Arc<str>,
    bytes: usize,
}

impl Ledger {
    pub(super) fn new(capacity: usize, share: usize) -> Self {
        Self(Arc::new(Books { capacity, share: share.min(capacity), used: Mutex::default() }))
    }

    /// Takes nothing yet.
    pub(super) fn open(&self, tenant: &Arc<str>) -> Reserved {
        Reserved { ledger: self.clone(), tenant: Arc::clone(tenant), bytes: 0 }
    }

    /// Takes bytes, if there are as many.
    pub(super) fn reserve(&self, tenant: &Arc<str>, bytes: usize) -> Option<Reserved> {
        let mut reserved = self.open(tenant);
        (reserved.resize(bytes) == bytes).then_some(reserved)
    }

    pub(super) fn used(&self) -> usize {
        self.lock().all
    }

    pub(super) fn capacity(&self) -> usize {
        self.0.capacity
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.0.used.lock().expect("no holder panics")
    }
}

impl Reserved {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes more bytes or gives some back, to have so many; gives how many there are. Of more than are free it takes those.
    pub(super) fn resize(&mut self, bytes: usize) -> usize {
        let Books { capacity, share, .. } = *self.ledger.0;
        let mut used = self.ledger.lock();
        let others = used.all - self.bytes;
        let own = used.tenants.get(&self.tenant).copied().unwrap_or(0) - self.bytes;
        let most = (capacity - others).min(share.saturating_sub(own));
        let bytes = bytes.min(most.max(self.bytes));
        (used.all, self.bytes) = (others + bytes, bytes);
        match own + bytes {
            0 => drop(used.tenants.remove(&self.tenant)),
            own => drop(used.tenants.insert(Arc::clone(&self.tenant), own)),
        }
        bytes
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.resize(0);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Ledger;

    #[test]
    fn neither_all_nor_a_tenant_takes_more_than_its_bound_and_all_comes_back() {
        let ledger = Ledger::new(100, 60);
        let [one, other]: [Arc<str>; 2] = ["one".into(), "other".into()];
        let mut first = ledger.open(&one);
        assert_eq!(first.resize(80), 60, "the share");
        assert!(ledger.reserve(&one, 1).is_none());
        let second = ledger.reserve(&other, 40).unwrap();
        assert!(ledger.reserve(&other, 1).is_none(), "all is taken");
        assert_eq!((first.resize(10), ledger.used()), (10, 50));
        assert_eq!((first.resize(100), second.bytes()), (60, 40));
        drop((first, second));
        assert_eq!((ledger.used(), ledger.lock().tenants.len()), (0, 0));
    }
}
