//! Whether a data point that arrived again has the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use prost::Message;

/// What arrived of each data point, by what it is a point of and its time: all of it in bytes.
#[derive(Debug, Default)]
pub struct Points(BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>);

impl Points {
    /// Adds the data points of an `ExportMetricsServiceRequest`.
    ///
    /// # Errors
    ///
    /// When it is no such request, or has a metric without data.
    pub fn read(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let request = ExportMetricsServiceRequest::decode(body).context("it is no request")?;
        for resource in request.resource_metrics {
            let of_resource = ResourceMetrics { scope_metrics: Vec::new(), ..resource.clone() };
            for scope in resource.scope_metrics {
                let of_scope = ScopeMetrics { metrics: Vec::new(), ..scope.clone() };
                for mut metric in scope.metrics {
                    let points = taken(&mut metric)?;
                    let of_metric = [
                        of_resource.encode_to_vec(),
                        of_scope.encode_to_vec(),
                        metric.encode_to_vec(),
                    ];
                    for (attributes, time, bytes) in points {
                        let mut of = of_metric.concat();
                        attributes
                            .iter()
                            .for_each(|attribute| of.extend(attribute.encode_to_vec()));
                        of.extend(time.to_be_bytes());
                        self.0.entry(of).or_default().insert(bytes);
                    }
                }
            }
        }
        Ok(())
    }

    /// Says how many data points there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Says how many of them arrived with different bytes.
    #[must_use]
    pub fn different(&self) -> usize {
        self.0.values().filter(|bytes| bytes.len() > 1).count()
    }
}

/// Attributes, time and bytes of a data point.
type Point = (Vec<KeyValue>, u64, Vec<u8>);

/// Takes the data points out of a metric.
fn taken(metric: &mut Metric) -> anyhow::Result<Vec<Point>> {
    macro_rules! of {
        ($data:expr) => {
            std::mem::take(&mut $data.data_points)
                .into_iter()
                .map(|point| {
                    (point.attributes.clone(), point.time_unix_nano, point.encode_to_vec())
                })
                .collect()
        };
    }
    Ok(match metric.data.as_mut().context("it has no data")? {
        Data::Gauge(data) => of!(data),
        Data::Sum(data) => of!(data),
        Data::Histogram(data) => of!(data),
        Data::ExponentialHistogram(data) => of!(data),
        Data::Summary(data) => of!(data),
    })
}
