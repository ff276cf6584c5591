//! Counts samples again that were read, to find those that came late.

use std::hash::BuildHasher;
use std::sync::Arc;

use ktel_metricsql::Expr;
use tokio::time::Instant;
use tracing::debug;

use super::{Actor, Source};
use crate::engine::audit::Found;
use crate::engine::ledger::Reserved;
use crate::engine::read::Event;
use crate::limits::{AUDIT_AGAIN_AFTER, AUDIT_WITHIN};
use crate::plan::{LateData, Selection};
use crate::source::{Cuts, ReadError};
use crate::time::{Millis, Window};

impl Source {
    /// Samples of a window were read. `memory` gives room for what the repair needs.
    pub(super) fn note(
        &mut self,
        window: Window,
        found: Found,
        now: Millis,
        memory: &dyn Fn() -> Option<Reserved>,
    ) {
        if !matches!(self.plan.selection, Selection::Raw(_)) {
            return;
        }
        match self.plan.late_data {
            LateData::Off => {}
            LateData::Audit => self.audit.read(window, found, now, None),
            LateData::Repair => self.audit.read(window, found, now, Some(memory)),
        }
    }
}

impl Actor {
    /// Starts counts that are due: one at a time for each source, and none while the store wants to be left alone.
    pub(super) fn start_audits(&mut self, now: Instant) {
        let (Some(store_now), None) = (self.world.store_now(now).0, self.world.paused_until(now))
        else {
            return;
        };
        for source in &mut self.sources {
            let Selection::Raw(selectors) = &source.plan.selection else { continue };
            if selectors.is_empty() || source.audit_not_before.is_some_and(|until| now < until) {
                continue;
            }
            let Some(window) = source.audit.due(store_now) else { continue };
            source.audit_not_before = Some(now + AUDIT_WITHIN);
            let selectors = selectors.clone();
            let (world, give) = (Arc::clone(&self.world), self.give.clone());
            let (tenant, tenant_name) = (Arc::clone(&self.tenant), Arc::clone(&self.tenant_name));
            let source = source.plan.name.clone();
            self.tasks.spawn(async move {
                let _own = world.tenants.request(&tenant_name).await;
                let _request = world.requests.acquire().await.expect("it is never closed");
                let result = match world.selected(&tenant, &selectors).await {
                    Ok(part) => world.store.count(&tenant, &part, &Cuts::default(), window).await,
                    Err(error) => Err(error),
                };
                // It fails only when the actor is gone: then nobody wants the count.
                give.send(Event::Counted { source, window, result }).await.ok();
            });
        }
    }

    /// Takes a count.
    pub(super) fn counted(
        &mut self,
        name: &str,
        window: Window,
        result: Result<u64, ReadError>,
        now: Instant,
    ) {
        let Some(store_now) = self.world.store_now(now).0 else { return };
        let named = |source: &Source| source.plan.name == name;
        let Some(index) = self.sources.iter().position(named) else { return };
        let lanes = self.lanes_to_repair(index, window.start);
        let source = &mut self.sources[index];
        match result {
            Ok(samples) => {
                source.audit_not_before = None;
                let (late, repair) = source.audit.suspect(window, store_now, samples, lanes.len());
                source.late += late;
                if let Some(repair) = repair {
                    self.repair(&lanes, repair);
                }
            }
            Err(error) => {
                debug!(source = name, error = &error as &dyn std::error::Error, "cannot count");
                source.audit_not_before = Some(now + AUDIT_AGAIN_AFTER);
            }
        }
    }
}

/// Says what a source selects, as a number that is the same after a restart.
pub(super) fn fingerprint(selection: &Selection) -> u64 {
    let texts: Vec<String> = match selection {
        Selection::Raw(selectors) => {
            selectors.iter().map(|selector| Expr::Selector(selector.clone()).wire()).collect()
        }
        Selection::Expression { expr, step } => vec![expr.wire(), format!("{step:?}")],
    };
    foldhash::quality::FixedState::with_seed(4).hash_one(texts)
}
