//! The reports of all Exporters, for status, metrics and cursors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{Notify, watch};

use crate::plan::ExporterId;
use crate::report::Report;

/// The last report of each Exporter.
#[derive(Debug)]
pub(super) struct Published {
    reports: Mutex<BTreeMap<ExporterId, Arc<Report>>>,
    /// Counts changes.
    changes: watch::Sender<u64>,
    /// A lane waits until cursors are saved.
    pub(super) save_wanted: Notify,
}

impl Published {
    pub(super) fn new() -> Self {
        let (changes, _) = watch::channel(0);
        Self { reports: Mutex::default(), changes, save_wanted: Notify::new() }
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn publish(&self, report: Arc<Report>) {
        let mut reports = self.lock();
        if reports.get(&report.id).is_some_and(|known| *known == report) {
            return;
        }
        reports.insert(report.id.clone(), report);
        drop(reports);
        self.changes.send_modify(|changes| *changes += 1);
    }

    pub(super) fn get(&self, id: &ExporterId) -> Option<Arc<Report>> {
        self.lock().get(id).cloned()
    }

    pub(super) fn remove(&self, id: &ExporterId) {
        self.lock().remove(id);
        self.changes.send_modify(|changes| *changes += 1);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeMap<ExporterId, Arc<Report>>> {
        self.reports.lock().expect("no holder panics")
    }
}
