//! What is said: the telemetry standard (KTS 1), the report and its envelope.
//!
//! No I/O and no clock: files are read, and the date is told, by the caller. The same
//! [`Schema::apply`] serves the client, the preview and the receiver, so that what is documented,
//! what is shown and what is stored cannot differ.

pub mod envelope;
mod limits;
pub mod report;
pub mod signature;
pub mod standard;

pub use standard::schema::Schema;
