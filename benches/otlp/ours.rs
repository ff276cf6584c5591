//! Writes and reads with `ktel-otlp`.

use ktel_otlp::{
    AnyValue, Attributes, InstrumentationScope, KeyValue, Limits, LogRecord, LogsData, LogsWriter,
    Metric, MetricData, MetricsData, MetricsWriter, NumberDataPoint, NumberValue, Repeated,
    RequestWriter, Resource, SeverityNumber, SignalKind,
};

use crate::corpus::{Gauge, Line};

pub(crate) fn write_logs(lines: &[Line]) -> Vec<u8> {
    let mut request = LogsWriter::new();
    begin(&mut request);
    for line in lines {
        let attributes = [
            attribute("k8s.pod.name", line.pod.as_str()),
            attribute("url.path", line.path.as_str()),
            attribute("http.response.status_code", line.status),
            attribute("http.server.request.duration", line.seconds),
            attribute("cached", line.cached),
        ];
        request.push(&LogRecord {
            time_unix_nano: line.time,
            severity_number: SeverityNumber::INFO,
            body: Some(line.text.as_str().into()),
            attributes: (&attributes).into(),
            observed_time_unix_nano: line.time,
            ..LogRecord::default()
        });
    }
    request.finish()
}

pub(crate) fn write_gauges(gauges: &[Gauge]) -> Vec<u8> {
    let mut request = MetricsWriter::new();
    begin(&mut request);
    for gauge in gauges {
        let metric = Metric { name: &gauge.name, unit: "By", ..Metric::default() };
        let mut points = request.gauge(&metric);
        for point in &gauge.points {
            let attributes = [
                attribute("node", point.node.as_str()),
                attribute("device", point.device.as_str()),
            ];
            points.push(&NumberDataPoint {
                time_unix_nano: point.time,
                value: NumberValue::Double(point.value),
                attributes: (&attributes).into(),
                ..NumberDataPoint::default()
            });
        }
    }
    request.finish()
}

fn begin<S: SignalKind>(request: &mut RequestWriter<S>) {
    let mut attributes = Attributes::new();
    attributes.push("service.name", "shop");
    let scope = InstrumentationScope { name: "bench", ..InstrumentationScope::default() };
    request
        .resource(&Resource { attributes: attributes.view(), ..Resource::default() }, "")
        .scope(&scope, "");
}

fn attribute<'a>(key: &'a str, value: impl Into<AnyValue<'a>>) -> KeyValue<'a> {
    KeyValue { key, value: Some(value.into()) }
}

/// Reads logs, and adds up all that they hold.
pub(crate) fn read_logs(bytes: &[u8]) -> anyhow::Result<u64> {
    let data = LogsData::read(bytes, &Limits::default())?;
    let scopes = data.resource_logs.iter().flat_map(|resource| resource.scope_logs);
    let mut sum = 0_u64;
    for record in scopes.flat_map(|scope| scope.log_records) {
        sum = sum
            .wrapping_add(record.time_unix_nano)
            .wrapping_add(record.body.map_or(0, value))
            .wrapping_add(pairs(record.attributes));
    }
    Ok(sum)
}

/// Reads metrics, and adds up all that they hold.
pub(crate) fn read_gauges(bytes: &[u8]) -> anyhow::Result<u64> {
    let data = MetricsData::read(bytes, &Limits::default())?;
    let scopes = data.resource_metrics.iter().flat_map(|resource| resource.scope_metrics);
    let mut sum = 0_u64;
    for metric in scopes.flat_map(|scope| scope.metrics) {
        let MetricData::Gauge(gauge) = metric.data else { anyhow::bail!("it is no gauge") };
        for point in gauge.data_points {
            let NumberValue::Double(number) = point.value else { anyhow::bail!("no double") };
            sum = sum
                .wrapping_add(point.time_unix_nano)
                .wrapping_add(number.to_bits())
                .wrapping_add(pairs(point.attributes));
        }
    }
    Ok(sum)
}

fn pairs(pairs: Repeated<'_, KeyValue<'_>>) -> u64 {
    pairs
        .iter()
        .map(|pair| pair.key.len() as u64 + pair.value.map_or(0, value))
        .fold(0, u64::wrapping_add)
}

fn value(value: AnyValue<'_>) -> u64 {
    match value {
        AnyValue::String(text) => text.len() as u64,
        AnyValue::Int(number) => number.cast_unsigned(),
        AnyValue::Double(number) => number.to_bits() >> 32,
        AnyValue::Bool(truth) => truth.into(),
        _ => 0,
    }
}
