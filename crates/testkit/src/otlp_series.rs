//! Turns OTLP metrics back into the series of Prometheus that they were made from.
//!
//! It is the judge of the exporter's tests: it shares no code with the exporter, and reads with code that was generated from
//! the `.proto` files. What a store exports, as a [`Samples`], has to be equal to what arrived.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{Metric, NumberDataPoint};
use prost::Message;

mod families;
mod labels;

pub use labels::Labels;

/// The bits of the stale marker of Prometheus.
pub const STALE: u64 = 0x7ff0_0000_0000_0002;

/// A value of a series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SampleValue {
    /// The bits of a number, or [`STALE`].
    Bits(u64),
    /// A native histogram, in words.
    Native(String),
}

/// A sample: of a series, at a time in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// The labels, the name too.
    pub labels: Labels,
    /// Milliseconds since 1970.
    pub time: i64,
    /// The value.
    pub value: SampleValue,
}

/// Samples, and how often each is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples(pub BTreeMap<Sample, usize>);

impl Samples {
    /// Adds a sample.
    pub fn add(&mut self, labels: Labels, time: i64, value: SampleValue) {
        *self.0.entry(Sample { labels, time, value }).or_default() += 1;
    }

    /// Adds a number.
    pub fn number(&mut self, labels: Labels, time: i64, value: f64) {
        self.add(labels, time, SampleValue::Bits(value.to_bits()));
    }

    /// Adds the samples of an `ExportMetricsServiceRequest`, and gives the number of its data points.
    ///
    /// # Errors
    ///
    /// When it is no such request, or says something that no series can have been.
    pub fn read(&mut self, body: &[u8]) -> anyhow::Result<usize> {
        let request = ExportMetricsServiceRequest::decode(body).context("it is no request")?;
        let mut points = 0;
        for resource in request.resource_metrics {
            ensure!(!resource.scope_metrics.is_empty(), "a resource without scopes");
            let of = resource.resource.unwrap_or_default();
            let target = Labels::of_resource(&pairs(&of.attributes)?)?;
            for scope in resource.scope_metrics {
                ensure!(!scope.metrics.is_empty(), "a scope without metrics");
                let of = scope.scope.unwrap_or_default();
                let attributes = pairs(&of.attributes)?;
                let base = target.with_scope(&of.name, &of.version, &scope.schema_url, &attributes);
                for metric in &scope.metrics {
                    let before = points;
                    points += self.metric(metric, &base).with_context(|| metric.name.clone())?;
                    ensure!(points > before, "{} has no data points", metric.name);
                }
            }
        }
        Ok(points)
    }

    fn metric(&mut self, metric: &Metric, base: &Labels) -> anyhow::Result<usize> {
        let name = &metric.name;
        match metric.data.as_ref().context("it has no data")? {
            Data::Gauge(data) => self.numbers(name, &data.data_points, base),
            Data::Sum(data) => self.numbers(name, &data.data_points, base),
            Data::Histogram(data) => {
                let is_ranges = metadata(metric, "victoriametrics.buckets") == Some("vmrange");
                for point in &data.data_points {
                    self.histogram(name, point, base, is_ranges)?;
                }
                Ok(data.data_points.len())
            }
            Data::ExponentialHistogram(data) => {
                for point in &data.data_points {
                    self.exponential(name, point, base)?;
                }
                Ok(data.data_points.len())
            }
            Data::Summary(data) => {
                for point in &data.data_points {
                    self.summary(name, point, base)?;
                }
                Ok(data.data_points.len())
            }
        }
    }

    fn numbers(
        &mut self,
        name: &str,
        points: &[NumberDataPoint],
        base: &Labels,
    ) -> anyhow::Result<usize> {
        for point in points {
            let labels = base.with_attributes(&pairs(&point.attributes)?)?.named(name, "");
            let bits = match (point.value, point.flags & 1) {
                (None, 1) => STALE,
                (Some(Value::AsDouble(value)), 0) => value.to_bits(),
                (Some(Value::AsInt(value)), 0) => (value as f64).to_bits(),
                other => anyhow::bail!("value and flags {other:?}"),
            };
            self.add(labels, millis(point.time_unix_nano)?, SampleValue::Bits(bits));
        }
        Ok(points.len())
    }

    /// Says what is in one of the two more often than in the other, and how often, for people; empty if they are equal.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Vec<String> {
        let only = |sign: char, one: &Self, other: &Self| {
            let missing = |(sample, count): (&Sample, &usize)| {
                let there = other.0.get(sample).copied().unwrap_or_default();
                let Sample { labels, time, value } = sample;
                (*count > there)
                    .then(|| format!("{sign} {labels} @{time} {value:?}: {count}, not {there}"))
            };
            one.0.iter().filter_map(missing).collect::<Vec<_>>()
        };
        [only('-', self, other), only('+', other, self)].concat()
    }
}

fn metadata<'a>(metric: &'a Metric, key: &str) -> Option<&'a str> {
    let pair = metric.metadata.iter().find(|pair| pair.key == key)?;
    match pair.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn pairs(attributes: &[KeyValue]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    for KeyValue { key, value, .. } in attributes {
        let Some(AnyValue { value: Some(any_value::Value::StringValue(text)) }) = value else {
            anyhow::bail!("{key} is no string");
        };
        ensure!(pairs.insert(key.clone(), text.clone()).is_none(), "{key} is there twice");
    }
    Ok(pairs)
}

fn millis(nanos: u64) -> anyhow::Result<i64> {
    ensure!(nanos > 0 && nanos.is_multiple_of(1_000_000), "{nanos} is no millisecond");
    Ok(i64::try_from(nanos / 1_000_000)?)
}
