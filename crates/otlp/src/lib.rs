//! Writes and reads OTLP, the protocol of OpenTelemetry: logs, metrics, traces, and the answers to them, as
//! protobuf and as JSON, over HTTP and gRPC.
//!
//! Bytes go in and come out; sockets, retries and clocks are the caller's. A message is a struct that borrows
//! all it holds, for both directions: fill one and [`to_vec`](LogsData::to_vec) it, or [`read`](LogsData::read)
//! one from a body and walk it. What is repeated is a slice or still encoded, see [`Repeated`], so that reading
//! builds nothing, and what was read or encoded once is passed on by copying its bytes. A [`RequestWriter`]
//! streams whole requests into one buffer.
//!
//! ```
//! use ktel_otlp::{
//!     AggregationTemporality, Attributes, Limits, Metric, MetricData, MetricsData, MetricsWriter,
//!     NumberDataPoint, NumberValue,
//! };
//!
//! let mut labels = Attributes::new();
//! labels.push("job", "api").push("instance", "10.0.0.1:80");
//! let mut request = MetricsWriter::new();
//! let metric = Metric { name: "http_requests", unit: "1", ..Metric::default() };
//! let mut points = request.sum(&metric, AggregationTemporality::CUMULATIVE, true);
//! for (time_unix_nano, value) in [(1_790_000_000_000_000_000, 7.0), (1_790_000_015_000_000_000, 9.0)] {
//!     points.push(&NumberDataPoint {
//!         time_unix_nano,
//!         value: NumberValue::Double(value),
//!         attributes: labels.view(),
//!         ..NumberDataPoint::default()
//!     });
//! }
//! let body = request.finish();
//!
//! let data = MetricsData::read(&body, &Limits::default())?;
//! let scopes = data.resource_metrics.iter().flat_map(|resource| resource.scope_metrics);
//! for metric in scopes.flat_map(|scope| scope.metrics) {
//!     let MetricData::Sum(sum) = metric.data else { panic!("{metric:?}") };
//!     assert_eq!(sum.data_points.iter().count(), 2);
//! }
//! # Ok::<(), ktel_otlp::Error>(())
//! ```
//!
//! *Guarantees.* No panic, whatever the bytes. Reading takes time in proportion to them, and memory only for
//! the stack of as many nested values as [`Limits`] allow. Writing gives the shortest encoding, fields in the
//! order of their numbers, as other encoders do.
//!
//! This crate opens no connection, compresses nothing, and does not know when to try again; it only says
//! what an answer means.

#![forbid(unsafe_code)]

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

mod base64;
mod check;
mod codec;
mod common;
mod element;
mod error;
pub mod grpc;
mod hex;
pub mod json;
mod limits;
mod logs;
mod merge;
mod message;
mod metrics;
mod open_enum;
mod repeated;
mod request_writer;
mod response;
mod series_writer;
mod signal;
mod status;
mod traces;
mod value_writer;
mod wire;

pub use common::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, Resource,
};
pub use element::Element;
pub use error::{Budgeted, Error, Fault};
pub use limits::Limits;
pub use logs::{LogRecord, LogsData, ResourceLogs, ScopeLogs, SeverityNumber};
pub use metrics::{
    AggregationTemporality, Buckets, Exemplar, ExemplarValue, ExponentialHistogram,
    ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric, MetricData,
    MetricsData, NO_RECORDED_VALUE, NumberDataPoint, NumberValue, ResourceMetrics, ScopeMetrics,
    Sum, Summary, SummaryDataPoint, ValueAtQuantile,
};
pub use repeated::{
    DoubleNumbers, FixedNumbers, Iter, Packed, PackedNumber, Repeated, VarintNumbers,
};
pub use request_writer::{
    ExponentialHistogramPoints, HistogramPoints, LogsWriter, MetricsWriter, NumberPoints,
    PointKind, PointsWriter, RequestWriter, SummaryPoints, TracesWriter,
};
pub use response::{Accepted, ExportResponse, PartialSuccess};
pub use series_writer::SeriesValue;
pub use signal::{
    Encoding, GRPC_PORT, HTTP_PORT, Logs, Metrics, Signal, SignalKind, Traces, is_retryable_http,
};
pub use status::{AnyMessage, RetryInfo, RpcDuration, RpcStatus, Status};
pub use traces::{
    ResourceSpans, ScopeSpans, Span, SpanEvent, SpanKind, SpanLink, SpanStatus, StatusCode,
    TracesData,
};
pub use value_writer::{ArrayWriter, Attributes, KeyValueWriter, ValueWriter, WriteValue};
