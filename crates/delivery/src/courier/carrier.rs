//! What a courier needs of a transport, and of its caller.

use std::pin::Pin;
use std::time::Duration;

use crate::parcel::Parcel;
use crate::spool::Stored;
use crate::verdict::Verdict;

/// One exchange with a receiver. Transports implement it, and so do tests of bad ones.
pub trait Carrier: Send + Sync {
    /// Sends a parcel once and judges the answer. It ends within a time limit of its own.
    fn carry<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

    /// Identifies with what it sends: address, credentials, certificates. Parcels that are held under one
    /// configuration are tried at once under another.
    fn configuration(&self) -> u32 {
        0
    }

    /// Gives what joins parcels, if one exchange can carry several.
    fn joiner(&self) -> Option<&dyn Join> {
        None
    }
}

/// Makes one parcel of several, as a transport can that knows what they carry.
pub trait Join: Send + Sync {
    /// Says whether `next` may be sent together with these parcels, of which there is at least one.
    fn may_join(&self, batch: &[Stored], next: &Stored) -> bool;

    /// Joins two or more parcels. The same parcels must get the same key, by which the receiver
    /// recognises a repetition.
    fn join(&self, batch: &[Stored]) -> Parcel;
}

/// The time of day and a source of random numbers, given by the caller.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Gives the time since the epoch.
    pub now: fn() -> Duration,
    /// Gives a number between 0 and 1.
    pub jitter: fn() -> f64,
}
