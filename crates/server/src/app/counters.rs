//! Counts what came and what became of it, for Prometheus and for the page.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::dashboard::page::Health;
use crate::doors::Doors;
use crate::store::Stored;

/// Everything that is counted since the start.
#[derive(Debug, Default)]
pub(super) struct Counters {
    stored: AtomicU64,
    repeated: AtomicU64,
    refused: Mutex<BTreeMap<&'static str, u64>>,
    dropped_values: Mutex<BTreeMap<&'static str, u64>>,
    answers: Mutex<BTreeMap<u16, u64>>,
}

impl Counters {
    pub(super) fn kept(&self, stored: Stored) {
        match stored {
            Stored::New => &self.stored,
            Stored::Repeated => &self.repeated,
        }
        .fetch_add(1, Ordering::Relaxed);
    }

    /// Counts items and parts of items that were refused, and why.
    pub(super) fn refused(&self, reason: &'static str, items: u64) {
        add(&self.refused, reason, items);
    }

    /// Counts values that were left out of what was stored, and why.
    pub(super) fn dropped(&self, reason: &'static str, values: u64) {
        add(&self.dropped_values, reason, values);
    }

    pub(super) fn answered(&self, status: u16) {
        add(&self.answers, status, 1);
    }

    pub(super) fn health(&self) -> Health {
        Health {
            stored: self.stored.load(Ordering::Relaxed),
            repeated: self.repeated.load(Ordering::Relaxed),
            refused: sum(&self.refused),
            dropped: sum(&self.dropped_values),
        }
    }

    /// Writes what Prometheus reads.
    pub(super) fn text(&self, doors: Option<&Doors>) -> Result<String, fmt::Error> {
        let Health { stored, repeated, refused, dropped: _ } = self.health();
        let mut text = String::new();
        let name = "ktel_server_items_total";
        writeln!(
            text,
            "# HELP {name} Items, by what became of them; parts of items where refused."
        )?;
        writeln!(text, "# TYPE {name} counter")?;
        for (result, number) in [("stored", stored), ("repeated", repeated), ("refused", refused)] {
            writeln!(text, "{name}{{result=\"{result}\"}} {number}")?;
        }
        let why = [
            (
                "ktel_server_refused_items_total",
                "Items and parts refused, by reason.",
                &self.refused,
            ),
            (
                "ktel_server_dropped_values_total",
                "Values left out of what was stored, by reason.",
                &self.dropped_values,
            ),
        ];
        for (name, help, counts) in why {
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter")?;
            for (reason, number) in &*counts.lock().expect("no holder panics") {
                writeln!(text, "{name}{{reason=\"{reason}\"}} {number}")?;
            }
        }
        let name = "ktel_server_answers_total";
        writeln!(text, "# HELP {name} Answers, by status; not of /healthz and /metrics.")?;
        writeln!(text, "# TYPE {name} counter")?;
        for (status, number) in &*self.answers.lock().expect("no holder panics") {
            writeln!(text, "{name}{{code=\"{status}\"}} {number}")?;
        }
        if let Some(doors) = doors {
            let (open, refused) = (doors.open(), doors.refused());
            let name = "ktel_server_connections";
            writeln!(
                text,
                "# HELP {name} Connections of HTTP that are open.\n# TYPE {name} gauge"
            )?;
            writeln!(text, "{name} {open}")?;
            let name = "ktel_server_refused_connections_total";
            writeln!(text, "# HELP {name} Connections of HTTP for which there was no place.")?;
            writeln!(text, "# TYPE {name} counter\n{name} {refused}")?;
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
