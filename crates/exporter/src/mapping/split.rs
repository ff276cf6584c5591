//! Cuts a batch in two, for receivers that take less than they were thought to.

use bytes::Bytes;
use ktel_otlp::{
    Limits, Metric, MetricData, MetricsData, MetricsWriter, PointKind, PointsWriter, Repeated,
};

use crate::batch::Batch;

/// Cuts a batch into two with about as many points each; none if it has a single point.
///
/// The points are those of the batch, in their order. Both halves keep its number: together they are what it was.
#[must_use]
pub fn split(batch: &Batch) -> Option<(Batch, Batch)> {
    let data = read(&batch.body)?;
    let points = count(&data);
    if points < 2 {
        return None;
    }
    let half = points / 2;
    let part = |from: usize, to: usize| {
        let request = part(&data, from, to);
        let points = request.items() as u64;
        Batch { body: Bytes::from(request.finish()), points, ..*batch }
    };
    Some((part(0, half), part(half, points)))
}

/// Reads the body of a batch.
pub(crate) fn read(body: &[u8]) -> Option<MetricsData<'_>> {
    // It was written here, whatever its size.
    MetricsData::read(body, &Limits::default().values(usize::MAX).items(usize::MAX)).ok()
}

/// Writes the points from one index up to, but without, another.
pub(crate) fn part(data: &MetricsData<'_>, from: usize, to: usize) -> MetricsWriter {
    let mut out = Part { request: MetricsWriter::new(), at: 0, from, to };
    out.write(data);
    out.request
}

fn count(data: &MetricsData<'_>) -> usize {
    let scopes = data.resource_metrics.iter().flat_map(|resource| resource.scope_metrics);
    scopes.flat_map(|scope| scope.metrics).map(|metric| points(&metric)).sum()
}

/// Says how many points a metric has.
pub(crate) fn points(metric: &Metric<'_>) -> usize {
    match metric.data {
        MetricData::Empty => 0,
        MetricData::Gauge(data) => data.data_points.iter().count(),
        MetricData::Sum(data) => data.data_points.iter().count(),
        MetricData::Histogram(data) => data.data_points.iter().count(),
        MetricData::ExponentialHistogram(data) => data.data_points.iter().count(),
        MetricData::Summary(data) => data.data_points.iter().count(),
    }
}

/// A part of a request that is being written.
struct Part {
    request: MetricsWriter,
    /// The index of the next point.
    at: usize,
    from: usize,
    to: usize,
}

impl Part {
    /// Resources, scopes and metrics of which nothing is in this part are not begun.
    fn write(&mut self, data: &MetricsData<'_>) {
        for resource in data.resource_metrics {
            let mut has_resource = false;
            for scope in resource.scope_metrics {
                let mut has_scope = false;
                for metric in scope.metrics {
                    let begin = self.at;
                    self.at += points(&metric);
                    if self.at <= self.from || self.to <= begin {
                        continue;
                    }
                    if !has_resource {
                        let of = resource.resource.unwrap_or_default();
                        self.request.resource(&of, resource.schema_url);
                        has_resource = true;
                    }
                    if !has_scope {
                        self.request.scope(&scope.scope.unwrap_or_default(), scope.schema_url);
                        has_scope = true;
                    }
                    let skipped = self.from.saturating_sub(begin);
                    self.metric(&metric, skipped, self.to.min(self.at) - begin - skipped);
                }
            }
        }
    }

    fn metric(&mut self, metric: &Metric<'_>, skip: usize, take: usize) {
        let out = &mut self.request;
        match metric.data {
            MetricData::Empty => {}
            MetricData::Gauge(data) => copy(out.gauge(metric), data.data_points, skip, take),
            MetricData::Sum(data) => {
                let out = out.sum(metric, data.aggregation_temporality, data.is_monotonic);
                copy(out, data.data_points, skip, take);
            }
            MetricData::Histogram(data) => {
                let out = out.histogram(metric, data.aggregation_temporality);
                copy(out, data.data_points, skip, take);
            }
            MetricData::ExponentialHistogram(data) => {
                let out = out.exponential_histogram(metric, data.aggregation_temporality);
                copy(out, data.data_points, skip, take);
            }
            MetricData::Summary(data) => copy(out.summary(metric), data.data_points, skip, take),
        }
    }
}

fn copy<'a, P: PointKind>(
    mut out: PointsWriter<'_, P>,
    points: Repeated<'a, P::Point<'a>>,
    skip: usize,
    take: usize,
) {
    for point in points.iter().skip(skip).take(take) {
        out.push(&point);
    }
}
