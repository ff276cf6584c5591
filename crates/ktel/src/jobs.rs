//! The built-in jobs.

use std::sync::Arc;

use crate::job::Collector;

pub(crate) const FILES: &[(&str, &str)] = &[];
pub(crate) const COLLECTORS: &[&str] = &[];
pub(crate) fn collector(_name: &str) -> Option<Arc<dyn Collector>> {
    None
}
