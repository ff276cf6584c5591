//! Delivers bytes to receivers: a spool on disk, retries, and a verdict for every answer.
//!
//! A [`Parcel`] waits in a [`Spool`](spool::Spool) until a [courier](courier::deliver) has
//! brought it to its receiver, whose answer is a [`Verdict`]. Nothing here knows what a parcel
//! carries.
//!
//! Without the feature `network`, which is on by default, there is the spool only: a program that fills
//! it compiles neither an HTTP client nor TLS, and another program delivers.

pub mod backoff;
#[cfg(feature = "network")]
pub mod courier;
#[cfg(feature = "network")]
pub mod fault;
#[cfg(feature = "network")]
pub mod gzip;
#[cfg(feature = "network")]
pub mod http;
pub mod limits;
#[cfg(feature = "network")]
pub mod line;
pub mod parcel;
pub mod private_file;
#[cfg(feature = "network")]
pub mod resolve;
pub mod secret;
pub mod spool;
#[cfg(feature = "network")]
pub mod tls;
pub mod verdict;

pub use parcel::Parcel;
pub use secret::Secret;
pub use verdict::Verdict;
