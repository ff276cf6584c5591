//! Messages of `opentelemetry-proto` out of random bytes: fewer and smaller bytes make simpler ones, so that
//! what fails can be shrunk. The fuzz targets use this file, too.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, MetricsData, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
    Summary, SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};

/// Random bytes; when they are used up, all is zero.
pub(crate) struct Entropy<'b> {
    bytes: &'b [u8],
    /// Whether floating-point numbers may be none.
    finite: bool,
}

/// How deep values are nested.
const DEPTH: usize = 4;

impl<'b> Entropy<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, finite: false }
    }

    /// Makes no numbers that are none.
    pub(crate) fn finite(bytes: &'b [u8]) -> Self {
        Self { bytes, finite: true }
    }

    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    fn truth(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    /// Gives numbers of all lengths.
    fn number(&mut self) -> u64 {
        let length = self.byte() % 9;
        (0..length).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    fn signed(&mut self) -> i64 {
        let sign = if self.truth() { -1 } else { 1 };
        self.number().cast_signed().wrapping_mul(sign)
    }

    fn small(&mut self) -> u32 {
        self.number() as u32
    }

    fn int(&mut self) -> i32 {
        self.signed() as i32
    }

    fn double(&mut self) -> f64 {
        let number = match self.byte() % 4 {
            0 => return 0.0,
            1 => f64::from(self.int()),
            2 if self.truth() => f64::NAN,
            2 => f64::NEG_INFINITY,
            _ => f64::from_bits(self.number()),
        };
        if self.finite && !number.is_finite() { -0.0 } else { number }
    }

    fn text(&mut self) -> String {
        let length = usize::from(self.byte() % 8) * if self.byte() > 200 { 40 } else { 1 };
        (0..length).map(|_| char::from_u32(self.byte().into()).unwrap_or('ä')).collect()
    }

    fn bytes(&mut self, length: u8) -> Vec<u8> {
        (0..length).map(|_| self.byte()).collect()
    }

    /// Gives an id, as it should be, absent, or of a wrong length.
    fn id(&mut self, length: u8) -> Vec<u8> {
        match self.byte() % 4 {
            0 => vec![],
            1 => self.bytes(3),
            _ => self.bytes(length),
        }
    }

    fn many<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        let count = self.byte() % 4;
        (0..count).map(|_| one(self)).collect()
    }

    fn maybe<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Option<T> {
        self.truth().then(|| one(self))
    }

    fn value(&mut self, depth: usize) -> AnyValue {
        let deeper = depth < DEPTH;
        let value = match self.byte() % 9 {
            0 => None,
            1 => Some(Value::StringValue(self.text())),
            2 => Some(Value::BoolValue(self.truth())),
            3 => Some(Value::IntValue(self.signed())),
            4 => Some(Value::DoubleValue(self.double())),
            5 => {
                let length = self.byte() % 7;
                Some(Value::BytesValue(self.bytes(length)))
            }
            6 if deeper => {
                let values = self.many(|entropy| entropy.value(depth + 1));
                Some(Value::ArrayValue(ArrayValue { values }))
            }
            7 if deeper => {
                let values = self.pairs(depth + 1);
                Some(Value::KvlistValue(KeyValueList { values }))
            }
            _ => Some(Value::StringValue(String::new())),
        };
        AnyValue { value }
    }

    fn pairs(&mut self, depth: usize) -> Vec<KeyValue> {
        self.many(|entropy| KeyValue {
            key: entropy.text(),
            value: entropy.maybe(|entropy| entropy.value(depth)),
            ..KeyValue::default()
        })
    }

    fn attributes(&mut self) -> Vec<KeyValue> {
        self.pairs(0)
    }

    fn resource(&mut self) -> Resource {
        Resource {
            attributes: self.attributes(),
            dropped_attributes_count: self.small(),
            entity_refs: self.many(|entropy| EntityRef {
                schema_url: entropy.text(),
                r#type: entropy.text(),
                id_keys: entropy.many(Self::text),
                description_keys: entropy.many(Self::text),
            }),
        }
    }

    fn scope(&mut self) -> InstrumentationScope {
        InstrumentationScope {
            name: self.text(),
            version: self.text(),
            attributes: self.attributes(),
            dropped_attributes_count: self.small(),
        }
    }

    pub(crate) fn logs(&mut self) -> LogsData {
        let scope_logs = |entropy: &mut Self| ScopeLogs {
            scope: entropy.maybe(Self::scope),
            log_records: entropy.many(Self::log_record),
            schema_url: entropy.text(),
        };
        let resource_logs = self.many(|entropy| ResourceLogs {
            resource: entropy.maybe(Self::resource),
            scope_logs: entropy.many(scope_logs),
            schema_url: entropy.text(),
        });
        LogsData { resource_logs }
    }

    fn log_record(&mut self) -> LogRecord {
        LogRecord {
            time_unix_nano: self.number(),
            observed_time_unix_nano: self.number(),
            severity_number: self.int(),
            severity_text: self.text(),
            body: self.maybe(|entropy| entropy.value(0)),
            attributes: self.attributes(),
            dropped_attributes_count: self.small(),
            flags: self.small(),
            trace_id: self.id(16),
            span_id: self.id(8),
            event_name: self.text(),
        }
    }

    pub(crate) fn traces(&mut self) -> TracesData {
        let scope_spans = |entropy: &mut Self| ScopeSpans {
            scope: entropy.maybe(Self::scope),
            spans: entropy.many(Self::span),
            schema_url: entropy.text(),
        };
        let resource_spans = self.many(|entropy| ResourceSpans {
            resource: entropy.maybe(Self::resource),
            scope_spans: entropy.many(scope_spans),
            schema_url: entropy.text(),
        });
        TracesData { resource_spans }
    }

    fn span(&mut self) -> Span {
        Span {
            trace_id: self.id(16),
            span_id: self.id(8),
            trace_state: self.text(),
            parent_span_id: self.id(8),
            flags: self.small(),
            name: self.text(),
            kind: self.int(),
            start_time_unix_nano: self.number(),
            end_time_unix_nano: self.number(),
            attributes: self.attributes(),
            dropped_attributes_count: self.small(),
            events: self.many(|entropy| Event {
                time_unix_nano: entropy.number(),
                name: entropy.text(),
                attributes: entropy.attributes(),
                dropped_attributes_count: entropy.small(),
            }),
            dropped_events_count: self.small(),
            links: self.many(|entropy| Link {
                trace_id: entropy.id(16),
                span_id: entropy.id(8),
                trace_state: entropy.text(),
                attributes: entropy.attributes(),
                dropped_attributes_count: entropy.small(),
                flags: entropy.small(),
            }),
            dropped_links_count: self.small(),
            status: self.maybe(|entropy| Status { message: entropy.text(), code: entropy.int() }),
        }
    }

    pub(crate) fn metrics(&mut self) -> MetricsData {
        let scope_metrics = |entropy: &mut Self| ScopeMetrics {
            scope: entropy.maybe(Self::scope),
            metrics: entropy.many(Self::metric),
            schema_url: entropy.text(),
        };
        let resource_metrics = self.many(|entropy| ResourceMetrics {
            resource: entropy.maybe(Self::resource),
            scope_metrics: entropy.many(scope_metrics),
            schema_url: entropy.text(),
        });
        MetricsData { resource_metrics }
    }

    fn metric(&mut self) -> Metric {
        let data = match self.byte() % 6 {
            0 => None,
            1 => Some(Data::Gauge(Gauge { data_points: self.many(Self::number_point) })),
            2 => Some(Data::Sum(Sum {
                data_points: self.many(Self::number_point),
                aggregation_temporality: self.int(),
                is_monotonic: self.truth(),
            })),
            3 => Some(Data::Histogram(Histogram {
                data_points: self.many(Self::histogram_point),
                aggregation_temporality: self.int(),
            })),
            4 => Some(Data::ExponentialHistogram(ExponentialHistogram {
                data_points: self.many(Self::exponential_histogram_point),
                aggregation_temporality: self.int(),
            })),
            _ => Some(Data::Summary(Summary { data_points: self.many(Self::summary_point) })),
        };
        Metric {
            name: self.text(),
            description: self.text(),
            unit: self.text(),
            metadata: self.attributes(),
            data,
        }
    }

    fn number_point(&mut self) -> NumberDataPoint {
        NumberDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            exemplars: self.many(Self::exemplar),
            flags: self.small(),
            value: self.maybe(|entropy| match entropy.truth() {
                true => number_data_point::Value::AsInt(entropy.signed()),
                false => number_data_point::Value::AsDouble(entropy.double()),
            }),
        }
    }

    fn histogram_point(&mut self) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.maybe(Self::double),
            bucket_counts: self.many(Self::number),
            explicit_bounds: self.many(Self::double),
            exemplars: self.many(Self::exemplar),
            flags: self.small(),
            min: self.maybe(Self::double),
            max: self.maybe(Self::double),
        }
    }

    fn exponential_histogram_point(&mut self) -> ExponentialHistogramDataPoint {
        let buckets = |entropy: &mut Self| Buckets {
            offset: entropy.int(),
            bucket_counts: entropy.many(Self::number),
        };
        ExponentialHistogramDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.maybe(Self::double),
            scale: self.int(),
            zero_count: self.number(),
            positive: self.maybe(buckets),
            negative: self.maybe(buckets),
            flags: self.small(),
            exemplars: self.many(Self::exemplar),
            min: self.maybe(Self::double),
            max: self.maybe(Self::double),
            zero_threshold: self.double(),
        }
    }

    fn summary_point(&mut self) -> SummaryDataPoint {
        SummaryDataPoint {
            attributes: self.attributes(),
            start_time_unix_nano: self.number(),
            time_unix_nano: self.number(),
            count: self.number(),
            sum: self.double(),
            quantile_values: self.many(|entropy| ValueAtQuantile {
                quantile: entropy.double(),
                value: entropy.double(),
            }),
            flags: self.small(),
        }
    }

    fn exemplar(&mut self) -> Exemplar {
        Exemplar {
            filtered_attributes: self.attributes(),
            time_unix_nano: self.number(),
            span_id: self.id(8),
            trace_id: self.id(16),
            value: self.maybe(|entropy| match entropy.truth() {
                true => exemplar::Value::AsInt(entropy.signed()),
                false => exemplar::Value::AsDouble(entropy.double()),
            }),
        }
    }
}
