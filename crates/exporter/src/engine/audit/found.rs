//! Samples that were read, as the audit remembers them.

use std::collections::BTreeMap;

use crate::engine::sketch::{Key, Sketch};
use crate::limits::AUDIT_BUCKET;
use crate::time::Millis;

/// Samples that were read, by the piece of time that they are of.
#[derive(Debug, Default)]
pub(in crate::engine) struct Found {
    pub(super) pieces: BTreeMap<Millis, (u64, Option<Sketch>)>,
}

impl Found {
    /// A sample was read. Its key is none where it is only counted.
    pub(in crate::engine) fn add(&mut self, time: Millis, key: Option<Key>, is_counted: bool) {
        let start = time.align_down(AUDIT_BUCKET);
        let (count, sketch) = self.pieces.entry(start).or_default();
        *count += u64::from(is_counted);
        if let Some(key) = key {
            sketch.get_or_insert_default().add(key);
        }
    }

    /// Adds all of it up.
    pub(in crate::engine) fn sum(self) -> (u64, Sketch) {
        let mut sum = (0, Sketch::default());
        for (count, sketch) in self.pieces.into_values() {
            sum.0 += count;
            if let Some(sketch) = sketch {
                sum.1.add_all(&sketch);
            }
        }
        sum
    }
}
