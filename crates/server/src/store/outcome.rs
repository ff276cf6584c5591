//! What happened to records that were appended.

use crate::record::Record;

/// Whether a record was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It was stored now.
    New,
    /// It was stored before.
    Repeated,
}

/// The records that were stored now.
pub(super) fn new<'r>(records: &[&'r Record], stored: &[Appended]) -> Vec<&'r Record> {
    let all = records.iter().zip(stored);
    all.filter(|(_, stored)| **stored == Appended::New).map(|(record, _)| *record).collect()
}
