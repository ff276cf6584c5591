//! Publishes tables of a catalog.

use std::sync::Arc;

use crate::anonymity::{self, NewSenders, Population, PublishedCell, Reported, Step};
use crate::catalog::Catalog;

/// The days of a week.
pub(crate) const WEEK_DAYS: i32 = 7;

/// Decides what is published, and when.
#[derive(Debug, Clone)]
pub struct Publisher {
    catalog: Arc<Catalog>,
    floor: i64,
}

/// What is published together: the reports of one schema, one product and one week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableKey {
    /// Whose reports.
    pub population: Population,
    /// The product; empty for reports that name none.
    pub product: String,
    /// The Monday of the week, in days since 1970.
    pub week: i32,
    /// The schema.
    pub schema: String,
}

/// A table that may take a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The table.
    pub key: TableKey,
    /// Its senders since its last step.
    pub new: NewSenders,
    /// Whether a state of it is known and not shown.
    pub holds_back: bool,
}

impl Publisher {
    /// Publishes groups of at least `floor` senders.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, floor: i64) -> Self {
        Self { catalog, floor }
    }

    /// Decides whether a table takes a step. `today` is counted in days since 1970.
    #[must_use]
    pub fn step(&self, candidate: &Candidate, today: i32) -> Option<Step> {
        let Candidate { key, new, holds_back } = candidate;
        self.catalog.find(&key.schema, None)?;
        let has_ended = today - key.week >= WEEK_DAYS;
        anonymity::step(key.population, *new, (has_ended, *holds_back), self.floor)
    }

    /// Makes the cells of a table.
    #[must_use]
    pub fn cells(&self, key: &TableKey, reported: &[Reported]) -> Vec<PublishedCell> {
        let entry = self.catalog.find(&key.schema, None);
        entry.map_or_else(Vec::new, |entry| {
            anonymity::publish(&entry.schema, reported, key.population, self.floor)
        })
    }
}
