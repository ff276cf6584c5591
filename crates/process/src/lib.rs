//! What every long-running command needs once: logs, signals, tasks with a name and an end, and the
//! endpoint for health and metrics.
//!
//! It knows nothing of telemetry and uses no other crate of ours.

#[cfg(unix)]
pub mod confinement;
pub mod health;
pub mod limits;
pub mod logs;
pub mod metrics;
#[cfg(unix)]
pub mod open_files;
pub mod signals;
pub mod supervise;
