//! Counts samples again that were read, to find those that came late.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::debug;

use super::{Actor, Source};
use crate::engine::read::Event;
use crate::limits::{AUDIT_AGAIN_AFTER, AUDIT_WITHIN};
use crate::plan::{LateData, Selection};
use crate::source::{Part, ReadError};
use crate::time::Window;

impl Source {
    /// A window was read, with so many samples.
    pub(super) fn note(&mut self, window: Window, samples: u64) {
        if self.plan.late_data != LateData::Off && matches!(self.plan.selection, Selection::Raw(_))
        {
            self.audit.read(window, samples);
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
            let part = Part { selectors: selectors.clone(), families: None };
            let (world, give) = (Arc::clone(&self.world), self.give.clone());
            let (tenant, tenant_name) = (Arc::clone(&self.tenant), Arc::clone(&self.tenant_name));
            let source = source.plan.name.clone();
            self.tasks.spawn(async move {
                let _own = world.tenants.request(&tenant_name).await;
                let _request = world.requests.acquire().await.expect("it is never closed");
                let result = world.store.count(&tenant, &part, window).await;
                give.send(Event::Counted { source, window, result }).await.ok(); // the actor ends
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
        let Some(source) = self.sources.iter_mut().find(|source| source.plan.name == name) else {
            return;
        };
        match result {
            Ok(samples) => {
                source.audit_not_before = None;
                source.late += source.audit.counted(window, store_now, samples);
            }
            Err(error) => {
                debug!(source = name, error = &error as &dyn std::error::Error, "cannot count");
                source.audit_not_before = Some(now + AUDIT_AGAIN_AFTER);
            }
        }
    }
}
