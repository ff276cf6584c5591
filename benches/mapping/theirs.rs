//! Writes with `opentelemetry-proto`, whose code is made by `prost`.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use crate::corpus::{Corpus, Series};

/// Puts series in their resources and metrics.
pub(crate) fn build(corpus: &Corpus) -> ExportMetricsServiceRequest {
    let mut targets: BTreeMap<&str, BTreeMap<&str, Vec<NumberDataPoint>>> = BTreeMap::new();
    for series in &corpus.series {
        let metrics = targets.entry(&series.instance).or_default();
        metrics.entry(&series.name).or_default().extend(points_of(series));
    }
    let metric = |(name, data_points): (&str, Vec<NumberDataPoint>)| Metric {
        name: name.into(),
        data: Some(Data::Gauge(Gauge { data_points })),
        metadata: vec![attribute("prometheus.type", "unknown")],
        ..Metric::default()
    };
    let target = |(instance, metrics): (&str, BTreeMap<&str, Vec<NumberDataPoint>>)| {
        let attributes = vec![
            attribute("service.namespace", "networking"),
            attribute("service.name", "gateway"),
            attribute("service.instance.id", instance),
        ];
        let scope = InstrumentationScope { name: "ktel-exporter".into(), ..Default::default() };
        ResourceMetrics {
            resource: Some(Resource { attributes, ..Resource::default() }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(scope),
                metrics: metrics.into_iter().map(metric).collect(),
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }
    };
    ExportMetricsServiceRequest { resource_metrics: targets.into_iter().map(target).collect() }
}

fn points_of(series: &Series) -> impl Iterator<Item = NumberDataPoint> {
    series.samples.iter().map(|&(time, value)| NumberDataPoint {
        time_unix_nano: time.unsigned_abs() * 1_000_000,
        value: Some(number_data_point::Value::AsDouble(value)),
        attributes: series.labels.iter().map(|(name, value)| attribute(name, value)).collect(),
        ..NumberDataPoint::default()
    })
}

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.into())) });
    KeyValue { key: key.into(), value, ..KeyValue::default() }
}

/// Encodes into a buffer that is used again.
pub(crate) fn encode(request: &ExportMetricsServiceRequest, out: &mut Vec<u8>) -> usize {
    out.clear();
    request.encode_raw(out);
    out.len()
}

/// Counts the points of requests.
pub(crate) fn points(bodies: &[bytes::Bytes]) -> anyhow::Result<usize> {
    let mut points = 0;
    for body in bodies {
        let request = ExportMetricsServiceRequest::decode(&body[..])?;
        let scopes = request.resource_metrics.iter().flat_map(|one| &one.scope_metrics);
        for metric in scopes.flat_map(|scope| &scope.metrics) {
            let Some(Data::Gauge(gauge)) = &metric.data else { anyhow::bail!("no gauge") };
            points += gauge.data_points.len();
        }
    }
    Ok(points)
}
