//! Counts the connections that are open, so that nobody takes the places of all others.
//!
//! A connection costs a file and some memory whatever it does. A neighbourhood of addresses may hold
//! many while there is room, few when half of the places are taken, and only a handful of the last
//! ones: whoever opens thousands meets its own limit long before others do.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::limits::{
    CONNECTIONS_MAX, CONNECTIONS_OF_PREFIX_BUSY, CONNECTIONS_OF_PREFIX_LAST,
    CONNECTIONS_OF_PREFIX_MAX, CONNECTIONS_UNRAISED, FILES_FOR_OTHERS,
};
use crate::rate::Prefix;

/// The places for connections, shared by all listeners.
#[derive(Debug)]
pub struct Doors {
    most: usize,
    open: Mutex<Open>,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    of: HashMap<Prefix, usize>,
}

/// The place of one connection, free again when this is dropped.
#[derive(Debug)]
pub struct Pass {
    doors: Arc<Doors>,
    prefix: Prefix,
}

impl Doors {
    /// Has so many places.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, open: Mutex::default(), refused: AtomicU64::new(0) }
    }

    /// Has as many places as a process may open files, less those that it needs for other things.
    #[must_use]
    pub fn within(files: u64) -> Self {
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        Self::new(files.saturating_sub(FILES_FOR_OTHERS).clamp(1, CONNECTIONS_MAX))
    }

    /// Gives a place to a connection from an address; none, if it has enough.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Pass> {
        let prefix = Prefix::of(address);
        let mut open = self.open.lock().expect("no holder panics");
        let all = open.all;
        let of_prefix = open.of.get(&prefix).copied().unwrap_or_default();
        if !may_enter(of_prefix, all, self.most) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        open.all += 1;
        open.of.insert(prefix, of_prefix + 1);
        Some(Pass { doors: Arc::clone(self), prefix })
    }

    /// Counts the connections for which there was no place.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Counts the connections that are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.lock().expect("no holder panics").all
    }
}

impl Default for Doors {
    fn default() -> Self {
        Self::new(CONNECTIONS_UNRAISED)
    }
}

impl Pass {
    /// Gives the neighbourhood that the connection comes from.
    #[must_use]
    pub fn prefix(&self) -> Prefix {
        self.prefix
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut open = self.doors.open.lock().expect("no holder panics");
        open.all = open.all.saturating_sub(1);
        if let Some(count) = open.of.get_mut(&self.prefix) {
            *count -= 1;
            if *count == 0 {
                open.of.remove(&self.prefix);
            }
        }
    }
}

/// Decides whether a neighbourhood that holds so many places, of so many that are taken, may have one
/// more.
fn may_enter(of_prefix: usize, all: usize, most: usize) -> bool {
    let share = match all {
        _ if all >= most => 0,
        _ if all >= most - most / 8 => CONNECTIONS_OF_PREFIX_LAST,
        _ if all >= most / 2 => CONNECTIONS_OF_PREFIX_BUSY,
        _ => CONNECTIONS_OF_PREFIX_MAX,
    };
    of_prefix < share
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use super::{Doors, may_enter};
    use crate::limits::{
        CONNECTIONS_MAX, CONNECTIONS_OF_PREFIX_BUSY as BUSY, CONNECTIONS_OF_PREFIX_LAST as LAST,
        CONNECTIONS_OF_PREFIX_MAX as MAX, FILES_FOR_OTHERS,
    };

    #[test]
    fn the_fuller_it_is_the_fewer_places_one_neighbourhood_has() {
        for (of_prefix, all, expected) in [
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
            assert_eq!(may_enter(of_prefix, all, 16_000), expected, "{of_prefix} of {all}");
        }
    }

    #[test]
    fn places_are_as_many_as_files_allow() {
        for (files, most) in [
            (0, 1),
            (FILES_FOR_OTHERS as u64 + 1, 1),
            (1024, 1024 - FILES_FOR_OTHERS),
            (u64::MAX, CONNECTIONS_MAX),
        ] {
            assert_eq!(Doors::within(files).most, most, "{files}");
        }
    }

    #[test]
    fn a_place_is_free_again_and_many_from_one_side_leave_room_for_another() {
        let doors = Arc::new(Doors::new(160));
        let of = |side: u8| IpAddr::V4(Ipv4Addr::new(127, 0, side, 1));
        let enter = || std::iter::from_fn(|| doors.enter(of(1)));
        let mut many: Vec<_> = enter().collect();
        drop(many.pop());
        let again: Vec<_> = enter().collect();
        assert_eq!(again.len(), 1, "one place is free, not all that the side has");
        many.extend(again);
        let other = doors.enter(of(2)).unwrap();
        assert_eq!(doors.open(), many.len() + 1);
        assert_eq!(doors.refused(), 2, "each side of many was told so once");
        drop((many, other));
        assert_eq!(doors.open(), 0);
        assert!(doors.open.lock().unwrap().of.is_empty(), "nothing is remembered of anybody");
        assert!(doors.enter(of(1)).is_some());
    }
}
