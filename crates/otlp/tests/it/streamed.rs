//! What is streamed says the same as what is built.

use ktel_otlp::{
    Attributes, KeyValue, Limits, LogsData, LogsWriter, Metric, MetricData, MetricsData,
    MetricsWriter, NumberDataPoint, NumberValue, Repeated, Resource, SeriesValue, TracesData,
    TracesWriter,
};
use opentelemetry_proto::tonic::{logs, metrics, trace};
use proptest::prelude::*;
use prost::Message;

use crate::random::Entropy;
use crate::round_trip::entropy;

/// Writes metrics point by point, and checks the length that it foretells.
fn stream_metrics(data: &MetricsData<'_>) -> Vec<u8> {
    let mut out = MetricsWriter::new();
    for resource in data.resource_metrics {
        out.resource(&resource.resource.unwrap_or_default(), resource.schema_url);
        for scope in resource.scope_metrics {
            out.scope(&scope.scope.unwrap_or_default(), scope.schema_url);
            for metric in scope.metrics {
                match metric.data {
                    MetricData::Empty => {
                        out.push(&metric);
                    }
                    MetricData::Gauge(data) => {
                        let mut points = out.gauge(&metric);
                        data.data_points.iter().for_each(|point| {
                            points.push(&point);
                        });
                    }
                    MetricData::Sum(sum) => {
                        let temporality = sum.aggregation_temporality;
                        let mut points = out.sum(&metric, temporality, sum.is_monotonic);
                        sum.data_points.iter().for_each(|point| {
                            points.push(&point);
                        });
                    }
                    MetricData::Histogram(data) => {
                        let mut points = out.histogram(&metric, data.aggregation_temporality);
                        data.data_points.iter().for_each(|point| {
                            points.push(&point);
                        });
                    }
                    MetricData::ExponentialHistogram(data) => {
                        let temporality = data.aggregation_temporality;
                        let mut points = out.exponential_histogram(&metric, temporality);
                        data.data_points.iter().for_each(|point| {
                            points.push(&point);
                        });
                    }
                    MetricData::Summary(data) => {
                        let mut points = out.summary(&metric);
                        data.data_points.iter().for_each(|point| {
                            points.push(&point);
                        });
                    }
                }
            }
        }
    }
    let foretold = out.len();
    let bytes = out.finish();
    assert_eq!(bytes.len(), foretold);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn streamed_metrics_say_the_same(bytes in entropy()) {
        let mut expected = Entropy::new(&bytes).metrics();
        let encoded = expected.encode_to_vec();
        let read = MetricsData::read(&encoded, &Limits::default()).unwrap();
        let streamed = metrics::v1::MetricsData::decode(&stream_metrics(&read)[..]).unwrap();
        for resource in &mut expected.resource_metrics {
            resource.resource.get_or_insert_default();
            for scope in &mut resource.scope_metrics {
                scope.scope.get_or_insert_default();
            }
        }
        prop_assert_eq!(streamed.encode_to_vec(), expected.encode_to_vec());
    }

    #[test]
    fn streamed_logs_and_traces_say_the_same(bytes in entropy()) {
        let encoded = Entropy::new(&bytes).logs().encode_to_vec();
        let mut out = LogsWriter::new();
        let mut items = 0;
        for resource in LogsData::read(&encoded, &Limits::default()).unwrap().resource_logs {
            out.resource(&resource.resource.unwrap_or_default(), resource.schema_url);
            for scope in resource.scope_logs {
                out.scope(&scope.scope.unwrap_or_default(), scope.schema_url);
                scope.log_records.iter().for_each(|record| { out.push(&record); });
                items += scope.log_records.iter().count();
            }
        }
        prop_assert_eq!((out.items(), out.is_empty()), (items, items == 0));
        let streamed = logs::v1::LogsData::decode(&out.finish()[..]).unwrap();
        let mut expected = logs::v1::LogsData::decode(&encoded[..]).unwrap();
        for resource in &mut expected.resource_logs {
            resource.resource.get_or_insert_default();
            resource.scope_logs.iter_mut().for_each(|it| { it.scope.get_or_insert_default(); });
        }
        prop_assert_eq!(streamed.encode_to_vec(), expected.encode_to_vec());

        let encoded = Entropy::new(&bytes).traces().encode_to_vec();
        let mut out = TracesWriter::new();
        for resource in TracesData::read(&encoded, &Limits::default()).unwrap().resource_spans {
            out.resource(&resource.resource.unwrap_or_default(), resource.schema_url);
            for scope in resource.scope_spans {
                out.scope(&scope.scope.unwrap_or_default(), scope.schema_url);
                scope.spans.iter().for_each(|span| { out.push(&span); });
            }
        }
        let streamed = trace::v1::TracesData::decode(&out.finish()[..]).unwrap();
        let mut expected = trace::v1::TracesData::decode(&encoded[..]).unwrap();
        for resource in &mut expected.resource_spans {
            resource.resource.get_or_insert_default();
            resource.scope_spans.iter_mut().for_each(|it| { it.scope.get_or_insert_default(); });
        }
        prop_assert_eq!(streamed.encode_to_vec(), expected.encode_to_vec());
    }

    /// At every limit, as many values as single points would fit, in the same bytes.
    #[test]
    fn a_series_is_written_as_its_points(
        samples in proptest::collection::vec((1_u64.., any::<f64>()), 0..300),
        text in 0_usize..200,
        has_start: bool,
        length_max in 0_usize..20_000,
    ) {
        let mut attributes = Attributes::new();
        attributes.push("a", "x".repeat(text).as_str());
        let metric = Metric { name: "m", ..Metric::default() };
        let (mut one_by_one, mut at_once) = (MetricsWriter::new(), MetricsWriter::new());
        let start = |time: u64| if has_start { time / 2 + 1 } else { 0 };
        let mut gauge = one_by_one.gauge(&metric);
        let fit = samples.iter().take_while(|(time, value)| {
            let point = NumberDataPoint {
                start_time_unix_nano: start(*time),
                time_unix_nano: *time,
                value: NumberValue::Double(*value),
                attributes: attributes.view(),
                ..NumberDataPoint::default()
            };
            gauge.push_within(&point, length_max)
        });
        let fit = fit.count();
        let value = |&(time, value): &(u64, f64)| SeriesValue {
            start_time_unix_nano: start(time),
            time_unix_nano: time,
            value,
        };
        let mut gauge = at_once.gauge(&metric);
        let written = gauge.push_series(attributes.view(), has_start, &samples, value, length_max);
        prop_assert_eq!((written, at_once.items()), (fit, one_by_one.items()));
        at_once.take_back_empty();
        one_by_one.take_back_empty();
        prop_assert_eq!(at_once.is_empty(), fit == 0);
        prop_assert_eq!(at_once.finish(), one_by_one.finish());
    }

    /// Lengths of one, two and three bytes, wherever the guess of the writer lies.
    #[test]
    fn lengths_are_right_at_every_size(points in 0_usize..3000, text in 0_usize..300) {
        let mut attributes = Attributes::new();
        attributes.push("a", "x".repeat(text).as_str());
        let mut out = MetricsWriter::after(vec![9]);
        let mut gauge = out.gauge(&Metric { name: "m", ..Metric::default() });
        let point = NumberDataPoint { attributes: attributes.view(), ..NumberDataPoint::default() };
        (0..points).for_each(|_| { gauge.push(&point); });
        let foretold = out.len();
        let bytes = out.finish();
        prop_assert_eq!(bytes.len(), foretold);
        let read = metrics::v1::MetricsData::decode(&bytes[1..]).unwrap();
        prop_assert_eq!(read.encoded_len() + 1, bytes.len());
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    let point = |number| NumberDataPoint { value: NumberValue::Int(number), ..Default::default() };
    let mut out = MetricsWriter::new();
    let mut gauge = out.gauge(&Metric { name: "m", ..Metric::default() });
    let fitting = (0..100).take_while(|number| gauge.push_within(&point(*number), 200)).count();
    assert_eq!((fitting, out.items()), (16, 16));
    let bytes = out.finish();
    assert!((190..=200).contains(&bytes.len()), "{}", bytes.len());
    let read = MetricsData::read(&bytes, &Limits::default().items(fitting)).unwrap();
    let scope = read.resource_metrics.iter().next().unwrap().scope_metrics.iter().next().unwrap();
    let MetricData::Gauge(gauge) = scope.metrics.iter().next().unwrap().data else {
        panic!("a gauge")
    };
    let expected: Vec<_> = (0..16).map(point).collect();
    assert_eq!(gauge.data_points, Repeated::from(&expected));

    let mut out = LogsWriter::new();
    let record = ktel_otlp::LogRecord { event_name: "e", ..Default::default() };
    assert!(!out.push_within(&record, 5));
    assert!(out.is_empty());
    assert!(out.push_within(&record, 9));
    assert_eq!(out.finish().len(), 9);
}

#[test]
fn attributes_are_the_same_in_every_message() {
    let mut attributes = Attributes::new();
    attributes.push("text", "x").push("int", 7_i64).push("bytes", &[1_u8, 2][..]);
    attributes.push("map", |value: ktel_otlp::ValueWriter<'_>| {
        value.key_values(|map| {
            map.push("half", 0.5).push("yes", true);
        });
    });
    let expected: Vec<KeyValue<'_>> = attributes.view().iter().collect();
    assert_eq!(expected.len(), 4);
    let built = Resource { attributes: (&expected).into(), ..Resource::default() };
    let copied = Resource { attributes: attributes.view(), ..Resource::default() };
    assert_eq!(copied.to_vec(), built.to_vec());
    let point = NumberDataPoint { attributes: (&expected).into(), ..NumberDataPoint::default() };
    let copied = NumberDataPoint { attributes: attributes.view(), ..NumberDataPoint::default() };
    assert_eq!(copied.to_vec(), point.to_vec());
    let body = ktel_otlp::LogRecord { body: Some(attributes.as_value()), ..Default::default() };
    let bytes = body.to_vec();
    let read = ktel_otlp::LogRecord::read(&bytes, &Limits::default()).unwrap();
    let Some(ktel_otlp::AnyValue::KeyValues(map)) = read.body else { panic!("a map") };
    assert_eq!(map.values, attributes.view());
    attributes.clear();
    assert!(attributes.view().is_empty());
}
