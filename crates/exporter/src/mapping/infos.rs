//! Which targets are described where, in a window that is read in parts.
//!
//! Each part has the series of `target_info` beside its own, so that its resources are the same as in a window that is read at
//! once. They belong to a part of their own, which comes last and says what became of them.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

use crate::limits::TARGETS_KNOWN_MAX;

/// Where the series of `target_info` in a slice belong.
#[derive(Debug)]
pub enum Infos<'t> {
    /// Here: the slice is all of the window.
    Own,
    /// Elsewhere: they describe the targets of this slice, which are noted.
    Borrowed(&'t mut Targets),
    /// Here, and nothing else is here. The targets were noted before.
    Rest(&'t Targets),
}

/// Targets that were written, as hashes of job and instance.
#[derive(Debug, Default)]
pub struct Targets(HashSet<u64>);

impl Targets {
    pub(super) fn note(&mut self, job: &str, instance: &str) {
        if self.0.len() < TARGETS_KNOWN_MAX {
            self.0.insert(hash(job, instance));
        }
    }

    /// Says whether a target was written. Of very many all are taken as written.
    pub(super) fn has(&self, job: &str, instance: &str) -> bool {
        self.0.len() >= TARGETS_KNOWN_MAX || self.0.contains(&hash(job, instance))
    }
}

fn hash(job: &str, instance: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_usize(job.len());
    hasher.write(job.as_bytes());
    hasher.write(instance.as_bytes());
    hasher.finish()
}
