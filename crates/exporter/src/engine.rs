//! Runs plans and gives [reports](crate::report). It knows no Kubernetes.

mod fair;
mod pool;

pub use fair::FairPool;
pub use pool::{Permit, Pool};
