//! How a spool behaves.

use std::time::Duration;

use super::disk::Durability;

/// How much a spool may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of all its files.
    pub bytes: u64,
    /// Waiting parcels.
    pub parcels: u64,
    /// How old a parcel may become.
    pub age: Duration,
}

/// What happens when a spool is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The push fails.
    RejectNew,
    /// The oldest segment is dropped, and its parcels are counted.
    DropOldest,
}

/// How a spool behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How much it may hold.
    pub bounds: Bounds,
    /// What happens when it is full.
    pub full: Full,
    /// What a pushed parcel survives.
    pub durability: Durability,
}
