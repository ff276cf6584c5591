//! The kinds of which some time was not seen, until a report has listed them.

use std::sync::Mutex;

use crate::file::Watched;

/// Names the schemas whose events may be missing.
#[derive(Default)]
pub(super) struct Gap(Mutex<Vec<String>>);

impl Gap {
    pub(super) fn open(&self, watched: &[Watched]) {
        let mut schemas = self.0.lock().expect("no code panics while it holds this lock");
        *schemas = watched.iter().flat_map(|one| one.schemas.values().cloned()).collect();
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no code panics while it holds this lock"))
    }
}
