//! How a spool behaves.

use std::time::Duration;

use super::disk::Durability;

/// How much may lie in a spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of all its files.
    pub bytes: u64,
    /// Parcels that wait.
    pub parcels: u64,
    /// How old a parcel may become.
    pub age: Duration,
}

/// What happens when a spool is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The new parcel is refused.
    RefuseNew,
    /// The oldest segment goes, and its parcels are counted.
    DropOldest,
}

/// How a spool behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How much it holds.
    pub bounds: Bounds,
    /// What happens then.
    pub full: Full,
    /// What a push outlives.
    pub durability: Durability,
}
