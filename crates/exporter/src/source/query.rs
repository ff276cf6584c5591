//! What every store with the API of Prometheus answers: queries, names and metadata.

use std::collections::BTreeSet;

use ktel_metricsql::{Filter, Selector};
use serde::Deserialize;
use tokio::time::Instant;
use tracing::warn;
use url::Url;

use super::check::Check;
use super::error::{ReadError, Seen};
use super::exchange::{check_end, next, whole};
use super::export::millis_as_seconds;
use super::form::Form;
use super::metadata;
use super::{
    Cuts, Evaluation, Metadata, Part, Reader, StoreKind, count, families, matrix, narrow, promql,
    text,
};
use crate::limits::{
    CUT_SERIES_LOOKED_AT, NAMES_BYTES_MAX, NUMBER_BYTES_MAX, PART_BYTES_MAX, STORE_CLOCK_AGE_MAX,
};
use crate::plan::Tenant;
use crate::slice::SliceBuilder;
use crate::time::{Millis, Window};

impl Reader {
    /// Reads raw samples by `selector[window]` at its last moment.
    ///
    /// The range is open on the left since Prometheus 3 and in VictoriaMetrics, so the moment before the window is not in
    /// it. An older Prometheus gives a sample of that moment too; it is omitted here. Stale markers are not given.
    pub(super) async fn raw_by_query(
        &self,
        tenant: &Tenant,
        part: &Part,
        cuts: &Cuts,
        window: Window,
        bytes_max: usize,
    ) -> Result<SliceBuilder, ReadError> {
        let selectors = narrow::selectors(part, cuts, self.0.query_bytes_max)?;
        let check = Check::new(tenant, &selectors);
        let mut builder = SliceBuilder::new();
        for group in promql::groups(&selectors) {
            let query = format!("{}[{}ms]", promql::selector(&group), window.millis());
            // The document and what is made of it are there at once.
            let room = bytes_max.saturating_sub(builder.bytes()) / 2;
            let document = match self.instant(tenant, query, window, room).await {
                Err(ReadError::TooLarge { .. }) => {
                    let seen = self.seen_of_some(tenant, &group, window, &check).await?;
                    return Err(ReadError::TooLarge { bytes_max, seen });
                }
                document => document?,
            };
            matrix::collect(&document, window, bytes_max, &mut builder, |one| check.allows(one))?;
        }
        Ok(builder)
    }

    /// Says how the series of an or-group can be divided, by some of them. The document of all of them is too long to be read.
    async fn seen_of_some(
        &self,
        tenant: &Tenant,
        group: &[Filter],
        window: Window,
        check: &Check,
    ) -> Result<Seen, ReadError> {
        let (some, millis) = (promql::selector(group), window.millis());
        let query = format!("topk({CUT_SERIES_LOOKED_AT}, last_over_time({some}[{millis}ms]))");
        let document = self.instant(tenant, query, window, PART_BYTES_MAX).await?;
        let mut builder = SliceBuilder::new();
        matrix::collect(&document, window, PART_BYTES_MAX, &mut builder, |one| check.allows(one))?;
        // How many families all of them have is not known.
        Ok(Seen { families: 0, ..Seen::of(&builder) })
    }

    /// Evaluates an expression at the instants of a window.
    pub(super) async fn range(
        &self,
        tenant: &Tenant,
        evaluation: &Evaluation,
        window: Window,
        bytes_max: usize,
    ) -> Result<SliceBuilder, ReadError> {
        let mut builder = SliceBuilder::new();
        let Some((first, last, step)) = instants(window, evaluation) else { return Ok(builder) };
        let query = self.expression(&evaluation.expr)?;
        let mut form: Form = vec![("query", query)];
        form.push(("start", millis_as_seconds(first.0)));
        form.push(("end", millis_as_seconds(last.0)));
        form.push(("step", millis_as_seconds(step)));
        form.push(("nocache", "1".to_owned()));
        let document = self.asked(tenant, "query_range", &form, bytes_max / 2).await?;
        // An expression may drop the tenant's labels, and must not have those of another.
        let is_own = |metric: &matrix::Metric<'_>| {
            let own =
                |label: &str| ktel_metricsql::Labels::value(metric, label).unwrap_or_default();
            tenant.matchers.iter().all(|matcher| {
                let value = own(matcher.label());
                value.is_empty() || matcher.allows(value)
            })
        };
        matrix::collect(&document, window, bytes_max, &mut builder, is_own)?;
        Ok(builder)
    }

    /// Counts the samples or the series of a window.
    pub(super) async fn counted(
        &self,
        unit: count::Unit,
        tenant: &Tenant,
        part: &Part,
        cuts: &Cuts,
        window: Window,
    ) -> Result<u64, ReadError> {
        let selectors = narrow::selectors(part, cuts, self.0.query_bytes_max)?;
        let queries = if matches!(self.0.kind, StoreKind::VictoriaMetrics(_)) {
            let joined = count::joined(&selectors, self.0.query_bytes_max);
            let texts = joined.iter().map(|selector| self.query(selector));
            let texts = texts.collect::<Result<Vec<_>, _>>()?;
            texts.iter().map(|text| count::of_selector(unit, text, window)).collect()
        } else {
            let names = self.metric_names(tenant, &selectors, window).await?;
            let groups = promql::groups(&selectors);
            count::by_name(unit, &groups, &names, window, self.0.query_bytes_max)
        };
        let mut count = 0.0;
        for query in queries {
            let document = self.instant(tenant, query, window, NUMBER_BYTES_MAX).await?;
            count += matrix::sum(&document)?;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast ends at the largest"
        )]
        Ok(count as u64)
    }

    /// Gives the families of metrics that a part has in a window.
    pub(super) async fn family_names(
        &self,
        tenant: &Tenant,
        part: &Part,
        window: Window,
    ) -> Result<Vec<String>, ReadError> {
        let selectors = narrow::selectors(part, &Cuts::default(), self.0.query_bytes_max)?;
        let names = self.metric_names(tenant, &selectors, window).await?;
        Ok(families::all(names.iter().map(String::as_str)))
    }

    /// Gives the metrics that selectors have in a window, each once.
    async fn metric_names(
        &self,
        tenant: &Tenant,
        selectors: &[Selector],
        window: Window,
    ) -> Result<BTreeSet<String>, ReadError> {
        let queries = match self.0.kind {
            StoreKind::VictoriaMetrics(_) => {
                selectors.iter().map(|one| self.query(one)).collect::<Result<Vec<_>, _>>()?
            }
            StoreKind::Prometheus | StoreKind::Other => {
                promql::groups(selectors).iter().map(|group| promql::selector(group)).collect()
            }
        };
        let mut names = BTreeSet::new();
        for query in queries {
            let path = ["api", "v1", "label", "__name__", "values"];
            let mut url = self.endpoint(tenant, &path)?;
            let mut form = self.enforced(tenant)?;
            form.push(("match[]", query));
            form.push(("start", millis_as_seconds(window.start.0)));
            form.push(("end", millis_as_seconds(window.last().0)));
            url.query_pairs_mut().extend_pairs(&form);
            let document = self.document(url, NAMES_BYTES_MAX).await?;
            names.extend(read_names(&document)?);
        }
        Ok(names)
    }

    /// Gives what the store knows of metrics.
    pub(super) async fn known_metadata(
        &self,
        tenant: &Tenant,
        bytes_max: usize,
    ) -> Result<Metadata, ReadError> {
        let url = self.endpoint(tenant, &["api", "v1", "metadata"])?;
        let mut answer = match self.get(url, usize::MAX).await {
            Ok(answer) => answer,
            // It has no such endpoint, or it is switched off.
            Err(ReadError::Rejected { status: 400 | 404 | 405 | 501, .. }) => {
                return Ok(Metadata::new());
            }
            Err(error) => return Err(error),
        };
        let mut scanner = metadata::Scanner::new(bytes_max);
        while let Some(piece) = next(&mut answer, bytes_max).await? {
            scanner.feed(&piece)?;
        }
        check_end(&answer)?;
        let (known, omitted) = scanner.finish()?;
        if omitted > 0 {
            warn!(
                metrics = omitted,
                "the store has more metadata than memory; they are of unknown type"
            );
        }
        Ok(known)
    }

    /// Gives the store's clock.
    pub(super) async fn store_clock(&self) -> Result<Millis, ReadError> {
        if let Some(time) = self.clock_now() {
            return Ok(time);
        }
        // Any answer will do, and this one needs neither a tenant nor a permission.
        let mut url = self.0.url.clone();
        url.set_path("/health");
        let answer = self.get(url, NUMBER_BYTES_MAX).await;
        match (self.clock_now(), answer) {
            (Some(time), _) => Ok(time),
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => Err(ReadError::Unavailable {
                message: "its answers have no `Date`, so its clock is not known".to_owned(),
            }),
        }
    }

    fn clock_now(&self) -> Option<Millis> {
        let clock = *self.0.clock.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        clock.at(Instant::now(), STORE_CLOCK_AGE_MAX)
    }

    /// Asks about the last moment of a window.
    async fn instant(
        &self,
        tenant: &Tenant,
        query: String,
        window: Window,
        bytes_max: usize,
    ) -> Result<bytes::Bytes, ReadError> {
        let time = millis_as_seconds(window.last().0);
        let form: Form = vec![("query", query), ("time", time), ("nocache", "1".to_owned())];
        self.asked(tenant, "query", &form, bytes_max).await
    }

    async fn asked(
        &self,
        tenant: &Tenant,
        endpoint: &str,
        form: &Form,
        bytes_max: usize,
    ) -> Result<bytes::Bytes, ReadError> {
        let url = self.endpoint(tenant, &["api", "v1", endpoint])?;
        let answer = self.post_form(url, &self.enforced(tenant)?, form, bytes_max).await?;
        whole(answer, bytes_max).await
    }

    async fn document(&self, url: Url, bytes_max: usize) -> Result<bytes::Bytes, ReadError> {
        whole(self.get(url, bytes_max).await?, bytes_max).await
    }
}

/// Gives the first and the last instant in a window, and the step, in milliseconds; none if no instant is in it.
fn instants(window: Window, evaluation: &Evaluation) -> Option<(Millis, Millis, i64)> {
    let step = i64::try_from(evaluation.step.as_millis()).ok().filter(|step| *step > 0)?;
    let last = window.last().align_down(evaluation.step);
    let before = Millis(window.start.0.saturating_sub(1)).align_down(evaluation.step);
    let first = Millis(before.0.checked_add(step)?);
    (first <= last).then_some((first, last, step))
}

/// Reads the answer of `/api/v1/label/…/values`.
fn read_names(document: &[u8]) -> Result<Vec<String>, ReadError> {
    #[derive(Deserialize)]
    struct Answer {
        data: Vec<String>,
    }
    let read: Result<Answer, _> = serde_json::from_slice(document);
    let malformed = |error: serde_json::Error| ReadError::Malformed {
        message: text::clean(error.to_string().as_bytes()),
    };
    read.map(|answer| answer.data).map_err(malformed)
}
