//! What an Exporter names, whether it can be used or not.

use std::collections::BTreeSet;

use crate::cursor::Cursors;
use crate::plan::Plan;
use crate::resource::Exporter;

/// The names of the sources and sinks of an Exporter.
#[derive(Debug, Default)]
pub(super) struct Named {
    sources: BTreeSet<String>,
    sinks: BTreeSet<String>,
}

impl Named {
    pub(super) fn of(exporter: &Exporter) -> Self {
        Self {
            sources: exporter.spec.sources.iter().map(|source| source.name.clone()).collect(),
            sinks: exporter.spec.sinks.iter().map(|sink| sink.name.clone()).collect(),
        }
    }

    /// Gives the cursors of lanes that the Exporter has and that cannot run: their source or sink is not in the plan. A mistake
    /// that is corrected later, or objects that are not known yet, lose nothing.
    pub(super) fn waiting(&self, saved: &Cursors, plan: Option<&Plan>) -> Cursors {
        saved.filtered(|lane, sink| {
            let source = Cursors::source_of(lane);
            let runs = plan.is_some_and(|plan| {
                plan.sources.iter().any(|known| known.name == source)
                    && plan.sinks.iter().any(|known| known.name == sink)
            });
            self.sources.contains(source) && self.sinks.contains(sink) && !runs
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Named;
    use crate::cursor::Cursors;
    use crate::plan::{ExporterId, Plan, Tenant};
    use crate::time::Millis;

    #[test]
    fn a_source_that_cannot_be_used_keeps_its_cursor_and_one_that_is_gone_does_not() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let named = Named { sources: names(&["wrong"]), sinks: names(&["out"]) };
        let mut saved = Cursors::default();
        saved.set("wrong", "out", Millis(5));
        saved.set(&Cursors::backfill("wrong"), "out", Millis(4));
        saved.set("wrong", "gone", Millis(6));
        saved.set("gone", "out", Millis(7));
        let empty = Plan {
            id: ExporterId { namespace: "a".into(), name: "b".into(), uid: "c".into() },
            generation: 1,
            tenant: Tenant { name: "t".into(), matchers: Vec::new(), path: None },
            sources: Vec::new(),
            sinks: Vec::new(),
            is_suspended: false,
        };
        for plan in [None, Some(&empty)] {
            let waiting = named.waiting(&saved, plan);
            assert_eq!(waiting.get("wrong", "out"), Some(Millis(5)));
            assert_eq!(waiting.get("wrong/backfill", "out"), Some(Millis(4)));
            assert_eq!(waiting.get("wrong", "gone"), None);
            assert_eq!(waiting.get("gone", "out"), None);
        }
    }
}
