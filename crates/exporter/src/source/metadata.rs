//! Types, units and descriptions, as `/api/v1/metadata` gives them. Pure.
//!
//! The answer of a large store is some ten megabytes, so it is read metric by metric, and only what is kept takes memory.

use std::collections::HashMap;

use serde::Deserialize;

use super::error::ReadError;
use super::{Metadata, MetricKind, MetricMetadata, text};
use crate::limits::METRIC_METADATA_BYTES_MAX;

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    help: String,
}

/// Reads an answer, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    bytes_max: usize,
    /// Open objects and arrays.
    depth: usize,
    has_begun: bool,
    is_text: bool,
    is_escaped: bool,
    /// The last key of the document.
    key: Vec<u8>,
    /// A metric and its entries, as far as they came.
    member: Vec<u8>,
    known: Metadata,
    bytes: usize,
    omitted: usize,
}

impl Scanner {
    /// Keeps about so many bytes. What is more than half of them has no descriptions.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, ..Self::default() }
    }

    /// Takes the next piece.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<(), ReadError> {
        piece.iter().try_for_each(|byte| self.take(*byte))
    }

    fn take(&mut self, byte: u8) -> Result<(), ReadError> {
        let is_in_data = self.depth >= 2 && self.key == b"data";
        if self.is_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_text = false,
                _ => {}
            }
            if self.depth == 1 && self.is_text {
                self.key.push(byte);
            }
        } else {
            match byte {
                b'"' => {
                    self.is_text = true;
                    if self.depth == 1 {
                        self.key.clear();
                    }
                }
                b'{' | b'[' => {
                    (self.depth, self.has_begun) = (self.depth + 1, true);
                    if self.depth == 2 {
                        return Ok(());
                    }
                }
                b'}' | b']' => {
                    self.depth = self.depth.checked_sub(1).ok_or_else(malformed)?;
                    if is_in_data && self.depth == 2 {
                        self.member.push(byte);
                        return self.end_member();
                    }
                    if self.depth < 2 {
                        return Ok(());
                    }
                }
                b',' | b' ' | b'\n' | b'\t' | b'\r' if self.member.is_empty() => return Ok(()),
                _ if !self.has_begun => return Err(malformed()),
                _ => {}
            }
        }
        if is_in_data {
            if self.member.len() >= METRIC_METADATA_BYTES_MAX {
                return Err(malformed());
            }
            self.member.push(byte);
        }
        Ok(())
    }

    /// Of several entries for a name the first that has a type counts.
    fn end_member(&mut self) -> Result<(), ReadError> {
        let document = [b"{", self.member.as_slice(), b"}"].concat();
        self.member.clear();
        let read: HashMap<String, Vec<Entry>> =
            serde_json::from_slice(&document).map_err(|error| ReadError::Malformed {
                message: text::clean(error.to_string().as_bytes()),
            })?;
        for (name, entries) in read {
            let mut entries: Vec<MetricMetadata> =
                entries.into_iter().map(MetricMetadata::from).collect();
            // The sort is stable, so the first of those with a type stays the first.
            entries.sort_by_key(|entry| entry.kind == MetricKind::Unknown);
            let Some(mut entry) = entries.into_iter().next() else { continue };
            if self.bytes > self.bytes_max / 2 {
                entry.help.clear();
            }
            let bytes = bytes_of(&name, &entry);
            if self.bytes + bytes > self.bytes_max {
                self.omitted += 1;
                continue;
            }
            self.bytes += bytes;
            self.known.insert(name, entry);
        }
        Ok(())
    }

    /// Gives what was kept, and of how many metrics nothing was.
    pub(super) fn finish(self) -> Result<(Metadata, usize), ReadError> {
        if !self.has_begun || self.depth > 0 || self.is_text {
            return Err(malformed());
        }
        Ok((self.known, self.omitted))
    }
}

fn malformed() -> ReadError {
    ReadError::Malformed { message: "the metadata are no JSON of metrics".to_owned() }
}

/// Says how much memory metadata take, about.
pub(crate) fn bytes(metadata: &Metadata) -> usize {
    metadata.iter().map(|(name, entry)| bytes_of(name, entry)).sum()
}

fn bytes_of(name: &str, entry: &MetricMetadata) -> usize {
    // A table may be half empty.
    let place = 2 * size_of::<(String, MetricMetadata)>();
    place + name.len() + entry.unit.len() + entry.help.len()
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
    use super::{Scanner, bytes};
    use crate::source::{Metadata, MetricKind, ReadError};

    /// Reads a document in pieces of a few bytes.
    fn read(document: &[u8], bytes_max: usize) -> Result<(Metadata, usize), ReadError> {
        let mut scanner = Scanner::new(bytes_max);
        document.chunks(3).try_for_each(|piece| scanner.feed(piece))?;
        scanner.finish()
    }

    #[test]
    fn the_first_entry_with_a_type_counts() {
        let (found, omitted) = read(
            br#"{"status":"success", "warnings": ["data"], "data": {
                "a":[{"type":"unknown","help":"no"},{"type":"counter","unit":"seconds","help":"y\"]}es"},{"type":"gauge"}],
                "b":[{"type":"strange"}] , "c":[]}, "more": {"x": [{"type":"gauge"}]}}"#,
            10_000,
        )
        .unwrap();
        assert_eq!((found.len(), omitted), (2, 0));
        let a = &found["a"];
        assert_eq!(
            (a.kind, a.unit.as_str(), a.help.as_str()),
            (MetricKind::Counter, "seconds", "y\"]}es")
        );
        assert_eq!(found["b"].kind, MetricKind::Unknown);
        for empty in [r#"{"status":"success","data": {}}"#, r#"{"data":null}"#] {
            assert!(read(empty.as_bytes(), 100).unwrap().0.is_empty());
        }
        for broken in ["<html>", "", r#"{"data":{"a":[{"type":"gauge"}]"#, r#"{"data":{"a":[{]}}"#]
        {
            assert!(read(broken.as_bytes(), 1000).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_is_too_much_has_no_description_and_then_no_type() {
        let metrics: Vec<String> = (0..100)
            .map(|index| {
                format!(r#""m{index}":[{{"type":"counter","help":"{}"}}]"#, "x".repeat(200))
            })
            .collect();
        let document = format!(r#"{{"data":{{{}}}}}"#, metrics.join(","));
        let (found, omitted) = read(document.as_bytes(), 20_000).unwrap();
        assert!(bytes(&found) <= 20_000 && omitted > 0);
        assert_eq!(found.len() + omitted, 100);
        let described = found.values().filter(|entry| !entry.help.is_empty()).count();
        assert!(0 < described && described < found.len(), "{described} of {}", found.len());
    }
}
