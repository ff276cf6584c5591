//! Our messages as those of `opentelemetry-proto`.

use ktel_otlp as ours;
use opentelemetry_proto::tonic as theirs;

/// What can be made theirs.
pub(crate) trait ToTheirs {
    type Theirs;
    fn theirs(&self) -> Self::Theirs;
}

fn one<T: ToTheirs>(one: &Option<T>) -> Option<T::Theirs> {
    one.as_ref().map(T::theirs)
}

fn many<'a, T: ToTheirs + ours::Element<'a>>(all: &ours::Repeated<'a, T>) -> Vec<T::Theirs> {
    all.iter().map(|one| one.theirs()).collect()
}

fn texts(all: &ours::Repeated<'_, &str>) -> Vec<String> {
    all.iter().map(str::to_owned).collect()
}

impl ToTheirs for ours::KeyValueList<'_> {
    type Theirs = theirs::common::v1::KeyValueList;

    fn theirs(&self) -> Self::Theirs {
        theirs::common::v1::KeyValueList { values: many(&self.values) }
    }
}

impl ToTheirs for ours::ArrayValue<'_> {
    type Theirs = theirs::common::v1::ArrayValue;

    fn theirs(&self) -> Self::Theirs {
        theirs::common::v1::ArrayValue { values: many(&self.values) }
    }
}

impl ToTheirs for ours::InstrumentationScope<'_> {
    type Theirs = theirs::common::v1::InstrumentationScope;

    fn theirs(&self) -> Self::Theirs {
        theirs::common::v1::InstrumentationScope {
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
        }
    }
}

impl ToTheirs for ours::Resource<'_> {
    type Theirs = theirs::resource::v1::Resource;

    fn theirs(&self) -> Self::Theirs {
        theirs::resource::v1::Resource {
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            entity_refs: many(&self.entity_refs),
        }
    }
}

impl ToTheirs for ours::EntityRef<'_> {
    type Theirs = theirs::common::v1::EntityRef;

    fn theirs(&self) -> Self::Theirs {
        theirs::common::v1::EntityRef {
            schema_url: self.schema_url.to_owned(),
            r#type: self.r#type.to_owned(),
            id_keys: texts(&self.id_keys),
            description_keys: texts(&self.description_keys),
        }
    }
}

impl ToTheirs for ours::LogsData<'_> {
    type Theirs = theirs::logs::v1::LogsData;

    fn theirs(&self) -> Self::Theirs {
        theirs::logs::v1::LogsData { resource_logs: many(&self.resource_logs) }
    }
}

impl ToTheirs for ours::ResourceLogs<'_> {
    type Theirs = theirs::logs::v1::ResourceLogs;

    fn theirs(&self) -> Self::Theirs {
        theirs::logs::v1::ResourceLogs {
            resource: one(&self.resource),
            scope_logs: many(&self.scope_logs),
            schema_url: self.schema_url.to_owned(),
        }
    }
}

impl ToTheirs for ours::ScopeLogs<'_> {
    type Theirs = theirs::logs::v1::ScopeLogs;

    fn theirs(&self) -> Self::Theirs {
        theirs::logs::v1::ScopeLogs {
            scope: one(&self.scope),
            log_records: many(&self.log_records),
            schema_url: self.schema_url.to_owned(),
        }
    }
}

impl ToTheirs for ours::LogRecord<'_> {
    type Theirs = theirs::logs::v1::LogRecord;

    fn theirs(&self) -> Self::Theirs {
        theirs::logs::v1::LogRecord {
            time_unix_nano: self.time_unix_nano,
            severity_number: self.severity_number.into(),
            severity_text: self.severity_text.to_owned(),
            body: one(&self.body),
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            flags: self.flags,
            trace_id: self.trace_id.to_vec(),
            span_id: self.span_id.to_vec(),
            observed_time_unix_nano: self.observed_time_unix_nano,
            event_name: self.event_name.to_owned(),
        }
    }
}

impl ToTheirs for ours::TracesData<'_> {
    type Theirs = theirs::trace::v1::TracesData;

    fn theirs(&self) -> Self::Theirs {
        theirs::trace::v1::TracesData { resource_spans: many(&self.resource_spans) }
    }
}

impl ToTheirs for ours::ResourceSpans<'_> {
    type Theirs = theirs::trace::v1::ResourceSpans;

    fn theirs(&self) -> Self::Theirs {
        theirs::trace::v1::ResourceSpans {
            resource: one(&self.resource),
            scope_spans: many(&self.scope_spans),
            schema_url: self.schema_url.to_owned(),
        }
    }
}

impl ToTheirs for ours::ScopeSpans<'_> {
    type Theirs = theirs::trace::v1::ScopeSpans;

    fn theirs(&self) -> Self::Theirs {
        theirs::trace::v1::ScopeSpans {
            scope: one(&self.scope),
            spans: many(&self.spans),
            schema_url: self.schema_url.to_owned(),
        }
    }
}

impl ToTheirs for ours::Span<'_> {
    type Theirs = theirs::trace::v1::Span;

    fn theirs(&self) -> Self::Theirs {
        theirs::trace::v1::Span {
            trace_id: self.trace_id.to_vec(),
            span_id: self.span_id.to_vec(),
            trace_state: self.trace_state.to_owned(),
            parent_span_id: self.parent_span_id.to_vec(),
            name: self.name.to_owned(),
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

impl ToTheirs for ours::SpanEvent<'_> {
    type Theirs = theirs::trace::v1::span::Event;

    fn theirs(&self) -> Self::Theirs {
        theirs::trace::v1::span::Event {
            time_unix_nano: self.time_unix_nano,
            name: self.name.to_owned(),
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
        }
    }
}

impl ToTheirs for ours::SpanLink<'_> {
    type Theirs = theirs::trace::v1::span::Link;

    fn theirs(&self) -> Self::Theirs {
        theirs::trace::v1::span::Link {
            trace_id: self.trace_id.to_vec(),
            span_id: self.span_id.to_vec(),
            trace_state: self.trace_state.to_owned(),
            attributes: many(&self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            flags: self.flags,
        }
    }
}

impl ToTheirs for ours::SpanStatus<'_> {
    type Theirs = theirs::trace::v1::Status;

    fn theirs(&self) -> Self::Theirs {
        theirs::trace::v1::Status { message: self.message.to_owned(), code: self.code.into() }
    }
}

impl ToTheirs for ours::MetricsData<'_> {
    type Theirs = theirs::metrics::v1::MetricsData;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::MetricsData { resource_metrics: many(&self.resource_metrics) }
    }
}

impl ToTheirs for ours::ResourceMetrics<'_> {
    type Theirs = theirs::metrics::v1::ResourceMetrics;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::ResourceMetrics {
            resource: one(&self.resource),
            scope_metrics: many(&self.scope_metrics),
            schema_url: self.schema_url.to_owned(),
        }
    }
}

impl ToTheirs for ours::ScopeMetrics<'_> {
    type Theirs = theirs::metrics::v1::ScopeMetrics;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::ScopeMetrics {
            scope: one(&self.scope),
            metrics: many(&self.metrics),
            schema_url: self.schema_url.to_owned(),
        }
    }
}

impl ToTheirs for ours::Metric<'_> {
    type Theirs = theirs::metrics::v1::Metric;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::Metric {
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            unit: self.unit.to_owned(),
            data: self.data.theirs(),
            metadata: many(&self.metadata),
        }
    }
}

impl ToTheirs for ours::Gauge<'_> {
    type Theirs = theirs::metrics::v1::Gauge;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::Gauge { data_points: many(&self.data_points) }
    }
}

impl ToTheirs for ours::Sum<'_> {
    type Theirs = theirs::metrics::v1::Sum;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::Sum {
            data_points: many(&self.data_points),
            aggregation_temporality: self.aggregation_temporality.into(),
            is_monotonic: self.is_monotonic,
        }
    }
}

impl ToTheirs for ours::Histogram<'_> {
    type Theirs = theirs::metrics::v1::Histogram;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::Histogram {
            data_points: many(&self.data_points),
            aggregation_temporality: self.aggregation_temporality.into(),
        }
    }
}

impl ToTheirs for ours::ExponentialHistogram<'_> {
    type Theirs = theirs::metrics::v1::ExponentialHistogram;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::ExponentialHistogram {
            data_points: many(&self.data_points),
            aggregation_temporality: self.aggregation_temporality.into(),
        }
    }
}

impl ToTheirs for ours::Summary<'_> {
    type Theirs = theirs::metrics::v1::Summary;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::Summary { data_points: many(&self.data_points) }
    }
}

impl ToTheirs for ours::NumberDataPoint<'_> {
    type Theirs = theirs::metrics::v1::NumberDataPoint;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::NumberDataPoint {
            start_time_unix_nano: self.start_time_unix_nano,
            time_unix_nano: self.time_unix_nano,
            value: self.value.theirs(),
            exemplars: many(&self.exemplars),
            attributes: many(&self.attributes),
            flags: self.flags,
        }
    }
}

impl ToTheirs for ours::HistogramDataPoint<'_> {
    type Theirs = theirs::metrics::v1::HistogramDataPoint;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::HistogramDataPoint {
            start_time_unix_nano: self.start_time_unix_nano,
            time_unix_nano: self.time_unix_nano,
            count: self.count,
            sum: self.sum,
            bucket_counts: self.bucket_counts.iter().collect(),
            explicit_bounds: self.explicit_bounds.iter().collect(),
            exemplars: many(&self.exemplars),
            attributes: many(&self.attributes),
            flags: self.flags,
            min: self.min,
            max: self.max,
        }
    }
}

impl ToTheirs for ours::ExponentialHistogramDataPoint<'_> {
    type Theirs = theirs::metrics::v1::ExponentialHistogramDataPoint;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::ExponentialHistogramDataPoint {
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

impl ToTheirs for ours::Buckets<'_> {
    type Theirs = theirs::metrics::v1::exponential_histogram_data_point::Buckets;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::exponential_histogram_data_point::Buckets {
            offset: self.offset,
            bucket_counts: self.bucket_counts.iter().collect(),
        }
    }
}

impl ToTheirs for ours::SummaryDataPoint<'_> {
    type Theirs = theirs::metrics::v1::SummaryDataPoint;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::SummaryDataPoint {
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

impl ToTheirs for ours::ValueAtQuantile {
    type Theirs = theirs::metrics::v1::summary_data_point::ValueAtQuantile;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::summary_data_point::ValueAtQuantile {
            quantile: self.quantile,
            value: self.value,
        }
    }
}

impl ToTheirs for ours::Exemplar<'_> {
    type Theirs = theirs::metrics::v1::Exemplar;

    fn theirs(&self) -> Self::Theirs {
        theirs::metrics::v1::Exemplar {
            time_unix_nano: self.time_unix_nano,
            value: self.value.theirs(),
            span_id: self.span_id.to_vec(),
            trace_id: self.trace_id.to_vec(),
            filtered_attributes: many(&self.filtered_attributes),
        }
    }
}

impl ToTheirs for ours::KeyValue<'_> {
    type Theirs = theirs::common::v1::KeyValue;

    fn theirs(&self) -> Self::Theirs {
        let (key, value) = (self.key.to_owned(), one(&self.value));
        theirs::common::v1::KeyValue { key, value, ..Default::default() }
    }
}

impl ToTheirs for ours::AnyValue<'_> {
    type Theirs = theirs::common::v1::AnyValue;

    fn theirs(&self) -> Self::Theirs {
        use theirs::common::v1::any_value::Value;
        let value = match self {
            ours::AnyValue::Empty => None,
            ours::AnyValue::String(text) => Some(Value::StringValue((*text).to_owned())),
            ours::AnyValue::Bool(truth) => Some(Value::BoolValue(*truth)),
            ours::AnyValue::Int(number) => Some(Value::IntValue(*number)),
            ours::AnyValue::Double(number) => Some(Value::DoubleValue(*number)),
            ours::AnyValue::Array(list) => Some(Value::ArrayValue(list.theirs())),
            ours::AnyValue::KeyValues(map) => Some(Value::KvlistValue(map.theirs())),
            ours::AnyValue::Bytes(bytes) => Some(Value::BytesValue(bytes.to_vec())),
        };
        theirs::common::v1::AnyValue { value }
    }
}

impl ToTheirs for ours::MetricData<'_> {
    type Theirs = Option<theirs::metrics::v1::metric::Data>;

    fn theirs(&self) -> Self::Theirs {
        use theirs::metrics::v1::metric::Data;
        Some(match self {
            ours::MetricData::Empty => return None,
            ours::MetricData::Gauge(data) => Data::Gauge(data.theirs()),
            ours::MetricData::Sum(data) => Data::Sum(data.theirs()),
            ours::MetricData::Histogram(data) => Data::Histogram(data.theirs()),
            ours::MetricData::ExponentialHistogram(data) => {
                Data::ExponentialHistogram(data.theirs())
            }
            ours::MetricData::Summary(data) => Data::Summary(data.theirs()),
        })
    }
}

impl ToTheirs for ours::NumberValue {
    type Theirs = Option<theirs::metrics::v1::number_data_point::Value>;

    fn theirs(&self) -> Self::Theirs {
        use theirs::metrics::v1::number_data_point::Value;
        match self {
            ours::NumberValue::Empty => None,
            ours::NumberValue::Double(number) => Some(Value::AsDouble(*number)),
            ours::NumberValue::Int(number) => Some(Value::AsInt(*number)),
        }
    }
}

impl ToTheirs for ours::ExemplarValue {
    type Theirs = Option<theirs::metrics::v1::exemplar::Value>;

    fn theirs(&self) -> Self::Theirs {
        use theirs::metrics::v1::exemplar::Value;
        match self {
            ours::ExemplarValue::Empty => None,
            ours::ExemplarValue::Double(number) => Some(Value::AsDouble(*number)),
            ours::ExemplarValue::Int(number) => Some(Value::AsInt(*number)),
        }
    }
}
