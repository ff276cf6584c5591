//! Shares bytes of memory between tenants. Pure: it says who may have what, nobody waits here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Bytes that tenants take and give back. Who waits is served by deficit round robin: each tenant in its turn gets as many
/// bytes as the others, whatever the sizes of its requests and however many it has.
#[derive(Debug)]
pub struct FairPool<T> {
    capacity: usize,
    /// What one tenant may hold at once.
    share: usize,
    used: usize,
    tenants: BTreeMap<Arc<str>, Tenant<T>>,
    /// Tenants that wait, in the order of their turns.
    waiting: VecDeque<Arc<str>>,
}

#[derive(Debug)]
struct Tenant<T> {
    used: usize,
    /// Bytes that it may be granted in this turn.
    deficit: usize,
    /// Its turn goes on as soon as there is room.
    is_in_turn: bool,
    requests: VecDeque<(T, usize)>,
}

/// Bytes that a tenant may get in one turn. A larger request waits for several turns.
const QUANTUM: usize = 256 * 1024;

impl<T> FairPool<T> {
    /// Makes a pool of so many bytes, of which one tenant may hold a share.
    #[must_use]
    pub fn new(capacity: usize, share: usize) -> Self {
        let share = share.min(capacity);
        Self { capacity, share, used: 0, tenants: BTreeMap::new(), waiting: VecDeque::new() }
    }

    /// Gives the bytes that are in use.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used
    }

    /// Gives the bytes that may be in use.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Gives how many bytes a request for so many gets: no more than a tenant may hold at once.
    #[must_use]
    pub fn clamped(&self, bytes: usize) -> usize {
        bytes.min(self.share)
    }

    /// Asks for bytes; gives how many they will be.
    pub fn request(&mut self, tenant: &Arc<str>, ticket: T, bytes: usize) -> usize {
        let bytes = self.clamped(bytes);
        let entry = self.tenants.entry(Arc::clone(tenant)).or_insert_with(|| Tenant {
            used: 0,
            deficit: 0,
            is_in_turn: false,
            requests: VecDeque::new(),
        });
        if entry.requests.is_empty() {
            self.waiting.push_back(Arc::clone(tenant));
        }
        entry.requests.push_back((ticket, bytes));
        bytes
    }

    /// Gives the requests that are granted now. `is_alive` says whether somebody still waits for one.
    pub fn grant(&mut self, is_alive: impl Fn(&T) -> bool) -> Vec<T> {
        let mut granted = Vec::new();
        // Turns in which nobody got anything, because all are at their share.
        let mut idle = 0;
        while idle < self.waiting.len() {
            let Some(name) = self.waiting.pop_front() else { break };
            let Some(tenant) = self.tenants.get_mut(&name) else { continue };
            tenant.requests.retain(|(ticket, _)| is_alive(ticket));
            let Some(&(_, first)) = tenant.requests.front() else {
                tenant.deficit = 0;
                self.forget(&name);
                continue;
            };
            if tenant.used + first > self.share {
                // Its own memory has to come back first; it saves no turns meanwhile.
                tenant.deficit = 0;
                self.waiting.push_back(name);
                idle += 1;
                continue;
            }
            if !std::mem::take(&mut tenant.is_in_turn) {
                tenant.deficit += QUANTUM;
            }
            let mut is_full = false;
            while let Some(&(_, bytes)) = tenant.requests.front() {
                if bytes > tenant.deficit || tenant.used + bytes > self.share {
                    break;
                }
                if self.used + bytes > self.capacity {
                    is_full = true;
                    break;
                }
                let Some((ticket, _)) = tenant.requests.pop_front() else { break };
                tenant.deficit -= bytes;
                tenant.used += bytes;
                self.used += bytes;
                granted.push(ticket);
            }
            if is_full {
                // It is next, and what comes back is kept for it: a large request does not starve.
                tenant.is_in_turn = true;
                self.waiting.push_front(name);
                break;
            }
            idle = 0;
            if tenant.requests.is_empty() {
                tenant.deficit = 0;
            } else {
                self.waiting.push_back(name);
            }
        }
        granted
    }

    /// Takes bytes back.
    pub fn release(&mut self, tenant: &Arc<str>, bytes: usize) {
        self.used -= bytes;
        if let Some(entry) = self.tenants.get_mut(tenant) {
            entry.used -= bytes;
        }
        self.forget(tenant);
    }

    /// Forgets a tenant that has and wants nothing.
    fn forget(&mut self, tenant: &Arc<str>) {
        let is_idle = |entry: &Tenant<T>| entry.used == 0 && entry.requests.is_empty();
        if self.tenants.get(tenant).is_some_and(is_idle) {
            self.tenants.remove(tenant);
            self.waiting.retain(|waiting| waiting != tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::{FairPool, QUANTUM};

    fn name(tenant: usize) -> Arc<str> {
        format!("tenant-{tenant}").into()
    }

    #[test]
    fn a_tenant_with_many_requests_delays_another_by_one_turn() {
        let mut pool = FairPool::new(QUANTUM, QUANTUM);
        for request in 0..100 {
            pool.request(&name(0), (0, request), QUANTUM);
        }
        assert_eq!(pool.grant(|_| true), [(0, 0)]);
        pool.request(&name(1), (1, 0), QUANTUM);
        pool.release(&name(0), QUANTUM);
        // The greedy one was next already; then comes the other.
        let mut order = pool.grant(|_| true);
        while order.len() < 2 {
            pool.release(&name(order[order.len() - 1].0), QUANTUM);
            order.extend(pool.grant(|_| true));
        }
        assert!(order.contains(&(1, 0)), "{order:?}");
    }

    #[test]
    fn bytes_are_shared_evenly_and_not_requests() {
        let mut pool = FairPool::new(QUANTUM * 4, QUANTUM * 4);
        for request in 0..400 {
            pool.request(&name(0), (0, request), QUANTUM);
        }
        for request in 0..4000 {
            pool.request(&name(1), (1, request), QUANTUM / 16);
        }
        let mut bytes = [0, 0];
        let mut held = Vec::new();
        for _ in 0..100 {
            held.extend(pool.grant(|_| true));
            for (tenant, _) in held.drain(..) {
                let size = [QUANTUM, QUANTUM / 16][tenant];
                bytes[tenant] += size;
                pool.release(&name(tenant), size);
            }
        }
        let ratio = bytes[0] as f64 / bytes[1] as f64;
        assert!((0.8..1.25).contains(&ratio), "{bytes:?}");
    }

    #[test]
    fn one_that_waits_for_its_own_memory_stops_nobody() {
        let mut pool = FairPool::new(QUANTUM * 4, QUANTUM);
        pool.request(&name(0), 0, QUANTUM);
        pool.request(&name(0), 1, QUANTUM);
        pool.request(&name(1), 2, QUANTUM);
        let mut granted = pool.grant(|_| true);
        granted.sort_unstable();
        assert_eq!(granted, [0, 2]);
    }

    #[test]
    fn a_request_that_nobody_waits_for_takes_nothing() {
        let mut pool = FairPool::new(100, 100);
        pool.request(&name(0), 0, 80);
        assert!(pool.grant(|_| false).is_empty());
        assert_eq!(pool.used(), 0);
        pool.request(&name(1), 1, 80);
        assert_eq!(pool.grant(|_| true), [1]);
    }

    proptest! {
        #[test]
        fn no_bound_is_exceeded_and_everybody_is_served(
            requests in prop::collection::vec((0..6_usize, 1..3_000_000_usize), 1..120),
            capacity in 100_000..4_000_000_usize,
            parts in 1..5_usize,
        ) {
            let share = capacity / parts;
            let mut pool = FairPool::new(capacity, share);
            let mut sizes = Vec::new();
            for (index, (tenant, bytes)) in requests.iter().enumerate() {
                sizes.push(pool.request(&name(*tenant), index, *bytes));
            }
            let mut served = 0;
            let mut held: Vec<usize> = Vec::new();
            while served < requests.len() {
                let granted = pool.grant(|_| true);
                held.extend(&granted);
                served += granted.len();
                let mut used = BTreeMap::<usize, usize>::new();
                for index in &held {
                    *used.entry(requests[*index].0).or_default() += sizes[*index];
                }
                prop_assert!(used.values().all(|used| *used <= share));
                prop_assert_eq!(used.values().sum::<usize>(), pool.used());
                prop_assert!(pool.used() <= capacity);
                prop_assert!(!held.is_empty(), "nobody holds anything and nobody is served");
                let index = held.swap_remove(0);
                pool.release(&name(requests[index].0), sizes[index]);
            }
        }
    }
}
