//! Events of commands, many at once, in the form of each receiver.

use bytes::Bytes;
use jiff::Timestamp;
use ktel_delivery::Parcel;
use ktel_model::{batch, names};
use serde_json::{Map, Value};

use super::address::{Protocol, Wire};
use super::{Error, Remote, otlp};
use crate::limits::BATCH_EVENTS_MAX;

impl Remote {
    /// Turns the receiver of reports into that of events, which has a route of its own.
    #[must_use]
    pub fn for_events(mut self) -> Self {
        self.address.protocol.for_events();
        self
    }

    /// Says how many events it takes at once.
    #[must_use]
    pub fn events_at_once(&self) -> usize {
        match self.address.protocol {
            // A datagram holds one.
            Protocol::Line { wire: Wire::Udp, .. } => 1,
            _ => BATCH_EVENTS_MAX,
        }
    }

    /// Makes one parcel of many events. The key is the batch's; events have none.
    ///
    /// # Errors
    /// When the receiver's form cannot carry an event without forging something.
    pub fn events(
        &self,
        product: &str,
        key: String,
        events: &[Map<String, Value>],
    ) -> Result<Parcel, Error> {
        let (content_type, body) = match &self.address.protocol {
            Protocol::Splunk(collector) => {
                let event = |event: &Map<String, Value>| {
                    collector.event(Some(product), Value::Object(event.clone()), time_of(event))
                };
                let events: Vec<String> = events.iter().map(event).collect();
                ("application/json", Bytes::from(events.join("\n")))
            }
            Protocol::Line { dialect, signal, .. } => {
                let signal = signal.as_deref().unwrap_or(product);
                let lines: Result<String, _> =
                    events.iter().map(|event| dialect.line(signal, event)).collect();
                let server = self.text.clone();
                let lines = lines.map_err(|source| Error::Unsafe { server, source })?;
                ("text/plain", lines.into())
            }
            Protocol::Https { .. } => {
                let batch = batch::document(product, &key, events);
                ("application/json", batch.to_string().into())
            }
            Protocol::OtlpGrpc { .. } | Protocol::OtlpHttp { .. } => {
                let events: Vec<_> = events.iter().map(|event| (time_of(event), event)).collect();
                ("application/x-protobuf", otlp::events(product, &events).into())
            }
        };
        let content_type = content_type.to_owned();
        Ok(Parcel { to: self.text.clone(), key, content_type, body })
    }
}

/// Reads when an event happened; one without a time happened at no time.
fn time_of(event: &Map<String, Value>) -> Timestamp {
    let time = event.get(names::TIMESTAMP).and_then(Value::as_str);
    // A coarse time is a day, which is no timestamp.
    time.and_then(|time| time.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}
