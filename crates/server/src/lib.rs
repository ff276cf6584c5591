//! Receives telemetry, keeps what the standard declares, and nothing else.
//!
//! It knows no Kubernetes and no clock: it is told the schemas, the time and where to keep things.
//! What is answered with success is on disk; what no schema declares is never stored, and the
//! addresses of senders are neither stored nor logged.

pub mod anonymity;
pub mod app;
pub mod audit;
pub mod catalog;
pub mod dashboard;
pub mod doors;
pub mod hex;
pub mod ingest;
pub mod layout;
pub mod limits;
pub mod lines;
pub mod openapi;
pub mod pair;
pub mod query;
pub mod rate;
pub mod receipt;
pub mod record;
pub mod serve;
pub mod signed;
mod standards;
pub mod store;
pub mod tally;
pub mod tls;
pub mod token;

pub use catalog::Catalog;
pub use store::Store;
