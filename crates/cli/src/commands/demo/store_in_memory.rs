//! A store of metrics that exists in memory only: two teams share it, as they would share a real one.

use std::future::ready;

use ktel_exporter::engine::{Later, Query, Reads};
use ktel_exporter::plan::Tenant;
use ktel_exporter::slice::{Sample, Slice, SliceBuilder};
use ktel_exporter::source::{Cuts, Metadata, MetricKind, MetricMetadata, Part, ReadError};
use ktel_exporter::time::{Millis, Window};

use super::super::exporter::file::now;

const NAME: &str = "http_requests_total";
/// Each series has a sample each 15 s, as scrapes have it.
const INTERVAL_MS: i64 = 15_000;
/// The namespace and the code of each series.
const SERIES: [(&str, &str); 4] =
    [("team-1", "200"), ("team-1", "503"), ("team-2", "200"), ("team-2", "503")];

#[derive(Debug)]
pub(super) struct MadeUpStore;

impl MadeUpStore {
    /// Gives what a real store would. The selectors of a plan have the filters of its tenant.
    fn slice(part: &Part, window: Window) -> Slice {
        let mut slice = SliceBuilder::new();
        for (number, (namespace, code)) in SERIES.into_iter().enumerate() {
            let labels = [("__name__", NAME), ("namespace", namespace), ("code", code)];
            if !part.selectors.iter().any(|selector| selector.matches(&labels)) {
                continue;
            }
            slice.begin();
            for (name, value) in labels {
                slice.label(name, value);
            }
            let first = window.start.0.div_euclid(INTERVAL_MS) * INTERVAL_MS;
            let times = (0..).map(|step| Millis(first + step * INTERVAL_MS));
            for time in times.take_while(|time| *time < window.end) {
                if window.contains(time) {
                    // Five requests a second, and a failed one now and then.
                    let rate = if number % 2 == 0 { 5.0 } else { 0.2 };
                    let value = ((time.0 % 86_400_000) as f64 / 1000.0 * rate).floor();
                    slice.sample(Sample { time, value });
                }
            }
            slice.end();
        }
        slice.finish()
    }
}

impl Reads for MadeUpStore {
    fn read<'a>(
        &'a self,
        _: &'a Tenant,
        query: Query<'a>,
        window: Window,
        _: usize,
    ) -> Later<'a, Result<Slice, ReadError>> {
        let slice = match query {
            Query::Raw(part) | Query::Cut(part, _) => Self::slice(part, window),
            Query::Expression(_) => SliceBuilder::new().finish(),
        };
        Box::pin(ready(Ok(slice)))
    }

    fn families<'a>(
        &'a self,
        _: &'a Tenant,
        _: &'a Part,
        _: Window,
    ) -> Later<'a, Result<Vec<String>, ReadError>> {
        Box::pin(ready(Ok(vec![NAME.to_owned()])))
    }

    fn metadata<'a>(&'a self, _: &'a Tenant, _: usize) -> Later<'a, Result<Metadata, ReadError>> {
        let requests = MetricMetadata {
            kind: MetricKind::Counter,
            help: "Requests that were answered.".to_owned(),
            ..MetricMetadata::default()
        };
        Box::pin(ready(Ok(Metadata::from([(NAME.to_owned(), requests)]))))
    }

    fn count<'a>(
        &'a self,
        _: &'a Tenant,
        part: &'a Part,
        _: &'a Cuts,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        Box::pin(ready(Ok(Self::slice(part, window).samples() as u64)))
    }

    fn series<'a>(
        &'a self,
        _: &'a Tenant,
        part: &'a Part,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        Box::pin(ready(Ok(Self::slice(part, window).len() as u64)))
    }

    fn now(&self) -> Later<'_, Result<Millis, ReadError>> {
        Box::pin(ready(Ok(now())))
    }
}
