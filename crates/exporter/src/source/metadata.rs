//! Types, units and descriptions, as `/api/v1/metadata` gives them. Pure.

use std::collections::HashMap;

use serde::Deserialize;

use super::error::ReadError;
use super::{Metadata, MetricKind, MetricMetadata, text};

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Option<HashMap<String, Vec<Entry>>>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    help: String,
}

/// Reads an answer. Of several entries for a name the first that has a type counts.
pub(super) fn read(document: &[u8]) -> Result<Metadata, ReadError> {
    let answer: Answer = serde_json::from_slice(document).map_err(|error| {
        ReadError::Malformed { message: text::clean(error.to_string().as_bytes()) }
    })?;
    let known = answer.data.unwrap_or_default().into_iter().filter_map(|(name, entries)| {
        let mut entries: Vec<MetricMetadata> =
            entries.into_iter().map(MetricMetadata::from).collect();
        // The sort is stable, so the first of those with a type stays the first.
        entries.sort_by_key(|entry| entry.kind == MetricKind::Unknown);
        Some((name, entries.into_iter().next()?))
    });
    Ok(known.collect())
}

impl From<Entry> for MetricMetadata {
    fn from(Entry { kind, unit, help }: Entry) -> Self {
        let kind = match kind.as_str() {
            "counter" => MetricKind::Counter,
            "gauge" => MetricKind::Gauge,
            "histogram" => MetricKind::Histogram,
            "gaugehistogram" | "gauge histogram" => MetricKind::GaugeHistogram,
            "summary" => MetricKind::Summary,
            "info" => MetricKind::Info,
            "stateset" => MetricKind::StateSet,
            _ => MetricKind::Unknown,
        };
        Self { kind, unit, help }
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::source::MetricKind;

    #[test]
    fn the_first_entry_with_a_type_counts() {
        let found = read(
            br#"{"status":"success","data":{
                "a":[{"type":"unknown","help":"no"},{"type":"counter","unit":"seconds","help":"yes"},{"type":"gauge"}],
                "b":[{"type":"strange"}], "c":[]}}"#,
        )
        .unwrap();
        assert_eq!(found.len(), 2);
        let a = &found["a"];
        assert_eq!(
            (a.kind, a.unit.as_str(), a.help.as_str()),
            (MetricKind::Counter, "seconds", "yes")
        );
        assert_eq!(found["b"].kind, MetricKind::Unknown);
        assert!(read(br#"{"status":"success","data": {}}"#).unwrap().is_empty());
        assert!(read(b"<html>").is_err());
    }
}
