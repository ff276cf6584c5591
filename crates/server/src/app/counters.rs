//! The counters of a receiver, for Prometheus and for the dashboard.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelValue, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::connection_limiter::ConnectionLimiter;
use crate::dashboard::page::Health;
use crate::store::outcome::Appended;

/// Everything that was counted since the process started.
#[derive(Debug, Default)]
pub(super) struct Counters {
    stored: AtomicU64,
    repeated: AtomicU64,
    rejected: Mutex<BTreeMap<&'static str, u64>>,
    omitted_values: Mutex<BTreeMap<&'static str, u64>>,
    answers: Mutex<BTreeMap<u16, u64>>,
}

impl Counters {
    pub(super) fn stored(&self, stored: Appended) {
        match stored {
            Appended::New => &self.stored,
            Appended::Repeated => &self.repeated,
        }
        .fetch_add(1, Ordering::Relaxed);
    }

    /// Counts items and parts of items that were rejected, by reason.
    pub(super) fn rejected(&self, reason: &'static str, items: u64) {
        add(&self.rejected, reason, items);
    }

    /// Counts values that were omitted from stored items, by reason.
    pub(super) fn omitted(&self, reason: &'static str, values: u64) {
        add(&self.omitted_values, reason, values);
    }

    pub(super) fn answered(&self, status: u16) {
        add(&self.answers, status, 1);
    }

    pub(super) fn health(&self) -> Health {
        Health {
            stored: self.stored.load(Ordering::Relaxed),
            repeated: self.repeated.load(Ordering::Relaxed),
            rejected: sum(&self.rejected),
            omitted: sum(&self.omitted_values),
        }
    }

    /// Encodes every counter, and the connections of `limiter`.
    pub(super) fn encode(
        &self,
        limiter: Option<&ConnectionLimiter>,
        encoder: &mut DescriptorEncoder<'_>,
    ) -> fmt::Result {
        let Health { stored, repeated, rejected, omitted: _ } = self.health();
        let results = [("stored", stored), ("repeated", repeated), ("rejected", rejected)];
        let items = "Items by result. Rejected parts of items are counted too.";
        family(encoder, "ktel_server_items_total", items, "result", results)?;
        let reasons = |counts: &Mutex<BTreeMap<&'static str, u64>>| {
            counts.lock().expect("no holder panics").clone()
        };
        let why = "Rejected items and parts of items, by reason.";
        family(
            encoder,
            "ktel_server_rejected_items_total",
            why,
            "reason",
            reasons(&self.rejected),
        )?;
        let why = "Values omitted from stored items, by reason.";
        family(
            encoder,
            "ktel_server_omitted_values_total",
            why,
            "reason",
            reasons(&self.omitted_values),
        )?;
        let responses = self.answers.lock().expect("no holder panics").clone();
        let help = "HTTP responses by status code, except those of /healthz and of the listener for metrics.";
        family(encoder, "ktel_server_http_responses_total", help, "code", responses)?;
        let Some(limiter) = limiter else { return Ok(()) };
        let open = i64::try_from(limiter.open()).unwrap_or(i64::MAX);
        let open = ConstGauge::new(open);
        let help = "Open HTTP connections.";
        let gauge =
            encoder.encode_descriptor("ktel_server_connections", help, None, open.metric_type())?;
        open.encode(gauge)?;
        let rejected = ConstCounter::new(limiter.rejected());
        let help = "HTTP connections closed because a connection limit was reached.";
        let name = without_total("ktel_server_rejected_connections_total");
        rejected.encode(encoder.encode_descriptor(name, help, None, rejected.metric_type())?)
    }
}

/// Encodes counters that differ in one label.
fn family<V: EncodeLabelValue>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &str,
    counts: impl IntoIterator<Item = (V, u64)>,
) -> fmt::Result {
    let name = without_total(name);
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (value, number) in counts {
        ConstCounter::new(number).encode(family.encode_family(&[(label, value)])?)?;
    }
    Ok(())
}

/// Gives the name without the suffix of a counter, which the encoder adds.
fn without_total(name: &str) -> &str {
    name.strip_suffix("_total").unwrap_or(name)
}

fn add<K: Ord>(counts: &Mutex<BTreeMap<K, u64>>, key: K, number: u64) {
    if number > 0 {
        *counts.lock().expect("no holder panics").entry(key).or_default() += number;
    }
}

fn sum<K>(counts: &Mutex<BTreeMap<K, u64>>) -> u64 {
    counts.lock().expect("no holder panics").values().sum()
}
