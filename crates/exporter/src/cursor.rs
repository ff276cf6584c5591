//! How far the lanes of an Exporter have come: what survives a restart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::report::{Audits, Report};
use crate::time::Millis;

/// How far the lanes of an Exporter have come.
///
/// It is written as JSON: to a ConfigMap, or to a file where there is no Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cursors {
    /// By the source's name, then the sink's: all before this moment is settled. In milliseconds since 1970.
    #[serde(default)]
    lanes: BTreeMap<String, BTreeMap<String, Millis>>,
    /// By the source's name: what was read, for the audit of late samples.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    audits: BTreeMap<String, Audits>,
}

impl Cursors {
    /// Gives the cursor of a lane.
    #[must_use]
    pub fn get(&self, source: &str, sink: &str) -> Option<Millis> {
        self.lanes.get(source)?.get(sink).copied()
    }

    /// Gives the name of a source's lanes of older data. No source has such a name.
    #[must_use]
    pub fn backfill(source: &str) -> String {
        format!("{source}/backfill")
    }

    /// Gives the name of a source's lanes of late data, which have no cursors. No source has such a name.
    #[must_use]
    pub fn late(source: &str) -> String {
        format!("{source}/late")
    }

    /// Sets the cursor of a lane.
    pub fn set(&mut self, source: &str, sink: &str, cursor: Millis) {
        self.lanes.entry(source.to_owned()).or_default().insert(sink.to_owned(), cursor);
    }

    /// Gives what was read of a source, for the audit of late samples.
    #[must_use]
    pub fn audits(&self, source: &str) -> Option<&Audits> {
        self.audits.get(source)
    }

    /// Takes from others what was read of sources.
    #[must_use]
    pub fn with_audits_of(mut self, others: &Self) -> Self {
        self.audits.clone_from(&others.audits);
        self
    }

    /// Says whether a lane of a source has a cursor.
    #[must_use]
    pub fn has_source(&self, source: &str) -> bool {
        self.lanes.get(source).is_some_and(|sinks| !sinks.is_empty())
    }

    /// Says whether no lane has a cursor.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Takes the cursors that a report names. Lanes that it does not name are gone from the plan, and from here.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut cursors = Self::default();
        for lane in report.all_lanes() {
            if let Some(cursor) = lane.cursor {
                cursors.set(&lane.source, &lane.sink, cursor);
            }
        }
        let audited = report.sources.iter().filter(|source| !source.audits.pieces.is_empty());
        cursors.audits =
            audited.map(|source| (source.name.clone(), source.audits.clone())).collect();
        cursors
    }

    /// Gives the cursors of the lanes that are kept, by the names of source and sink.
    #[must_use]
    pub fn filtered(&self, keeps: impl Fn(&str, &str) -> bool) -> Self {
        let mut kept = Self::default();
        for (source, sinks) in &self.lanes {
            for (sink, cursor) in sinks.iter().filter(|(sink, _)| keeps(source, sink)) {
                kept.set(source, sink, *cursor);
            }
        }
        kept
    }

    /// Takes the cursors that are not here from others.
    #[must_use]
    pub fn or(mut self, others: &Self) -> Self {
        for (source, sinks) in &others.lanes {
            for (sink, cursor) in sinks {
                self.lanes
                    .entry(source.clone())
                    .or_default()
                    .entry(sink.clone())
                    .or_insert(*cursor);
            }
        }
        self
    }
}
