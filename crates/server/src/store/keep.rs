//! Retention of rows, and the results of erasing them.

use std::collections::BTreeMap;

/// What one transaction of retention deleted; nothing when no row is left to delete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Rows of schemas that were deleted one by one.
    pub rows: u64,
    /// Records that were deleted because they had no row left.
    pub records: u64,
    /// Months of tables that were dropped whole.
    pub partitions: u64,
    /// Counts that were deleted.
    pub counts: u64,
}

impl Expired {
    pub(super) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    pub(super) fn add(&mut self, more: Self) {
        self.rows += more.rows;
        self.records += more.records;
        self.partitions += more.partitions;
        self.counts += more.counts;
    }
}

/// What was erased with an installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Rows, by the table that they were in.
    pub rows: BTreeMap<String, u64>,
    /// Words of lists and maps of these rows.
    pub items: u64,
    /// Records that had no other rows.
    pub records: u64,
}

/// The retention of a table. Its schema may be unknown to this process: rows of older model versions
/// expire as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) keep_days: i32,
    pub(super) ids: Vec<String>,
}

impl Kept {
    pub(super) fn new(name: String, keep_days: i32, ids: &str) -> Self {
        Self { name, keep_days, ids: ids.split_whitespace().map(str::to_owned).collect() }
    }
}

/// The longest retention of all tables; records without rows are kept as long.
pub(super) fn longest(tables: &[Kept]) -> i32 {
    tables.iter().map(|table| table.keep_days).max().unwrap_or(i32::MAX)
}

/// The key of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RowKey {
    pub(super) day: i32,
    pub(super) sequence: i64,
    pub(super) position: i32,
}
