//! Reads windows of a source one after the other, in parts where a window is too large for one, until a bound is met.

use std::time::Duration;

use ktel_metricsql::Selector;
use tokio::time::{Instant, timeout_at};

use super::stop::{Cut, Failure, Stop};
use crate::engine::{Later, Query, Reads};
use crate::limits::{METADATA_BYTES_MAX, PART_BYTES_MAX};
use crate::partition::{Partition, Piece};
use crate::plan::{Selection, SourcePlan, Tenant};
use crate::slice::Slice;
use crate::source::{Evaluation, Metadata, Part, ReadError, summaries};
use crate::time::{Millis, Window};

/// Takes what was read.
pub(super) type Take<'t> = dyn FnMut(&Slice) -> Result<(), Cut> + Send + 't;

/// Reads windows of a source.
pub(super) struct Reading<'a> {
    store: &'a dyn Reads,
    tenant: &'a Tenant,
    source: &'a SourcePlan,
    /// What is read of a source that is no expression.
    selectors: Vec<Selector>,
    partition: Partition,
    within: Duration,
    deadline: Instant,
    bytes_max: u64,
    bytes: u64,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        store: &'a dyn Reads,
        tenant: &'a Tenant,
        source: &'a SourcePlan,
        within: Duration,
        bytes_max: u64,
    ) -> Self {
        let (partition, deadline) = (Partition::default(), Instant::now() + within);
        let selectors = match &source.selection {
            Selection::Raw(selectors) => selectors.clone(),
            Selection::Expression { .. } => Vec::new(),
        };
        Self { store, tenant, source, selectors, partition, within, deadline, bytes_max, bytes: 0 }
    }

    /// Reads the sums and counts of summaries too, as the engine does.
    pub(super) fn complete(&mut self, metadata: &Metadata, query_bytes_max: usize) {
        let own = &self.tenant.matchers;
        self.selectors = summaries::whole(&self.selectors, metadata, own, query_bytes_max);
    }

    /// Gives the store's clock.
    pub(super) async fn now(&self) -> Result<Millis, Stop> {
        self.in_time(self.store.now()).await
    }

    /// Gives what the store knows of metrics.
    pub(super) async fn metadata(&self) -> Result<Metadata, Stop> {
        self.in_time(self.store.metadata(self.tenant, METADATA_BYTES_MAX)).await
    }

    /// Reads a window, and gives its parts to `take`.
    pub(super) async fn window(
        &mut self,
        window: Window,
        series_max: u64,
        take: &mut Take<'_>,
    ) -> Result<(), Stop> {
        let mut series = 0;
        let mut take = |slice: &Slice| {
            series += slice.len() as u64;
            if series > series_max {
                return Err(Stop::Failed(Failure::TooManySeries { series_max }));
            }
            take(slice).map_err(Stop::Cut)
        };
        if let Selection::Expression { expr, step } = &self.source.selection {
            let evaluation = Evaluation { expr: expr.clone(), step: *step };
            return take(&self.slice(Query::Expression(&evaluation), window).await?);
        }
        let selectors = self.selectors.clone();
        if selectors.is_empty() {
            return Ok(());
        }
        let all = Part { selectors: selectors.clone(), families: None };
        if self.partition.is_whole() {
            match self.slice(Query::Raw(&all), window).await {
                Ok(slice) => return take(&slice),
                Err(stop) if is_too_large(&stop) => {}
                Err(stop) => return Err(stop),
            }
        }
        let families = self.in_time(self.store.families(self.tenant, &all, window)).await?;
        let mut parts = self.partition.parts(families);
        parts.reverse();
        while let Some(Piece { families, cuts }) = parts.pop() {
            let part = Part { selectors: selectors.clone(), families: Some(families.clone()) };
            match self.slice(Query::Cut(&part, &cuts), window).await {
                Ok(slice) => take(&slice)?,
                Err(stop) => {
                    let Stop::Failed(Failure::Store(ReadError::TooLarge { seen, .. })) = &stop
                    else {
                        return Err(stop);
                    };
                    let piece = Piece { families, cuts };
                    let smaller = self.partition.split(piece, seen);
                    parts.extend(smaller.ok_or(stop)?.into_iter().rev());
                }
            }
        }
        Ok(())
    }

    async fn slice(&mut self, query: Query<'_>, window: Window) -> Result<Slice, Stop> {
        let read = self.store.read(self.tenant, query, window, PART_BYTES_MAX);
        let read = self.in_time(read).await;
        // What was read in vain counts, too.
        self.bytes += read.as_ref().map_or(PART_BYTES_MAX, Slice::bytes) as u64;
        if self.bytes > self.bytes_max {
            return Err(Stop::Cut(Cut::Bytes(self.bytes_max)));
        }
        read
    }

    async fn in_time<T>(&self, read: Later<'_, Result<T, ReadError>>) -> Result<T, Stop> {
        match timeout_at(self.deadline, read).await {
            Ok(read) => Ok(read?),
            Err(_elapsed) => Err(Stop::Cut(Cut::Time(self.within))),
        }
    }
}

fn is_too_large(stop: &Stop) -> bool {
    matches!(stop, Stop::Failed(Failure::Store(ReadError::TooLarge { .. })))
}
