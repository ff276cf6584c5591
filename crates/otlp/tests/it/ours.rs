//! Messages of `opentelemetry-proto` as ours. What ours borrow is leaked: these are tests.

use ktel_otlp as ours;
use opentelemetry_proto::tonic as theirs;

/// What can be made ours.
pub(crate) trait ToOurs {
    type Ours: 'static;
    fn ours(&self) -> Self::Ours;
}

fn one<T: ToOurs>(one: &Option<T>) -> Option<T::Ours> {
    one.as_ref().map(T::ours)
}

fn many<T: ToOurs>(all: &[T]) -> ours::Repeated<'static, T::Ours> {
    let slice: &'static [T::Ours] = all.iter().map(T::ours).collect::<Vec<_>>().leak();
    slice.into()
}

fn texts(all: &[String]) -> ours::Repeated<'static, &'static str> {
    let slice: &'static [&'static str] = all.iter().map(|one| text(one)).collect::<Vec<_>>().leak();
    slice.into()
}

fn text(text: &str) -> &'static str {
    text.to_owned().leak()
}

fn bytes(bytes: &[u8]) -> &'static [u8] {
    bytes.to_vec().leak()
}

fn packed<P: ours::PackedNumber>(numbers: &[P::Number]) -> ours::Packed<'static, P>
where
    P::Number: 'static,
{
    let slice: &'static [P::Number] = numbers.to_vec().leak();
    slice.into()
}

impl ToOurs for theirs::common::v1::KeyValueList {
    type Ours = ours::KeyValueList<'static>;

    fn ours(&self) -> Self::Ours {
        ours::KeyValueList { values: many(&self.values) }
    }
}

impl ToOurs for theirs::common::v1::ArrayValue {
    type Ours = ours::ArrayValue<'static>;

    fn ours(&self) -> Self::Ours {
        ours::ArrayValue { values: many(&self.values) }
    }
}

impl ToOurs for theirs::common::v1::InstrumentationScope {
    type Ours = ours::InstrumentationScope<'static>;

    fn ours(&self) -> Self::Ours {
        ours::InstrumentationScope {
            name: text(&self.name),
            version: text(&self.version),
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
        }
    }
}

impl ToOurs for theirs::resource::v1::Resource {
    type Ours = ours::Resource<'static>;

    fn ours(&self) -> Self::Ours {
        ours::Resource {
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            entity_refs: many(&self.entity_refs),
        }
    }
}

impl ToOurs for theirs::common::v1::EntityRef {
    type Ours = ours::EntityRef<'static>;

    fn ours(&self) -> Self::Ours {
        ours::EntityRef {
            schema_url: text(&self.schema_url),
            r#type: text(&self.r#type),
            id_keys: texts(&self.id_keys),
            description_keys: texts(&self.description_keys),
        }
    }
}

impl ToOurs for theirs::logs::v1::LogsData {
    type Ours = ours::LogsData<'static>;

    fn ours(&self) -> Self::Ours {
        ours::LogsData { resource_logs: many(&self.resource_logs) }
    }
}

impl ToOurs for theirs::logs::v1::ResourceLogs {
    type Ours = ours::ResourceLogs<'static>;

    fn ours(&self) -> Self::Ours {
        ours::ResourceLogs {
            resource: one(&self.resource),
            scope_logs: many(&self.scope_logs),
            schema_url: text(&self.schema_url),
        }
    }
}

impl ToOurs for theirs::logs::v1::ScopeLogs {
    type Ours = ours::ScopeLogs<'static>;

    fn ours(&self) -> Self::Ours {
        ours::ScopeLogs {
            scope: one(&self.scope),
            log_records: many(&self.log_records),
            schema_url: text(&self.schema_url),
        }
    }
}

impl ToOurs for theirs::logs::v1::LogRecord {
    type Ours = ours::LogRecord<'static>;

    fn ours(&self) -> Self::Ours {
        ours::LogRecord {
            time_unix_nano: self.time_unix_nano,
            severity_number: self.severity_number.into(),
            severity_text: text(&self.severity_text),
            body: one(&self.body),
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            flags: self.flags,
            trace_id: bytes(&self.trace_id),
            span_id: bytes(&self.span_id),
            observed_time_unix_nano: self.observed_time_unix_nano,
            event_name: text(&self.event_name),
        }
    }
}

impl ToOurs for theirs::trace::v1::TracesData {
    type Ours = ours::TracesData<'static>;

    fn ours(&self) -> Self::Ours {
        ours::TracesData { resource_spans: many(&self.resource_spans) }
    }
}

impl ToOurs for theirs::trace::v1::ResourceSpans {
    type Ours = ours::ResourceSpans<'static>;

    fn ours(&self) -> Self::Ours {
        ours::ResourceSpans {
            resource: one(&self.resource),
            scope_spans: many(&self.scope_spans),
            schema_url: text(&self.schema_url),
        }
    }
}

impl ToOurs for theirs::trace::v1::ScopeSpans {
    type Ours = ours::ScopeSpans<'static>;

    fn ours(&self) -> Self::Ours {
        ours::ScopeSpans {
            scope: one(&self.scope),
            spans: many(&self.spans),
            schema_url: text(&self.schema_url),
        }
    }
}

impl ToOurs for theirs::trace::v1::Span {
    type Ours = ours::Span<'static>;

    fn ours(&self) -> Self::Ours {
        ours::Span {
            trace_id: bytes(&self.trace_id),
            span_id: bytes(&self.span_id),
            trace_state: text(&self.trace_state),
            parent_span_id: bytes(&self.parent_span_id),
            name: text(&self.name),
            kind: self.kind.into(),
            start_time_unix_nano: self.start_time_unix_nano,
            end_time_unix_nano: self.end_time_unix_nano,
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            events: many(&self.events),
            dropped_events_count: self.dropped_events_count,
            links: many(&self.links),
            dropped_links_count: self.dropped_links_count,
            status: one(&self.status),
            flags: self.flags,
        }
    }
}

impl ToOurs for theirs::trace::v1::span::Event {
    type Ours = ours::SpanEvent<'static>;

    fn ours(&self) -> Self::Ours {
        ours::SpanEvent {
            time_unix_nano: self.time_unix_nano,
            name: text(&self.name),
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
        }
    }
}

impl ToOurs for theirs::trace::v1::span::Link {
    type Ours = ours::SpanLink<'static>;

    fn ours(&self) -> Self::Ours {
        ours::SpanLink {
            trace_id: bytes(&self.trace_id),
            span_id: bytes(&self.span_id),
            trace_state: text(&self.trace_state),
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            flags: self.flags,
        }
    }
}

impl ToOurs for theirs::trace::v1::Status {
    type Ours = ours::SpanStatus<'static>;

    fn ours(&self) -> Self::Ours {
        ours::SpanStatus { message: text(&self.message), code: self.code.into() }
    }
}

impl ToOurs for theirs::metrics::v1::MetricsData {
    type Ours = ours::MetricsData<'static>;

    fn ours(&self) -> Self::Ours {
        ours::MetricsData { resource_metrics: many(&self.resource_metrics) }
    }
}

impl ToOurs for theirs::metrics::v1::ResourceMetrics {
    type Ours = ours::ResourceMetrics<'static>;

    fn ours(&self) -> Self::Ours {
        ours::ResourceMetrics {
            resource: one(&self.resource),
            scope_metrics: many(&self.scope_metrics),
            schema_url: text(&self.schema_url),
        }
    }
}

impl ToOurs for theirs::metrics::v1::ScopeMetrics {
    type Ours = ours::ScopeMetrics<'static>;

    fn ours(&self) -> Self::Ours {
        ours::ScopeMetrics {
            scope: one(&self.scope),
            metrics: many(&self.metrics),
            schema_url: text(&self.schema_url),
        }
    }
}

impl ToOurs for theirs::metrics::v1::Metric {
    type Ours = ours::Metric<'static>;

    fn ours(&self) -> Self::Ours {
        ours::Metric {
            name: text(&self.name),
            description: text(&self.description),
            unit: text(&self.unit),
            data: self.data.as_ref().map(ToOurs::ours).unwrap_or_default(),
            metadata: many(&self.metadata),
        }
    }
}

impl ToOurs for theirs::metrics::v1::Gauge {
    type Ours = ours::Gauge<'static>;

    fn ours(&self) -> Self::Ours {
        ours::Gauge { data_points: many(&self.data_points) }
    }
}

impl ToOurs for theirs::metrics::v1::Sum {
    type Ours = ours::Sum<'static>;

    fn ours(&self) -> Self::Ours {
        ours::Sum {
            data_points: many(&self.data_points),
            aggregation_temporality: self.aggregation_temporality.into(),
            is_monotonic: self.is_monotonic,
        }
    }
}

impl ToOurs for theirs::metrics::v1::Histogram {
    type Ours = ours::Histogram<'static>;

    fn ours(&self) -> Self::Ours {
        ours::Histogram {
            data_points: many(&self.data_points),
            aggregation_temporality: self.aggregation_temporality.into(),
        }
    }
}

impl ToOurs for theirs::metrics::v1::ExponentialHistogram {
    type Ours = ours::ExponentialHistogram<'static>;

    fn ours(&self) -> Self::Ours {
        ours::ExponentialHistogram {
            data_points: many(&self.data_points),
            aggregation_temporality: self.aggregation_temporality.into(),
        }
    }
}

impl ToOurs for theirs::metrics::v1::Summary {
    type Ours = ours::Summary<'static>;

    fn ours(&self) -> Self::Ours {
        ours::Summary { data_points: many(&self.data_points) }
    }
}

impl ToOurs for theirs::metrics::v1::NumberDataPoint {
    type Ours = ours::NumberDataPoint<'static>;

    fn ours(&self) -> Self::Ours {
        ours::NumberDataPoint {
            start_time_unix_nano: self.start_time_unix_nano,
            time_unix_nano: self.time_unix_nano,
            value: self.value.as_ref().map(ToOurs::ours).unwrap_or_default(),
            exemplars: many(&self.exemplars),
            attributes: many(&self.attributes),
            flags: self.flags,
        }
    }
}

impl ToOurs for theirs::metrics::v1::HistogramDataPoint {
    type Ours = ours::HistogramDataPoint<'static>;

    fn ours(&self) -> Self::Ours {
        ours::HistogramDataPoint {
            start_time_unix_nano: self.start_time_unix_nano,
            time_unix_nano: self.time_unix_nano,
            count: self.count,
            sum: self.sum,
            bucket_counts: packed(&self.bucket_counts),
            explicit_bounds: packed(&self.explicit_bounds),
            exemplars: many(&self.exemplars),
            attributes: many(&self.attributes),
            flags: self.flags,
            min: self.min,
            max: self.max,
        }
    }
}

impl ToOurs for theirs::metrics::v1::ExponentialHistogramDataPoint {
    type Ours = ours::ExponentialHistogramDataPoint<'static>;

    fn ours(&self) -> Self::Ours {
        ours::ExponentialHistogramDataPoint {
            attributes: many(&self.attributes),
            start_time_unix_nano: self.start_time_unix_nano,
            time_unix_nano: self.time_unix_nano,
            count: self.count,
            sum: self.sum,
            scale: self.scale,
            zero_count: self.zero_count,
            positive: one(&self.positive),
            negative: one(&self.negative),
            flags: self.flags,
            exemplars: many(&self.exemplars),
            min: self.min,
            max: self.max,
            zero_threshold: self.zero_threshold,
        }
    }
}

impl ToOurs for theirs::metrics::v1::exponential_histogram_data_point::Buckets {
    type Ours = ours::Buckets<'static>;

    fn ours(&self) -> Self::Ours {
        ours::Buckets { offset: self.offset, bucket_counts: packed(&self.bucket_counts) }
    }
}

impl ToOurs for theirs::metrics::v1::SummaryDataPoint {
    type Ours = ours::SummaryDataPoint<'static>;

    fn ours(&self) -> Self::Ours {
        ours::SummaryDataPoint {
            start_time_unix_nano: self.start_time_unix_nano,
            time_unix_nano: self.time_unix_nano,
            count: self.count,
            sum: self.sum,
            quantile_values: many(&self.quantile_values),
            attributes: many(&self.attributes),
            flags: self.flags,
        }
    }
}

impl ToOurs for theirs::metrics::v1::summary_data_point::ValueAtQuantile {
    type Ours = ours::ValueAtQuantile;

    fn ours(&self) -> Self::Ours {
        ours::ValueAtQuantile { quantile: self.quantile, value: self.value }
    }
}

impl ToOurs for theirs::metrics::v1::Exemplar {
    type Ours = ours::Exemplar<'static>;

    fn ours(&self) -> Self::Ours {
        ours::Exemplar {
            time_unix_nano: self.time_unix_nano,
            value: self.value.as_ref().map(ToOurs::ours).unwrap_or_default(),
            span_id: bytes(&self.span_id),
            trace_id: bytes(&self.trace_id),
            filtered_attributes: many(&self.filtered_attributes),
        }
    }
}

impl ToOurs for theirs::common::v1::KeyValue {
    type Ours = ours::KeyValue<'static>;

    fn ours(&self) -> Self::Ours {
        ours::KeyValue { key: text(&self.key), value: one(&self.value) }
    }
}

impl ToOurs for theirs::common::v1::AnyValue {
    type Ours = ours::AnyValue<'static>;

    fn ours(&self) -> Self::Ours {
        use theirs::common::v1::any_value::Value;
        match &self.value {
            None | Some(Value::StringValueStrindex(_)) => ours::AnyValue::Empty,
            Some(Value::StringValue(value)) => ours::AnyValue::String(text(value)),
            Some(Value::BoolValue(truth)) => ours::AnyValue::Bool(*truth),
            Some(Value::IntValue(number)) => ours::AnyValue::Int(*number),
            Some(Value::DoubleValue(number)) => ours::AnyValue::Double(*number),
            Some(Value::ArrayValue(list)) => ours::AnyValue::Array(list.ours()),
            Some(Value::KvlistValue(map)) => ours::AnyValue::KeyValues(map.ours()),
            Some(Value::BytesValue(value)) => ours::AnyValue::Bytes(bytes(value)),
        }
    }
}

impl ToOurs for theirs::metrics::v1::metric::Data {
    type Ours = ours::MetricData<'static>;

    fn ours(&self) -> Self::Ours {
        match self {
            Self::Gauge(data) => ours::MetricData::Gauge(data.ours()),
            Self::Sum(data) => ours::MetricData::Sum(data.ours()),
            Self::Histogram(data) => ours::MetricData::Histogram(data.ours()),
            Self::ExponentialHistogram(data) => ours::MetricData::ExponentialHistogram(data.ours()),
            Self::Summary(data) => ours::MetricData::Summary(data.ours()),
        }
    }
}

impl ToOurs for theirs::metrics::v1::number_data_point::Value {
    type Ours = ours::NumberValue;

    fn ours(&self) -> Self::Ours {
        match self {
            Self::AsDouble(number) => ours::NumberValue::Double(*number),
            Self::AsInt(number) => ours::NumberValue::Int(*number),
        }
    }
}

impl ToOurs for theirs::metrics::v1::exemplar::Value {
    type Ours = ours::ExemplarValue;

    fn ours(&self) -> Self::Ours {
        match self {
            Self::AsDouble(number) => ours::ExemplarValue::Double(*number),
            Self::AsInt(number) => ours::ExemplarValue::Int(*number),
        }
    }
}
