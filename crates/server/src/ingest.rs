//! Decides what of a body is stored: pure, and the same for every way that it may come.
//!
//! Every section goes through [`Schema::apply`](ktel_model::Schema::apply): an undeclared value is
//! dropped, a value of a wrong type loses its field, and a section of an unknown schema is rejected
//! without harm to its neighbours.

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
