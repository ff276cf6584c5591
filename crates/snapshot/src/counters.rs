//! What a service was asked and what it sent, for tests and benches.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::limits::LOG_LINES_MAX;

/// Counts the requests and body bytes of a service and remembers its latest requests.
#[derive(Debug, Default)]
pub struct Counters {
    requests: AtomicU64,
    bytes: AtomicU64,
    log: Mutex<VecDeque<String>>,
}

impl Counters {
    /// Returns how many requests came in.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Returns how many bytes of bodies were sent.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns the latest requests, the oldest first, as `GET /path?query`.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn asked(&self, method: &http::Method, uri: &http::Uri) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == LOG_LINES_MAX {
            log.pop_front();
        }
        log.push_back(format!("{method} {target}"));
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
