//! The samples: many series with eight labels, as gateways have them, of a few hundred instances with some thousand series each.

use std::fmt::Write;

use anyhow::Context;
use bytes::Bytes;
use http::HeaderMap;
use http::header::HeaderValue;
use ktel_delivery::http::{Client, Request, Settings};
use ktel_otlp::{
    AggregationTemporality, Attributes, InstrumentationScope, Metric, MetricsWriter,
    NumberDataPoint, NumberValue, Resource,
};

use crate::scene::SAMPLES;

/// Metrics that the series belong to.
const METRICS: usize = 200;
/// Programs that expose them: with a million series, each has 2 000, of all metrics.
const INSTANCES: usize = 500;
/// Bytes of a request that imports.
const IMPORT_BYTES: usize = 8 << 20;
/// The time between two samples of a series.
pub(crate) const STEP_MS: u64 = 15_000;

/// One series: the metric's name, and its labels.
struct Series {
    name: String,
    labels: [(&'static str, String); 8],
}

fn series(number: usize) -> Series {
    let name = format!("gateway_network_transmit_bytes_{}_total", number % METRICS);
    let labels = [
        ("instance", instance(number / METRICS % INSTANCES)),
        ("job", "edge-proxy".to_owned()),
        ("resource_kind", "Gateway".to_owned()),
        ("resource_name", format!("gateway-{number:07}")),
        ("resource_namespace", format!("namespace-{:03}", number % 211)),
        ("service_name", "networking.example.com".to_owned()),
        ("tenant", "acme".to_owned()),
        ("zone", format!("zone-{}", ["a", "b", "c"][number % 3])),
    ];
    Series { name, labels }
}

fn instance(number: usize) -> String {
    format!("192.0.2.{}:91{:02}", number % 250, number / 250)
}

fn value(series: usize, sample: usize) -> f64 {
    (series as f64).mul_add(1021.0, sample as f64 * 1_500.0)
}

/// Writes all series into VictoriaMetrics.
pub(crate) async fn import(store: &str, count: usize, start_ms: u64) -> anyhow::Result<()> {
    let url = format!("{store}/api/v1/import").parse()?;
    let client = Client::with(&url, &ktel_delivery::tls::Trust::default(), Settings::default())?;
    let mut body = String::new();
    for number in 0..count {
        let Series { name, labels } = series(number);
        write!(body, r#"{{"metric":{{"__name__":"{name}""#)?;
        for (label, value) in &labels {
            write!(body, r#","{label}":"{value}""#)?;
        }
        body.push_str("},\"values\":[");
        for sample in 0..SAMPLES {
            let comma = if sample == 0 { "" } else { "," };
            write!(body, "{comma}{}", value(number, sample))?;
        }
        body.push_str("],\"timestamps\":[");
        for sample in 0..SAMPLES {
            let comma = if sample == 0 { "" } else { "," };
            write!(body, "{comma}{}", time_ms(start_ms, number, sample))?;
        }
        body.push_str("]}\n");
        if body.len() >= IMPORT_BYTES || number + 1 == count {
            let request = Request {
                url: url.clone(),
                headers: HeaderMap::new(),
                content_type: HeaderValue::from_static("application/json"),
                body: Bytes::from(std::mem::take(&mut body)),
                gzip: false,
            };
            let reply = client.post(request, std::time::Duration::ZERO).await;
            let reply = reply.map_err(|fault| anyhow::anyhow!("import: {fault:?}"))?;
            anyhow::ensure!(reply.status == 204, "import: status {}", reply.status);
        }
    }
    Ok(())
}

/// Gives the time of a sample. Targets are scraped at offsets of their own, as by Prometheus.
fn time_ms(start_ms: u64, series: usize, sample: usize) -> u64 {
    start_ms + sample as u64 * STEP_MS + (series as u64 % 251) * 59 % STEP_MS
}

/// Encodes samples as an SDK would send them: requests with so many points each.
pub(crate) fn requests(
    series_count: usize,
    points: usize,
    start_ms: u64,
) -> anyhow::Result<Vec<Bytes>> {
    let mut requests = Vec::new();
    let mut left = series_count;
    let mut number = 0;
    while left > 0 {
        let mut request = MetricsWriter::new();
        request.resource(&Resource::default(), "");
        request
            .scope(&InstrumentationScope { name: "bench", ..InstrumentationScope::default() }, "");
        for _ in 0..points.min(left) {
            let Series { name, labels } = series(number);
            let mut attributes = Attributes::new();
            for (label, value) in &labels {
                attributes.push(label, value.as_str());
            }
            let metric = Metric { name: &name, ..Metric::default() };
            let mut sum = request.sum(&metric, AggregationTemporality::CUMULATIVE, true);
            sum.push(&NumberDataPoint {
                time_unix_nano: time_ms(start_ms, number, 0) * 1_000_000,
                value: NumberValue::Double(value(number, 0)),
                attributes: attributes.view(),
                ..NumberDataPoint::default()
            });
            number += 1;
        }
        left = left.saturating_sub(points);
        requests.push(Bytes::from(request.finish()));
    }
    requests.first().context("there are requests")?;
    Ok(requests)
}
