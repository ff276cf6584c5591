//! Counts what a body for a receiver like ours holds: how many it can reject at the most.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// An item, as far as its parts can be counted.
#[derive(Deserialize)]
struct Item {
    /// Those of a report.
    data: Option<BTreeMap<String, IgnoredAny>>,
    /// Those of a batch.
    events: Option<Vec<IgnoredAny>>,
}

/// Counts the sections of reports and the events of batches; anything else is one.
pub(super) fn count(body: &[u8]) -> u64 {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(parts).sum::<u64>().max(1)
}

fn parts(line: &[u8]) -> u64 {
    // What is no item of ours, or one of many lines, has no parts that a receiver could name.
    let Ok(Item { data, events }) = serde_json::from_slice(line) else { return 1 };
    let parts = data.map_or(0, |data| data.len()) + events.map_or(0, |events| events.len());
    parts.max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn parts_are_counted_and_what_has_none_is_one() {
        for (body, expected) in [
            ("", 1),
            ("x", 1),
            ("[]", 1),
            ("{}", 1),
            (r#"{"data":{}}"#, 1),
            (r#"{"data":{"a":{"b":1,"c":2},"d\n":{}}}"#, 2),
            (r#"{"schema":"ktel/events","events":[{},{},1]}"#, 3),
            ("{\"data\":{\"a\":1,\"b\":2}}\n\n{\"data\":{\"a\":1,\"b\":2}}\n", 4),
            ("{\"data\":7}\n{\"events\":\"x\"}", 2),
        ] {
            assert_eq!(count(body.as_bytes()), expected, "{body}");
        }
    }
}
