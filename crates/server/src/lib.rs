//! Receives telemetry, and stores what the standard declares and nothing else.
//!
//! It knows nothing of Kubernetes and has no clock: its caller provides the schemas, the time and the
//! store. A successful response means that the data is on disk. Data that no schema declares is never
//! stored, and the addresses of senders are neither stored nor logged. [`Receiver`] is the whole program.

pub mod anonymity;
pub mod app;
pub mod audit;
pub mod catalog;
pub mod cell;
pub mod connection_limiter;
pub mod dashboard;
pub mod end_of_life;
pub mod hex;
pub mod ingest;
pub mod layout;
pub mod limits;
pub mod lines;
pub mod openapi;
pub mod pair;
pub mod publication;
pub mod query;
pub mod rate_limit;
pub mod receipt;
pub mod receiver;
pub mod record;
pub mod serve;
pub mod signed;
pub mod site;
pub mod store;
pub mod tally;
pub mod tls;
pub mod token;

pub use catalog::Catalog;
pub use receiver::Receiver;
pub use store::Store;
