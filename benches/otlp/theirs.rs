//! Writes and reads with `opentelemetry-proto`, whose code is made by `prost`.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge as GaugeData, Metric, MetricsData, NumberDataPoint, ResourceMetrics, ScopeMetrics,
    number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use crate::corpus::{Gauge, Line, Point};

pub(crate) fn write_logs(lines: &[Line]) -> Vec<u8> {
    let record = |line: &Line| LogRecord {
        time_unix_nano: line.time,
        severity_number: 9,
        body: Some(AnyValue { value: Some(text(&line.text)) }),
        attributes: vec![
            attribute("k8s.pod.name", text(&line.pod)),
            attribute("url.path", text(&line.path)),
            attribute("http.response.status_code", Value::IntValue(line.status)),
            attribute("http.server.request.duration", Value::DoubleValue(line.seconds)),
            attribute("cached", Value::BoolValue(line.cached)),
        ],
        observed_time_unix_nano: line.time,
        ..LogRecord::default()
    };
    let log_records = lines.iter().map(record).collect();
    let scope_logs = ScopeLogs { scope: Some(scope()), log_records, ..ScopeLogs::default() };
    let resource_logs = ResourceLogs {
        resource: Some(resource()),
        scope_logs: vec![scope_logs],
        ..ResourceLogs::default()
    };
    LogsData { resource_logs: vec![resource_logs] }.encode_to_vec()
}

pub(crate) fn write_gauges(gauges: &[Gauge]) -> Vec<u8> {
    let point = |point: &Point| NumberDataPoint {
        time_unix_nano: point.time,
        value: Some(number_data_point::Value::AsDouble(point.value)),
        attributes: vec![
            attribute("node", text(&point.node)),
            attribute("device", text(&point.device)),
        ],
        ..NumberDataPoint::default()
    };
    let metric = |gauge: &Gauge| Metric {
        name: gauge.name.clone(),
        unit: "By".into(),
        data: Some(Data::Gauge(GaugeData {
            data_points: gauge.points.iter().map(point).collect(),
        })),
        ..Metric::default()
    };
    let metrics = gauges.iter().map(metric).collect();
    let scope_metrics = ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() };
    let resource_metrics = ResourceMetrics {
        resource: Some(resource()),
        scope_metrics: vec![scope_metrics],
        ..ResourceMetrics::default()
    };
    MetricsData { resource_metrics: vec![resource_metrics] }.encode_to_vec()
}

fn resource() -> Resource {
    Resource { attributes: vec![attribute("service.name", text("shop"))], ..Resource::default() }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope { name: "bench".into(), ..InstrumentationScope::default() }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn text(text: &str) -> Value {
    Value::StringValue(text.into())
}

/// Reads logs, and adds up all that they hold.
pub(crate) fn read_logs(bytes: &[u8]) -> anyhow::Result<u64> {
    let data = LogsData::decode(bytes)?;
    let scopes = data.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
    let mut sum = 0_u64;
    for record in scopes.flat_map(|scope| &scope.log_records) {
        sum = sum
            .wrapping_add(record.time_unix_nano)
            .wrapping_add(record.body.as_ref().map_or(0, value))
            .wrapping_add(pairs(&record.attributes));
    }
    Ok(sum)
}

/// Reads metrics, and adds up all that they hold.
pub(crate) fn read_gauges(bytes: &[u8]) -> anyhow::Result<u64> {
    let data = MetricsData::decode(bytes)?;
    let scopes = data.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    let mut sum = 0_u64;
    for metric in scopes.flat_map(|scope| &scope.metrics) {
        let Some(Data::Gauge(gauge)) = &metric.data else { anyhow::bail!("it is no gauge") };
        for point in &gauge.data_points {
            let Some(number_data_point::Value::AsDouble(number)) = point.value else {
                anyhow::bail!("no double")
            };
            sum = sum
                .wrapping_add(point.time_unix_nano)
                .wrapping_add(number.to_bits())
                .wrapping_add(pairs(&point.attributes));
        }
    }
    Ok(sum)
}

fn pairs(pairs: &[KeyValue]) -> u64 {
    pairs
        .iter()
        .map(|pair| pair.key.len() as u64 + pair.value.as_ref().map_or(0, value))
        .fold(0, u64::wrapping_add)
}

fn value(value: &AnyValue) -> u64 {
    match &value.value {
        Some(Value::StringValue(text)) => text.len() as u64,
        Some(Value::IntValue(number)) => number.cast_unsigned(),
        Some(Value::DoubleValue(number)) => number.to_bits() >> 32,
        Some(Value::BoolValue(truth)) => (*truth).into(),
        _ => 0,
    }
}
