//! Delivers bytes to receivers: a spool on disk, retries, and a verdict for every answer.
//!
//! A [`Parcel`] waits in a [`Spool`](spool::Spool) until a [courier](courier::deliver) has
//! brought it to its receiver, whose answer is a [`Verdict`]. Nothing here knows what a parcel
//! carries.

pub mod backoff;
pub mod courier;
pub mod fault;
pub mod gzip;
pub mod http;
pub mod limits;
pub mod line;
pub mod parcel;
pub mod private_file;
pub mod resolve;
pub mod secret;
pub mod spool;
pub mod tls;
pub mod verdict;

pub use parcel::Parcel;
pub use secret::Secret;
pub use verdict::Verdict;
