//! Series as a store has them, with the labels of a Kubernetes service.

use ktel_exporter::slice::{Sample, Slice, SliceBuilder};
use ktel_exporter::time::Millis;

/// When it all happened.
pub(crate) const BEGAN: i64 = 1_790_000_040_000;

/// A series: labels, the name among them, and samples.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) job: String,
    pub(crate) instance: String,
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) samples: Vec<(i64, f64)>,
}

pub(crate) struct Corpus {
    pub(crate) series: Vec<Series>,
}

impl Corpus {
    /// Gauges with eight labels.
    pub(crate) fn gauges(count: usize, points: usize) -> Self {
        let series = |number: usize| Series {
            name: format!("gateway_upstream_connections_{:02}", number % 40),
            ..labels(number, points)
        };
        Self { series: (0..count).map(series).collect() }
    }

    /// Classic histograms.
    pub(crate) fn histograms(count: usize, buckets: usize, points: usize) -> Self {
        let mut all = Vec::new();
        for number in 0..count {
            for bucket in 0..=buckets {
                let mut one = labels(number, points);
                one.name = "gateway_request_seconds_bucket".into();
                let le = if bucket == buckets { "+Inf".into() } else { bucket.to_string() };
                one.labels.push(("le", le));
                one.samples.iter_mut().for_each(|sample| sample.1 = bucket as f64);
                all.push(one);
            }
            for (suffix, value) in [("count", buckets as f64), ("sum", 0.5)] {
                let mut one = labels(number, points);
                one.name = format!("gateway_request_seconds_{suffix}");
                one.samples.iter_mut().for_each(|sample| sample.1 = value);
                all.push(one);
            }
        }
        Self { series: all }
    }

    pub(crate) fn points(&self) -> usize {
        self.series.iter().map(|series| series.samples.len()).sum()
    }

    pub(crate) fn slice(&self) -> Slice {
        let mut builder = SliceBuilder::new();
        for series in &self.series {
            builder.begin();
            builder.label("__name__", &series.name);
            builder.label("job", &series.job);
            builder.label("instance", &series.instance);
            for (name, value) in &series.labels {
                builder.label(name, value);
            }
            for &(time, value) in &series.samples {
                builder.sample(Sample { time: Millis(time), value });
            }
            builder.end();
        }
        builder.finish()
    }
}

fn labels(number: usize, points: usize) -> Series {
    let host = number / 40 % 50;
    Series {
        name: String::new(),
        job: "networking/gateway".into(),
        instance: format!("10.0.{}.{host}:9090", host % 4),
        labels: vec![
            ("cluster", "production-eu-west-1".into()),
            ("namespace", format!("tenant-{:04}", number % 97)),
            ("pod", format!("gateway-{:05x}-{:05x}", number * 7919 % 1_048_576, number)),
            ("resource_kind", "HTTPRoute".into()),
            ("resource_name", format!("route-{number:06}")),
            ("service_name", "networking.example.com".into()),
        ],
        samples: (0..points)
            .map(|point| (BEGAN + 15_000 * point as i64, (number * point) as f64 * 0.37))
            .collect(),
    }
}
