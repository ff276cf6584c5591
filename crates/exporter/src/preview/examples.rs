//! Picks a few data points of requests: of different metrics, and of different kinds where there are some.

use ktel_otlp::{Limits, MetricData, MetricsData};

use crate::limits::{PREVIEW_EXAMPLES, PREVIEW_SEARCHED_REQUESTS};
use crate::mapping::split::{part, points, read};

/// A few data points.
#[derive(Debug, Default)]
pub(super) struct Examples {
    searched: usize,
    shown: Vec<Example>,
}

#[derive(Debug)]
struct Example {
    kind: Kind,
    name: String,
    json: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gauge,
    Sum,
    Histogram,
    ExponentialHistogram,
    Summary,
}

impl Examples {
    /// Looks for points that are worth showing in a request.
    pub(super) fn look(&mut self, body: &[u8]) {
        if self.searched >= PREVIEW_SEARCHED_REQUESTS {
            return;
        }
        self.searched += 1;
        let Some(data) = read(body) else { return };
        let scopes = data.resource_metrics.iter().flat_map(|resource| resource.scope_metrics);
        let mut index = 0;
        for metric in scopes.flat_map(|scope| scope.metrics) {
            let first = index;
            index += points(&metric);
            let Some(kind) = kind(&metric.data).filter(|_| index > first) else { continue };
            if !self.make_room(kind, metric.name) {
                continue;
            }
            let one = part(&data, first, first + 1).finish();
            let json = MetricsData::read(&one, &Limits::default()).map(|one| one.to_json());
            let name = metric.name.to_owned();
            self.shown.extend(json.map(|json| Example { kind, name, json }));
        }
    }

    /// Gives them in OTLP/JSON.
    pub(super) fn shown(&self) -> Vec<String> {
        self.shown.iter().map(|example| example.json.clone()).collect()
    }

    /// Says whether a metric is to be shown. One more of a known kind makes room for another kind.
    fn make_room(&mut self, kind: Kind, name: &str) -> bool {
        if self.shown.iter().any(|known| known.name == name) {
            return false;
        }
        if self.shown.len() < PREVIEW_EXAMPLES {
            return true;
        }
        let count = |of: Kind| self.shown.iter().filter(|known| known.kind == of).count();
        let again = self.shown.iter().rposition(|known| count(known.kind) > 1);
        match again.filter(|_| count(kind) == 0) {
            Some(again) => {
                self.shown.remove(again);
                true
            }
            None => false,
        }
    }
}

fn kind(data: &MetricData<'_>) -> Option<Kind> {
    Some(match data {
        MetricData::Empty => return None,
        MetricData::Gauge(_) => Kind::Gauge,
        MetricData::Sum(_) => Kind::Sum,
        MetricData::Histogram(_) => Kind::Histogram,
        MetricData::ExponentialHistogram(_) => Kind::ExponentialHistogram,
        MetricData::Summary(_) => Kind::Summary,
    })
}

#[cfg(test)]
mod tests {
    use ktel_otlp::{AggregationTemporality, Metric, MetricsWriter, NumberDataPoint};

    use super::Examples;

    /// Makes a request of gauges and sums with two points each.
    fn request(metrics: &[(&str, bool)]) -> Vec<u8> {
        let mut out = MetricsWriter::new();
        for &(name, is_sum) in metrics {
            let metric = Metric { name, ..Metric::default() };
            let mut points = match is_sum {
                true => out.sum(&metric, AggregationTemporality::CUMULATIVE, true),
                false => out.gauge(&metric),
            };
            for time_unix_nano in [1, 2] {
                points.push(&NumberDataPoint { time_unix_nano, ..NumberDataPoint::default() });
            }
        }
        out.finish()
    }

    fn names(examples: &Examples) -> Vec<String> {
        let name = |text: &String| {
            let json: serde_json::Value = serde_json::from_str(text).unwrap();
            let metrics = &json["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
            assert_eq!(metrics.as_array().unwrap().len(), 1, "{text}");
            let data = metrics[0].get("sum").or(metrics[0].get("gauge")).unwrap();
            assert_eq!(data["dataPoints"].as_array().unwrap().len(), 1, "{text}");
            metrics[0]["name"].as_str().unwrap().to_owned()
        };
        examples.shown().iter().map(name).collect()
    }

    #[test]
    fn each_example_is_one_point_of_another_metric() {
        let mut examples = Examples::default();
        examples.look(&request(&[("a", false), ("a", false), ("b", false)]));
        assert_eq!(names(&examples), ["a", "b"]);
    }

    #[test]
    fn another_kind_takes_the_place_of_one_that_is_shown_twice() {
        let mut examples = Examples::default();
        examples.look(&request(&[("a", false), ("b", false), ("c", false), ("d", false)]));
        assert_eq!(names(&examples), ["a", "b", "c"]);
        examples.look(&request(&[("d", false), ("e", true), ("f", true)]));
        assert_eq!(names(&examples), ["a", "b", "e"]);
    }
}
