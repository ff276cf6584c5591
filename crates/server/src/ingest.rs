//! Decides what of an item is stored. The decision is pure, and the same for all endpoints.
//!
//! Every section goes through [`Schema::apply`](ktel_model::Schema::apply): an undeclared value is
//! omitted, so is a value of a wrong type, and a section of an unknown schema is rejected
//! without affecting the others.

pub mod body;
mod builder;
pub mod context;
pub mod items;
pub mod line;
pub mod otlp;
mod pairs;

pub use context::{Context, Read, Reason, Rejected, Sender, TransportDefaults};
pub use items::{EVENTS, REPORT, collected, events, kamaji, report};
pub use pairs::line;

#[cfg(test)]
mod tests;
