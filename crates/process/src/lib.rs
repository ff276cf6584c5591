//! What every long-running command needs once: logs, signals, and tasks with a name and an end.
//!
//! It knows nothing of telemetry and uses no other crate of ours.

pub mod logs;
#[cfg(unix)]
pub mod open_files;
pub mod signals;
pub mod supervise;
