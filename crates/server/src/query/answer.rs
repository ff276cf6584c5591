//! The answer to a question: columns and rows.

use serde_json::{Map, Value};

/// What a question gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The names of the columns, all different.
    pub columns: Vec<String>,
    /// Numbers, texts and nulls.
    pub rows: Vec<Vec<Value>>,
}

impl Answer {
    /// Makes an answer of objects that have the same names in the same order.
    #[must_use]
    pub fn of(objects: Vec<Map<String, Value>>) -> Self {
        let columns = objects.first().map(|first| first.keys().cloned().collect());
        let rows = objects.into_iter().map(|object| object.into_iter().map(|(_, it)| it).collect());
        Self { rows: rows.collect(), columns: columns.unwrap_or_default() }
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = Map<String, Value>> {
        self.rows.iter().map(|row| self.columns.iter().cloned().zip(row.iter().cloned()).collect())
    }
}
