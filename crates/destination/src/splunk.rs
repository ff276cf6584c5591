//! Splunk's HTTP Event Collector: one event per report.

use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::Timestamp;
use ktel_delivery::http::Url;
use serde_json::{Map, Value, json};

/// Where events go, unless the URL has a path of its own.
pub(super) const EVENTS: &str = "/services/collector/event";
/// Where a client asks whether its events are stored.
const ACKS: &str = "/services/collector/ack";

/// A collector and how events are marked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Collector {
    pub(super) endpoint: Url,
    pub(super) index: Option<String>,
    pub(super) source: Option<String>,
    pub(super) sourcetype: Option<String>,
    pub(super) fields: Vec<(String, String)>,
    pub(super) ack: bool,
}

impl Collector {
    /// Writes an event, with its time and without a host.
    pub(super) fn event(&self, product: Option<&str>, event: Value, time: Timestamp) -> String {
        let mut fields = Map::new();
        fields.insert("source".into(), self.source.as_deref().or(product).unwrap_or("ktel").into());
        let sourcetype = self.sourcetype.as_deref().unwrap_or("_json");
        fields.insert("sourcetype".into(), sourcetype.into());
        if let Some(index) = &self.index {
            fields.insert("index".into(), index.as_str().into());
        }
        if !self.fields.is_empty() {
            let indexed = self.fields.iter().map(|(name, value)| (name.clone(), json!(value)));
            fields.insert("fields".into(), Value::Object(indexed.collect()));
        }
        fields.insert("event".into(), event);
        let rest = Value::Object(fields).to_string();
        let rest = rest.strip_prefix('{').expect("an object begins with a brace");
        // Splunk rejects 1.79e9: the seconds have to stand in plain decimal.
        format!("{{\"time\":{},{rest}", seconds(time))
    }

    /// Where it is asked what is stored.
    pub(super) fn acks(&self, channel: &str) -> Url {
        let mut url = self.endpoint.clone();
        url.set_path(ACKS);
        url.query_pairs_mut().append_pair("channel", channel);
        url
    }
}

fn seconds(time: Timestamp) -> String {
    let millis = time.as_millisecond();
    format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000))
}

/// Makes the name of a channel: a random UUID, for this sender alone.
pub(super) fn channel() -> String {
    // Each state is seeded by the system's randomness; a channel is no secret.
    let random = || RandomState::new().build_hasher().finish();
    let (high, low) = (random(), random());
    let (version, variant) = (0x4000 | (high & 0xfff), 0x8000 | (low >> 48 & 0x3fff));
    let (first, second) = (high >> 32, high >> 16 & 0xffff);
    format!("{first:08x}-{second:04x}-{version:04x}-{variant:04x}-{:012x}", low & 0xffff_ffff_ffff)
}

/// Reads whether the event of this number is stored.
pub(super) fn is_stored(body: &[u8], ack_id: u64) -> bool {
    // An answer that makes no sense says nothing; it is asked again.
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let acks = body.as_ref().and_then(|body| body.get("acks"));
    acks.and_then(|acks| acks.get(ack_id.to_string())).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::{channel, is_stored, seconds};

    #[test]
    fn seconds_are_plain_decimals() {
        let time = jiff::Timestamp::from_millisecond;
        assert_eq!(seconds(time(1_790_000_000_123).unwrap()), "1790000000.123");
        assert_eq!(seconds(time(1_790_000_000_000).unwrap()), "1790000000.000");
    }

    #[test]
    fn a_channel_is_a_random_uuid() {
        let (one, other) = (channel(), channel());
        assert_ne!(one, other);
        let parts: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{one}");
        assert!(one.split('-').nth(2).unwrap().starts_with('4'), "{one}");
    }

    #[test]
    fn stored_means_true_under_its_own_number() {
        assert!(is_stored(br#"{"acks":{"0":false,"7":true}}"#, 7));
        for other in [&br#"{"acks":{"7":false}}"#[..], br#"{"acks":{"6":true}}"#, b"{}", b"<html>"]
        {
            assert!(!is_stored(other, 7));
        }
    }
}
