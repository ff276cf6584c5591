//! The counters of a receiver, for Prometheus and for the dashboard.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

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

    /// Writes the exposition format of Prometheus.
    pub(super) fn text(&self, limiter: Option<&ConnectionLimiter>) -> Result<String, fmt::Error> {
        let Health { stored, repeated, rejected, omitted: _ } = self.health();
        let mut text = String::new();
        let name = "ktel_server_items_total";
        writeln!(text, "# HELP {name} Items by result. Rejected parts of items are counted too.")?;
        writeln!(text, "# TYPE {name} counter")?;
        for (result, number) in [("stored", stored), ("repeated", repeated), ("rejected", rejected)]
        {
            writeln!(text, "{name}{{result=\"{result}\"}} {number}")?;
        }
        let why = [
            (
                "ktel_server_rejected_items_total",
                "Rejected items and parts of items, by reason.",
                &self.rejected,
            ),
            (
                "ktel_server_omitted_values_total",
                "Values omitted from stored items, by reason.",
                &self.omitted_values,
            ),
        ];
        for (name, help, counts) in why {
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter")?;
            for (reason, number) in &*counts.lock().expect("no holder panics") {
                writeln!(text, "{name}{{reason=\"{reason}\"}} {number}")?;
            }
        }
        let name = "ktel_server_http_responses_total";
        writeln!(
            text,
            "# HELP {name} HTTP responses by status code, except those of /healthz and /metrics."
        )?;
        writeln!(text, "# TYPE {name} counter")?;
        for (status, number) in &*self.answers.lock().expect("no holder panics") {
            writeln!(text, "{name}{{code=\"{status}\"}} {number}")?;
        }
        if let Some(limiter) = limiter {
            let (open, rejected) = (limiter.open(), limiter.rejected());
            let name = "ktel_server_connections";
            writeln!(text, "# HELP {name} Open HTTP connections.\n# TYPE {name} gauge")?;
            writeln!(text, "{name} {open}")?;
            let name = "ktel_server_rejected_connections_total";
            writeln!(
                text,
                "# HELP {name} HTTP connections closed because a connection limit was reached."
            )?;
            writeln!(text, "# TYPE {name} counter\n{name} {rejected}")?;
        }
        Ok(text)
    }
}

fn add<K: Ord>(counts: &Mutex<BTreeMap<K, u64>>, key: K, number: u64) {
    if number > 0 {
        *counts.lock().expect("no holder panics").entry(key).or_default() += number;
    }
}

fn sum<K>(counts: &Mutex<BTreeMap<K, u64>>) -> u64 {
    counts.lock().expect("no holder panics").values().sum()
}
