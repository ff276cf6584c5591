//! The data model: the telemetry standard (KTS 1), the report and its envelope.
//!
//! No I/O and no clock: the caller reads files and passes the date. The client, the preview and the
//! receiver use the same [`Schema::apply`], so that what is documented, shown and stored is the same.

pub mod around;
pub mod batch;
pub mod built_in;
pub mod envelope;
pub mod error_category;
mod limits;
pub mod names;
pub mod report;
pub mod signature;
pub mod standard;

pub use standard::schema::Schema;
