//! What `ktel-otlp` writes, the Collector reads: all kinds of metrics, logs and spans, over HTTP and gRPC.

use ktel_otlp::{
    AggregationTemporality, AnyValue, ArrayValue, Attributes, Buckets, Exemplar, ExemplarValue,
    ExponentialHistogramDataPoint, HistogramDataPoint, InstrumentationScope, Limits, LogRecord,
    LogsData, LogsWriter, Metric, MetricsData, MetricsWriter, NO_RECORDED_VALUE, NumberDataPoint,
    NumberValue, Resource, SeverityNumber, Signal, Span, SpanEvent, SpanKind, SpanLink, SpanStatus,
    StatusCode, SummaryDataPoint, TracesData, TracesWriter, ValueAtQuantile, ValueWriter, grpc,
};
use serde_json::Value;

use super::tests::start;
use super::{Collector, Input};
use crate::client::{Client, SOON};

const THEN: u64 = 1_790_000_000_000_000_000;
const NOW: u64 = 1_790_000_015_500_000_000;
const TRACE: &[u8] = &[0xa1; 16];
const SPAN: &[u8] = &[0xb2; 8];

fn attributes() -> Attributes {
    let mut attributes = Attributes::new();
    attributes.push("text", "ä \"b\"").push("int", -7_i64).push("half", 0.5).push("yes", true);
    attributes.push("bytes", &[0xfb_u8, 0xff][..]).push("none", AnyValue::Empty);
    attributes.push("nested", |value: ValueWriter<'_>| {
        value.key_values(|map| {
            map.push("list", |value: ValueWriter<'_>| {
                value.array(|list| {
                    list.push("x").push(1_i64);
                });
            });
        });
    });
    attributes
}

fn scope() -> InstrumentationScope<'static> {
    InstrumentationScope { name: "scope", version: "1", ..InstrumentationScope::default() }
}

fn metrics(out: Vec<u8>) -> Vec<u8> {
    let attributes = attributes();
    let mut out = MetricsWriter::after(out);
    let resource = Resource { attributes: attributes.view(), ..Resource::default() };
    out.resource(&resource, "https://example.com/resource")
        .scope(&scope(), "https://example.com/scope");
    let named = |name| Metric { name, description: "What", unit: "By", ..Metric::default() };
    let exemplars = [Exemplar {
        time_unix_nano: NOW,
        value: ExemplarValue::Double(1.5),
        span_id: SPAN,
        trace_id: TRACE,
        filtered_attributes: attributes.view(),
    }];
    let number = NumberDataPoint {
        start_time_unix_nano: THEN,
        time_unix_nano: NOW,
        value: NumberValue::Int(i64::MIN),
        exemplars: (&exemplars).into(),
        attributes: attributes.view(),
        flags: 0,
    };
    let stale =
        NumberDataPoint { time_unix_nano: NOW, flags: NO_RECORDED_VALUE, ..Default::default() };
    let metadata = attributes.view();
    out.gauge(&Metric { metadata, ..named("gauge") })
        .push(&NumberDataPoint { value: NumberValue::Double(-0.25), ..number })
        .push(&stale);
    out.sum(&named("sum"), AggregationTemporality::CUMULATIVE, true).push(&number);
    out.histogram(&named("histogram"), AggregationTemporality::DELTA).push(&HistogramDataPoint {
        start_time_unix_nano: THEN,
        time_unix_nano: NOW,
        count: 3,
        sum: Some(4.5),
        bucket_counts: (&[1, 0, 2]).into(),
        explicit_bounds: (&[0.5, 2.5]).into(),
        exemplars: (&exemplars).into(),
        attributes: attributes.view(),
        flags: 0,
        min: Some(0.25),
        max: Some(3.5),
    });
    let temporality = AggregationTemporality::CUMULATIVE;
    out.exponential_histogram(&named("exponential"), temporality).push(
        &ExponentialHistogramDataPoint {
            attributes: attributes.view(),
            time_unix_nano: NOW,
            count: 306,
            sum: Some(0.5),
            scale: -2,
            zero_count: 3,
            positive: Some(Buckets { offset: -4, bucket_counts: (&[300, 1]).into() }),
            negative: Some(Buckets { offset: 5, bucket_counts: (&[2]).into() }),
            zero_threshold: 0.125,
            ..Default::default()
        },
    );
    let quantiles = [ValueAtQuantile { quantile: 0.5, value: 1.5 }];
    out.summary(&named("summary")).push(&SummaryDataPoint {
        start_time_unix_nano: THEN,
        time_unix_nano: NOW,
        count: 9,
        sum: 13.5,
        quantile_values: (&quantiles).into(),
        attributes: attributes.view(),
        flags: 0,
    });
    out.finish()
}

fn traces(out: Vec<u8>) -> Vec<u8> {
    let attributes = attributes();
    let mut out = TracesWriter::after(out);
    out.resource(&Resource { attributes: attributes.view(), ..Resource::default() }, "");
    let events = [SpanEvent {
        time_unix_nano: NOW,
        name: "event",
        attributes: attributes.view(),
        dropped_attributes_count: 2,
    }];
    let links = [SpanLink {
        trace_id: TRACE,
        span_id: SPAN,
        trace_state: "c=d",
        attributes: attributes.view(),
        dropped_attributes_count: 3,
        flags: 1,
    }];
    out.scope(&scope(), "").push(&Span {
        trace_id: TRACE,
        span_id: SPAN,
        trace_state: "a=b",
        parent_span_id: &[0xc3; 8],
        name: "span",
        kind: SpanKind::CONSUMER,
        start_time_unix_nano: THEN,
        end_time_unix_nano: NOW,
        attributes: attributes.view(),
        dropped_attributes_count: 1,
        events: (&events).into(),
        dropped_events_count: 4,
        links: (&links).into(),
        dropped_links_count: 5,
        status: Some(SpanStatus { message: "broken", code: StatusCode::ERROR }),
        flags: 1,
    });
    out.finish()
}

fn logs(out: Vec<u8>) -> Vec<u8> {
    let attributes = attributes();
    let mut out = LogsWriter::after(out);
    out.resource(&Resource { attributes: attributes.view(), ..Resource::default() }, "");
    let values = [AnyValue::Int(1), attributes.as_value()];
    out.scope(&scope(), "").push(&LogRecord {
        time_unix_nano: THEN,
        severity_number: SeverityNumber::FATAL,
        severity_text: "worst",
        body: Some(AnyValue::Array(ArrayValue { values: (&values).into() })),
        attributes: attributes.view(),
        dropped_attributes_count: 6,
        flags: 1,
        trace_id: TRACE,
        span_id: SPAN,
        observed_time_unix_nano: NOW,
        event_name: "an.event",
    });
    out.finish()
}

/// Sends a request the way an input wants it.
fn send(client: &Client, collector: &Collector, input: Input, signal: Signal) {
    let write = match signal {
        Signal::Logs => logs,
        Signal::Metrics => metrics,
        Signal::Traces => traces,
    };
    let at = collector.address(input);
    let heard = if input == Input::OtlpGrpc {
        let body = grpc::close_frame(write(grpc::open_frame())).unwrap();
        let (kind, url) = (grpc::CONTENT_TYPE, format!("http://{at}{}", signal.grpc_path()));
        let kind = format!("Content-Type: {kind}");
        let flags = ["-H", &kind, "-H", "TE: trailers", "--http2-prior-knowledge"];
        let rest = ["--output", "/dev/null", "--data-binary", "@-", &url];
        client.curl(&[&flags[..], &rest].concat(), &body)
    } else {
        let kind = format!("Content-Type: {}", ktel_otlp::Encoding::Protobuf.content_type());
        let url = format!("http://{at}{}", signal.http_path());
        client.curl(&["--fail", "-H", &kind, "--data-binary", "@-", &url], &write(vec![]))
    };
    assert_eq!(heard.exit, 0, "{heard:?}");
}

#[test]
fn the_collector_reads_all_kinds_of_metrics_logs_and_spans_that_we_write() {
    let (client, collector) = start();
    let limits = Limits::default();
    let json = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let (metrics, traces, logs) = (metrics(vec![]), traces(vec![]), logs(vec![]));
    let expected = [
        (Signal::Metrics, json(MetricsData::read(&metrics, &limits).unwrap().to_json())),
        (Signal::Traces, json(TracesData::read(&traces, &limits).unwrap().to_json())),
    ];
    for input in [Input::OtlpHttp, Input::OtlpGrpc] {
        for (signal, expected) in &expected {
            send(&client, &collector, input, *signal);
            let written = collector.first(input, &signal.to_string(), SOON);
            assert_eq!(&written, expected, "{input:?} {signal}");
        }
        send(&client, &collector, input, Signal::Logs);
        let [record] = &collector.records(input, 1, SOON)[..] else { panic!("one record") };
        let expected = json(LogsData::read(&logs, &limits).unwrap().to_json());
        let expected = &expected["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
        assert_eq!(&record.written, expected, "{input:?}");
    }
}
