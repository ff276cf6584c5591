//! The control plane: watches Exporters, Secrets and what selectors name; compiles; writes status, cursors and Events.

pub mod changes;
pub mod cursors;
pub mod events;
pub mod exporters;
pub mod objects;
pub mod role;
pub mod secrets;
