//! The three signals, and where they are sent.

use std::fmt;

use crate::element::Element;

/// The port for OTLP over gRPC.
pub const GRPC_PORT: u16 = 4317;
/// The port for OTLP over HTTP.
pub const HTTP_PORT: u16 = 4318;

/// A kind of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Log records.
    Logs,
    /// Metrics.
    Metrics,
    /// Spans.
    Traces,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Logs, Self::Metrics, Self::Traces];

    /// The path that is added to the address of a receiver, for HTTP.
    #[must_use]
    pub const fn http_path(self) -> &'static str {
        match self {
            Self::Logs => "/v1/logs",
            Self::Metrics => "/v1/metrics",
            Self::Traces => "/v1/traces",
        }
    }

    /// The path of the method that takes it, for gRPC.
    #[must_use]
    pub const fn grpc_path(self) -> &'static str {
        match self {
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        }
    }

    /// What the answer calls the number of rejected items, in JSON.
    pub(crate) const fn rejected_name(self) -> &'static str {
        match self {
            Self::Logs => "rejectedLogRecords",
            Self::Metrics => "rejectedDataPoints",
            Self::Traces => "rejectedSpans",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Logs => "logs",
            Self::Metrics => "metrics",
            Self::Traces => "traces",
        })
    }
}

/// A signal as a type, for [`RequestWriter`](crate::RequestWriter).
pub trait SignalKind {
    /// The signal.
    const SIGNAL: Signal;
    /// What a scope holds.
    type Item<'a>: Element<'a>;
}

/// Log records.
#[derive(Debug, Clone, Copy)]
pub enum Logs {}
/// Metrics.
#[derive(Debug, Clone, Copy)]
pub enum Metrics {}
/// Spans.
#[derive(Debug, Clone, Copy)]
pub enum Traces {}

impl SignalKind for Logs {
    const SIGNAL: Signal = Signal::Logs;
    type Item<'a> = crate::LogRecord<'a>;
}

impl SignalKind for Metrics {
    const SIGNAL: Signal = Signal::Metrics;
    type Item<'a> = crate::Metric<'a>;
}

impl SignalKind for Traces {
    const SIGNAL: Signal = Signal::Traces;
    type Item<'a> = crate::Span<'a>;
}

/// How a body over HTTP is encoded, and its answer too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As protobuf.
    Protobuf,
    /// As JSON.
    Json,
}

impl Encoding {
    /// Reads a `Content-Type`; parameters do not matter.
    ///
    /// ```
    /// use ktel_otlp::Encoding;
    ///
    /// assert_eq!(Encoding::of("application/json; charset=utf-8"), Some(Encoding::Json));
    /// assert_eq!(Encoding::of("text/plain"), None);
    /// ```
    #[must_use]
    pub fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        [Self::Protobuf, Self::Json]
            .into_iter()
            .find(|encoding| essence.eq_ignore_ascii_case(encoding.content_type()))
    }

    /// Gives the `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Says whether a request may be sent again that was answered with this status of HTTP. OTLP retries
/// these and no others.
#[must_use]
pub const fn is_retryable_http(status: u16) -> bool {
    matches!(status, 429 | 502..=504)
}
