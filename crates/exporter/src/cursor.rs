//! How far the lanes of an Exporter have come: what survives a restart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::partition::Partition;
use crate::plan::Plan;
use crate::report::{Audits, Report};
use crate::since::Since;
use crate::time::Millis;
use crate::widths::Widths;

/// How far a lane has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Place {
    /// All before this moment is settled.
    pub cursor: Millis,
    /// How wide its windows are from there on.
    pub widths: Widths,
    /// How those are divided that are too large to be read at once.
    pub parts: Since<Partition>,
}

/// A place as it is written: mostly the cursor alone, in milliseconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Cursor(Millis),
    Place {
        cursor: Millis,
        #[serde(default, skip_serializing_if = "Widths::is_empty")]
        widths: Widths,
        #[serde(default, skip_serializing_if = "Since::is_empty")]
        parts: Since<Partition>,
    },
}

impl From<Millis> for Place {
    fn from(cursor: Millis) -> Self {
        Self { cursor, widths: Widths::default(), parts: Since::default() }
    }
}

impl From<Written> for Place {
    fn from(written: Written) -> Self {
        match written {
            Written::Cursor(cursor) => cursor.into(),
            Written::Place { cursor, widths, parts } => Self { cursor, widths, parts },
        }
    }
}

impl From<Place> for Written {
    fn from(Place { cursor, widths, parts }: Place) -> Self {
        if widths.is_empty() && parts.is_empty() {
            Self::Cursor(cursor)
        } else {
            Self::Place { cursor, widths, parts }
        }
    }
}

/// How far the lanes of an Exporter have come.
///
/// It is written as JSON: to a ConfigMap, or to a file where there is no Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cursors {
    /// By the source's name, then the sink's.
    #[serde(default)]
    lanes: BTreeMap<String, BTreeMap<String, Place>>,
    /// By the source's name: what was read, for the audit of late samples.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    audits: BTreeMap<String, Audits>,
}

impl Cursors {
    /// Gives the cursor of a lane.
    #[must_use]
    pub fn get(&self, source: &str, sink: &str) -> Option<Millis> {
        self.place(source, sink).map(|place| place.cursor)
    }

    /// Gives how far a lane has come.
    #[must_use]
    pub fn place(&self, source: &str, sink: &str) -> Option<&Place> {
        self.lanes.get(source)?.get(sink)
    }

    /// Gives the name of a source's lanes of older data. No source has such a name.
    #[must_use]
    pub fn backfill(source: &str) -> String {
        format!("{source}/backfill")
    }

    /// Gives the source whose lanes have a name.
    #[must_use]
    pub fn source_of(name: &str) -> &str {
        name.split_once('/').map_or(name, |(source, _)| source)
    }

    /// Gives the name of a source's lanes of late data, which have no cursors. No source has such a name.
    #[must_use]
    pub fn late(source: &str) -> String {
        format!("{source}/late")
    }

    /// Sets how far a lane has come: a cursor, or a place.
    pub fn set(&mut self, source: &str, sink: &str, place: impl Into<Place>) {
        self.lanes.entry(source.to_owned()).or_default().insert(sink.to_owned(), place.into());
    }

    /// Gives what was read of a source, for the audit of late samples.
    #[must_use]
    pub fn audits(&self, source: &str) -> Option<&Audits> {
        self.audits.get(source)
    }

    /// Gives the cursors of a plan's lanes: those that are here, or where their sources begin.
    #[must_use]
    pub fn of_plan(&self, plan: &Plan) -> Self {
        let mut cursors = Self { audits: self.audits.clone(), ..Self::default() };
        for sink in &plan.sinks {
            for source in sink.sources.iter().filter_map(|index| plan.sources.get(*index)) {
                let place = self.place(&source.name, &sink.name).cloned();
                cursors.set(&source.name, &sink.name, place.unwrap_or(source.begin.into()));
                let older = Self::backfill(&source.name);
                if let Some(place) = self.place(&older, &sink.name) {
                    cursors.set(&older, &sink.name, place.clone());
                }
            }
        }
        cursors
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
                let (widths, parts) = (lane.widths.clone(), lane.parts.clone());
                let place = Place { cursor, widths, parts };
                cursors.set(&lane.source, &lane.sink, place);
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
            for (sink, place) in sinks.iter().filter(|(sink, _)| keeps(source, sink)) {
                kept.set(source, sink, place.clone());
            }
        }
        kept
    }

    /// Takes the cursors that are not here from others.
    #[must_use]
    pub fn or(mut self, others: &Self) -> Self {
        for (source, sinks) in &others.lanes {
            for (sink, place) in sinks {
                let own = self.lanes.entry(source.clone()).or_default();
                own.entry(sink.clone()).or_insert_with(|| place.clone());
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Cursors, Millis, Partition, Place, Since, Widths};

    #[test]
    fn a_place_that_is_only_a_cursor_is_written_as_a_number_and_all_are_read_again() {
        let mut widths = Widths::default();
        widths.set(Millis(30), &[(Millis(30), Duration::from_millis(80))]);
        let mut cursors = Cursors::default();
        cursors.set("all", "a", Millis(7));
        let mut parts = Since::default();
        parts.set(Millis(40), [(Millis(40), Partition::at(&["up"]))]);
        cursors.set("all", "b", Place { cursor: Millis(8), widths, parts });
        let text = serde_json::to_string(&cursors).unwrap();
        let b = r#"{"cursor":8,"widths":[[30,80]],"parts":[[40,{"cuts":["up"]}]]}"#;
        assert_eq!(text, format!(r#"{{"lanes":{{"all":{{"a":7,"b":{b}}}}}}}"#));
        assert_eq!(serde_json::from_str::<Cursors>(&text).unwrap(), cursors);
    }
}
