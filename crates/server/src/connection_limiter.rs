//! Limits the number of open connections, in total and per client subnet.
//!
//! Every connection costs a file descriptor and some memory. The limit of a client subnet depends on how
//! many connections are open in total: it is high while there is room, low above one half, and very low
//! for the last eighth. So a client that opens thousands of connections reaches its own limit long
//! before it affects others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::limits::{
    CONNECTIONS_DEFAULT, CONNECTIONS_MAX, CONNECTIONS_PER_SUBNET_BUSY, CONNECTIONS_PER_SUBNET_LAST,
    CONNECTIONS_PER_SUBNET_MAX, FILES_FOR_OTHERS,
};
use crate::rate_limit::ClientSubnet;

/// The connection limits, shared by all listeners.
#[derive(Debug)]
pub struct ConnectionLimiter {
    most: usize,
    open: Mutex<Open>,
    rejected: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    of: HashMap<ClientSubnet, usize>,
}

/// The right to keep one connection open. Dropping it releases the connection.
#[derive(Debug)]
pub struct Permit {
    limiter: Arc<ConnectionLimiter>,
    subnet: ClientSubnet,
}

impl ConnectionLimiter {
    /// Allows `most` connections.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, open: Mutex::default(), rejected: AtomicU64::new(0) }
    }

    /// Allows as many connections as the process may open files, less [`FILES_FOR_OTHERS`].
    #[must_use]
    pub fn for_open_files(files: u64) -> Self {
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        Self::new(files.saturating_sub(FILES_FOR_OTHERS).clamp(1, CONNECTIONS_MAX))
    }

    /// Returns a permit for a connection from an address, unless a limit is reached.
    pub fn try_acquire(self: &Arc<Self>, address: IpAddr) -> Option<Permit> {
        let subnet = ClientSubnet::of(address);
        let mut open = self.open.lock().expect("no holder panics");
        let all = open.all;
        let in_subnet = open.of.get(&subnet).copied().unwrap_or_default();
        if !may_connect(in_subnet, all, self.most) {
            self.rejected.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        open.all += 1;
        open.of.insert(subnet, in_subnet + 1);
        Some(Permit { limiter: Arc::clone(self), subnet })
    }

    /// The number of connections that were rejected.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// The number of open connections.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.lock().expect("no holder panics").all
    }
}

impl Default for ConnectionLimiter {
    fn default() -> Self {
        Self::new(CONNECTIONS_DEFAULT)
    }
}

impl Permit {
    /// The client subnet of the connection.
    #[must_use]
    pub fn subnet(&self) -> ClientSubnet {
        self.subnet
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.limiter.open.lock().expect("no holder panics");
        open.all = open.all.saturating_sub(1);
        if let Some(count) = open.of.get_mut(&self.subnet) {
            *count -= 1;
            if *count == 0 {
                open.of.remove(&self.subnet);
            }
        }
    }
}

/// Decides whether a subnet with `in_subnet` connections may open another when `all` are open.
fn may_connect(in_subnet: usize, all: usize, most: usize) -> bool {
    let share = match all {
        _ if all >= most => 0,
        _ if all >= most - most / 8 => CONNECTIONS_PER_SUBNET_LAST,
        _ if all >= most / 2 => CONNECTIONS_PER_SUBNET_BUSY,
        _ => CONNECTIONS_PER_SUBNET_MAX,
    };
    in_subnet < share
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use super::{ConnectionLimiter, may_connect};
    use crate::limits::{
        CONNECTIONS_MAX, CONNECTIONS_PER_SUBNET_BUSY as BUSY, CONNECTIONS_PER_SUBNET_LAST as LAST,
        CONNECTIONS_PER_SUBNET_MAX as MAX, FILES_FOR_OTHERS,
    };

    #[test]
    fn the_limit_of_a_subnet_shrinks_as_connections_fill_up() {
        for (in_subnet, all, expected) in [
            (0, 0, true),
            (MAX - 1, 7_999, true),
            (MAX, 7_999, false),
            (BUSY - 1, 8_000, true),
            (BUSY, 8_000, false),
            (LAST, 13_999, true),
            (LAST - 1, 14_000, true),
            (LAST, 14_000, false),
            (0, 15_999, true),
            (0, 16_000, false),
            (0, 20_000, false),
        ] {
            assert_eq!(may_connect(in_subnet, all, 16_000), expected, "{in_subnet} of {all}");
        }
    }

    #[test]
    fn the_limit_depends_on_the_limit_of_open_files() {
        for (files, most) in [
            (0, 1),
            (FILES_FOR_OTHERS as u64 + 1, 1),
            (1024, 1024 - FILES_FOR_OTHERS),
            (u64::MAX, CONNECTIONS_MAX),
        ] {
            assert_eq!(ConnectionLimiter::for_open_files(files).most, most, "{files}");
        }
    }

    #[test]
    fn a_dropped_permit_is_available_again_and_one_subnet_leaves_room_for_another() {
        let limiter = Arc::new(ConnectionLimiter::new(160));
        let of = |side: u8| IpAddr::V4(Ipv4Addr::new(127, 0, side, 1));
        let try_acquire = || std::iter::from_fn(|| limiter.try_acquire(of(1)));
        let mut many: Vec<_> = try_acquire().collect();
        drop(many.pop());
        let again: Vec<_> = try_acquire().collect();
        assert_eq!(again.len(), 1, "one permit is free, not all of the subnet");
        many.extend(again);
        let other = limiter.try_acquire(of(2)).unwrap();
        assert_eq!(limiter.open(), many.len() + 1);
        assert_eq!(limiter.rejected(), 2, "each of the two rounds was rejected once");
        drop((many, other));
        assert_eq!(limiter.open(), 0);
        assert!(limiter.open.lock().unwrap().of.is_empty(), "nothing is remembered of anybody");
        assert!(limiter.try_acquire(of(1)).is_some());
    }
}
