//! What is released, and for which machines.

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
pub(super) const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
pub(super) const TARGET: &str = "x86_64-unknown-linux-musl";
