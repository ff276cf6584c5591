//! The metrics of the exporter, as Prometheus scrapes them.

use std::fmt;
use std::sync::Arc;

use ktel_exporter::engine::Engine;
use ktel_exporter::report::{LaneReport, Report};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Gives the engine while there is one, and whether this process is the leader.
type Observe = dyn Fn() -> (Option<Arc<Engine>>, bool) + Send + Sync;

/// The metrics of the exporter.
pub(super) struct ExporterMetrics(pub(super) Box<Observe>);

impl fmt::Debug for ExporterMetrics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ExporterMetrics")
    }
}

impl Collector for ExporterMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (engine, is_leader) = self.0();
        let reports = engine.as_ref().map(|engine| engine.reports()).unwrap_or_default();
        let (reading, sending) =
            engine.as_ref().map(|engine| engine.memory_used()).unwrap_or_default();
        let limit = engine.as_ref().map(|engine| engine.memory_limits()).unwrap_or_default();
        let (kept, kept_limit) =
            engine.as_ref().map(|engine| engine.memory_kept()).unwrap_or_default();
        let encoder = &mut encoder;
        let help = "Whether this process delivers: 1 or 0.";
        gauge(encoder, "ktel_exporter_is_leader", help, f64::from(u8::from(is_leader)))?;
        let help = "Exporters that run.";
        gauge(encoder, "ktel_exporter_exporters", help, reports.len() as f64)?;
        points(encoder, &reports)?;
        in_flight(encoder, &reports)?;
        drops(encoder, &reports)?;
        sink_errors(encoder, &reports)?;
        source_errors(encoder, &reports)?;
        let help = "read - acknowledged - rejected - dropped - in flight, over all Exporters. It must be 0.";
        let errors =
            lanes(&reports).map(|(_, lane)| lane.points.conservation_error().unsigned_abs());
        gauge(encoder, "ktel_exporter_conservation_error", help, errors.sum::<u128>() as f64)?;
        lag(encoder, &reports)?;
        sources(encoder, &reports)?;
        let help = "Bytes of memory in use, by pool.";
        pools(encoder, "ktel_exporter_memory_bytes", help, [reading, sending, kept])?;
        let help = "Bytes of memory that may be in use, by pool.";
        pools(encoder, "ktel_exporter_memory_limit_bytes", help, [limit.0, limit.1, kept_limit])
    }
}

fn lanes(reports: &[Arc<Report>]) -> impl Iterator<Item = (&Report, &LaneReport)> {
    reports.iter().flat_map(|report| report.all_lanes().map(move |lane| (&**report, lane)))
}

fn labels<'r>(report: &'r Report, lane: &'r LaneReport) -> [(&'static str, &'r str); 4] {
    [
        ("exporter_namespace", &report.id.namespace),
        ("exporter", &report.id.name),
        ("source", &lane.source),
        ("sink", &lane.sink),
    ]
}

fn points(encoder: &mut DescriptorEncoder<'_>, reports: &[Arc<Report>]) -> fmt::Result {
    let help = "Data points by what became of them. Repeats count as sent again.";
    let mut family =
        encoder.encode_descriptor("ktel_exporter_points", help, None, MetricType::Counter)?;
    for (report, lane) in lanes(reports) {
        let points = &lane.points;
        for (outcome, count) in [
            ("read", points.read),
            ("sent", points.sent),
            ("acknowledged", points.acknowledged),
            ("rejected", points.rejected),
            ("dropped", points.dropped),
        ] {
            let [a, b, c, d] = labels(report, lane);
            let labels = [a, b, c, d, ("outcome", outcome)];
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn drops(encoder: &mut DescriptorEncoder<'_>, reports: &[Arc<Report>]) -> fmt::Result {
    let help =
        "Data points that were not sent, by reason; samples that have no place in OTLP among them.";
    let name = "ktel_exporter_points_dropped";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (report, lane) in lanes(reports) {
        for (reason, count) in &lane.drops {
            let [a, b, c, d] = labels(report, lane);
            let labels = [a, b, c, d, ("reason", reason.word())];
            ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn sink_errors(encoder: &mut DescriptorEncoder<'_>, reports: &[Arc<Report>]) -> fmt::Result {
    let help = "Requests to a sink that did not succeed, by reason.";
    let name = "ktel_exporter_sink_errors";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (report, lane) in lanes(reports) {
        for (reason, count) in &lane.errors {
            let [a, b, c, d] = labels(report, lane);
            let labels = [a, b, c, d, ("reason", reason.word())];
            ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn source_errors(encoder: &mut DescriptorEncoder<'_>, reports: &[Arc<Report>]) -> fmt::Result {
    let help = "How often a source could not be read, by reason.";
    let name = "ktel_exporter_source_errors";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for report in reports {
        for source in &report.sources {
            for (reason, count) in &source.errors {
                let labels = [
                    ("exporter_namespace", report.id.namespace.as_str()),
                    ("exporter", report.id.name.as_str()),
                    ("source", source.name.as_str()),
                    ("reason", reason.word()),
                ];
                ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    Ok(())
}

fn in_flight(encoder: &mut DescriptorEncoder<'_>, reports: &[Arc<Report>]) -> fmt::Result {
    let help = "Data points that were read, and not acknowledged, rejected or dropped yet.";
    let name = "ktel_exporter_points_in_flight";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (report, lane) in lanes(reports) {
        let value = ConstGauge::new(lane.points.in_flight as f64);
        value.encode(family.encode_family(&labels(report, lane))?)?;
    }
    Ok(())
}

fn lag(encoder: &mut DescriptorEncoder<'_>, reports: &[Arc<Report>]) -> fmt::Result {
    let help = "How far a sink is behind the newest data that can be delivered.";
    let name = "ktel_exporter_lag_seconds";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    // Older data is late by intent.
    for (report, lane) in lanes(reports).filter(|(report, lane)| !report.backfills.contains(lane)) {
        let value = ConstGauge::new(lane.lag.as_secs_f64());
        value.encode(family.encode_family(&labels(report, lane))?)?;
    }
    Ok(())
}

fn sources(encoder: &mut DescriptorEncoder<'_>, reports: &[Arc<Report>]) -> fmt::Result {
    let all =
        || reports.iter().flat_map(|report| report.sources.iter().map(move |one| (report, one)));
    let help = "Whether the last read of a source succeeded: 1 or 0.";
    let name = "ktel_exporter_source_up";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (report, source) in all() {
        let labels = [
            ("exporter_namespace", report.id.namespace.as_str()),
            ("exporter", report.id.name.as_str()),
            ("source", source.name.as_str()),
            ("reason", source.error.as_ref().map_or("", |error| error.reason)),
        ];
        let value = ConstGauge::new(f64::from(u8::from(source.error.is_none())));
        value.encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> fmt::Result {
    let value = ConstGauge::new(value);
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

fn pools(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    bytes: [usize; 3],
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (pool, bytes) in ["reading", "sending", "kept"].into_iter().zip(bytes) {
        ConstGauge::new(bytes as f64).encode(family.encode_family(&[("pool", pool)])?)?;
    }
    Ok(())
}
