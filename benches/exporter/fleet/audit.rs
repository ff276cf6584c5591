//! What the exporter asked the API server for, as its audit log has it.

use std::collections::BTreeMap;

use anyhow::Context;
use ktel_testkit::api_server::ApiServer;
use serde_json::Value;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// Lists, watches, single objects.
    Read,
    /// The status of an Exporter.
    Status,
    /// The cursors of an Exporter.
    Cursors,
    /// An Event.
    Event,
    /// The lease, among others.
    Other,
}

/// Gives how many requests were made in each second, from a moment on.
pub(crate) fn asked(
    api: &ApiServer,
    from_ms: i64,
) -> anyhow::Result<BTreeMap<Asked, BTreeMap<i64, u64>>> {
    let log = std::fs::read_to_string(api.directory().join("audit.log")).context("the log")?;
    let mut asked: BTreeMap<Asked, BTreeMap<i64, u64>> = BTreeMap::new();
    // The last line may still be written.
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for line in whole.lines() {
        let event: Value = serde_json::from_str(line).context("a line of the log")?;
        let time = event["requestReceivedTimestamp"].as_str().context("a time")?;
        let millis = time.parse::<jiff::Timestamp>()?.as_millisecond();
        if millis >= from_ms && event["stage"] == "ResponseComplete" {
            *asked.entry(of(&event)).or_default().entry(millis / 1000).or_default() += 1;
        }
    }
    Ok(asked)
}

fn of(event: &Value) -> Asked {
    let object = &event["objectRef"];
    let is_read = matches!(event["verb"].as_str(), Some("get" | "list" | "watch"));
    match (object["resource"].as_str(), object["subresource"].as_str()) {
        (Some("exporters"), Some("status")) => Asked::Status,
        (Some("events"), _) => Asked::Event,
        (Some("configmaps"), _) if !is_read => Asked::Cursors,
        _ if is_read => Asked::Read,
        _ => Asked::Other,
    }
}
