//! Metrics.

use crate::codec::{
    Always, Bool, Double, Enum, Fixed64, Id, One, OneOf, OptionalDouble, Sfixed64, Sint32, Text,
    Uint32,
};
use crate::common::{InstrumentationScope, KeyValue, Resource};
use crate::message::{message, oneof};
use crate::open_enum::open_enum;
use crate::repeated::{
    DoubleNumbers, FixedNumbers, Many, ManyNumbers, Packed, Repeated, VarintNumbers,
};

/// The flag of a data point without a value: a stale marker.
pub const NO_RECORDED_VALUE: u32 = 1;

message! {
    /// Metrics of many resources. An `ExportMetricsServiceRequest` has the same form.
    MetricsData<'a> {
        /// The metrics of each resource.
        1 resource_metrics: Repeated<'a, ResourceMetrics<'a>> as Many<ResourceMetrics<'a>>,
    }
}

message! {
    /// The metrics of a resource.
    ResourceMetrics<'a> {
        /// The resource.
        1 resource: Option<Resource<'a>> as One<Resource<'a>>,
        /// The metrics of each scope.
        2 scope_metrics: Repeated<'a, ScopeMetrics<'a>> as Many<ScopeMetrics<'a>>,
        /// The address of the schema of the resource.
        3 schema_url: &'a str as Text,
    }
}

message! {
    /// The metrics of a scope.
    ScopeMetrics<'a> {
        /// The scope.
        1 scope: Option<InstrumentationScope<'a>> as One<InstrumentationScope<'a>>,
        /// Its metrics.
        2 metrics: Repeated<'a, Metric<'a>> as Many<Metric<'a>>,
        /// The address of the schema of the scope and its metrics.
        3 schema_url: &'a str as Text,
    }
}

message! {
    /// A metric, and its data points.
    Metric<'a> {
        /// The name of the metric.
        1 name: &'a str as Text,
        /// The description, for people.
        2 description: &'a str as Text,
        /// Its unit, as UCUM writes it.
        3 unit: &'a str as Text,
        /// The kind of the metric, and its data points.
        5 data: MetricData<'a> as OneOf<MetricData<'a>>,
        /// Further metadata, such as the type in Prometheus.
        12 metadata: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
    }
}

oneof! {
    /// The kinds of a metric.
    MetricData<'a> {
        /// A gauge: values that go up and down.
        5 gauge Gauge(Gauge<'a> as Always<Gauge<'a>>),
        /// A sum: values that are added up.
        7 sum Sum(Sum<'a> as Always<Sum<'a>>),
        /// A histogram with explicit bounds.
        9 histogram Histogram(Histogram<'a> as Always<Histogram<'a>>),
        /// An exponential histogram.
        10 exponential_histogram ExponentialHistogram(
            ExponentialHistogram<'a> as Always<ExponentialHistogram<'a>>
        ),
        /// A summary: quantiles that the source computed, as Prometheus has them.
        11 summary Summary(Summary<'a> as Always<Summary<'a>>),
    }
}

message! {
    /// A gauge: values that go up and down.
    Gauge<'a> {
        /// The data points.
        1 data_points: Repeated<'a, NumberDataPoint<'a>> as Many<NumberDataPoint<'a>>,
    }
}

message! {
    /// A sum: values that are added up.
    Sum<'a> {
        /// The data points.
        1 data_points: Repeated<'a, NumberDataPoint<'a>> as Many<NumberDataPoint<'a>>,
        /// Whether values are counted since the last report or since a start.
        2 aggregation_temporality: AggregationTemporality as Enum<AggregationTemporality>,
        /// Whether the sum never goes down.
        3 is_monotonic: bool as Bool,
    }
}

message! {
    /// A histogram with explicit bounds.
    Histogram<'a> {
        /// The data points.
        1 data_points: Repeated<'a, HistogramDataPoint<'a>> as Many<HistogramDataPoint<'a>>,
        /// Whether values are counted since the last report or since a start.
        2 aggregation_temporality: AggregationTemporality as Enum<AggregationTemporality>,
    }
}

message! {
    /// An exponential histogram.
    ExponentialHistogram<'a> {
        /// The data points.
        1 data_points: Repeated<'a, ExponentialHistogramDataPoint<'a>>
            as Many<ExponentialHistogramDataPoint<'a>>,
        /// Whether values are counted since the last report or since a start.
        2 aggregation_temporality: AggregationTemporality as Enum<AggregationTemporality>,
    }
}

message! {
    /// A summary: quantiles that the source computed, as Prometheus has them.
    Summary<'a> {
        /// The data points.
        1 data_points: Repeated<'a, SummaryDataPoint<'a>> as Many<SummaryDataPoint<'a>>,
    }
}

open_enum! {
    /// Since when a value is counted.
    AggregationTemporality {
        /// The sender did not say.
        UNSPECIFIED = 0,
        /// Since the last report.
        DELTA = 1,
        /// Since a start that stays the same, such as that of the process.
        CUMULATIVE = 2,
    }
}

message! {
    /// A data point with a number.
    NumberDataPoint<'a> as Item {
        /// The start of counting, in nanoseconds since 1970; 0 if unknown.
        2 start_time_unix_nano: u64 as Fixed64,
        /// The time of the value, in nanoseconds since 1970.
        3 time_unix_nano: u64 as Fixed64,
        /// The measured number.
        4 value: NumberValue as OneOf<NumberValue>,
        /// Exemplars: single measurements, with their traces.
        5 exemplars: Repeated<'a, Exemplar<'a>> as Many<Exemplar<'a>>,
        /// The attributes (labels) of the series.
        7 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// Flags, such as [`NO_RECORDED_VALUE`].
        8 flags: u32 as Uint32,
    }
}

oneof! {
    /// The number of a data point, of either type.
    NumberValue {
        /// A floating-point number.
        4 as_double Double(f64 as Double),
        /// A whole number.
        6 as_int Int(i64 as Sfixed64),
    }
}

message! {
    /// A data point of a histogram.
    HistogramDataPoint<'a> as Item {
        /// The start of counting, in nanoseconds since 1970; 0 if unknown.
        2 start_time_unix_nano: u64 as Fixed64,
        /// The time of the value, in nanoseconds since 1970.
        3 time_unix_nano: u64 as Fixed64,
        /// The number of measurements.
        4 count: u64 as Fixed64,
        /// The sum of the measurements.
        5 sum: Option<f64> as OptionalDouble,
        /// The count of each bucket: one more than there are bounds, or none.
        6 bucket_counts: Packed<'a, FixedNumbers> as ManyNumbers<FixedNumbers>,
        /// The upper bounds of all buckets but the last, which has none.
        7 explicit_bounds: Packed<'a, DoubleNumbers> as ManyNumbers<DoubleNumbers>,
        /// Exemplars: single measurements, with their traces.
        8 exemplars: Repeated<'a, Exemplar<'a>> as Many<Exemplar<'a>>,
        /// The attributes (labels) of the series.
        9 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// Flags, such as [`NO_RECORDED_VALUE`].
        10 flags: u32 as Uint32,
        /// The smallest measurement.
        11 min: Option<f64> as OptionalDouble,
        /// The largest measurement.
        12 max: Option<f64> as OptionalDouble,
    }
}

message! {
    /// A data point of an exponential histogram.
    ExponentialHistogramDataPoint<'a> as Item {
        /// The attributes (labels) of the series.
        1 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// The start of counting, in nanoseconds since 1970; 0 if unknown.
        2 start_time_unix_nano: u64 as Fixed64,
        /// The time of the value, in nanoseconds since 1970.
        3 time_unix_nano: u64 as Fixed64,
        /// The number of measurements.
        4 count: u64 as Fixed64,
        /// The sum of the measurements.
        5 sum: Option<f64> as OptionalDouble,
        /// The buckets grow by two to the power of two to the power of minus this.
        6 scale: i32 as Sint32,
        /// The number of measurements that count as zero.
        7 zero_count: u64 as Fixed64,
        /// The buckets of positive numbers.
        8 positive: Option<Buckets<'a>> as One<Buckets<'a>>,
        /// The buckets of negative numbers.
        9 negative: Option<Buckets<'a>> as One<Buckets<'a>>,
        /// Flags, such as [`NO_RECORDED_VALUE`].
        10 flags: u32 as Uint32,
        /// Exemplars: single measurements, with their traces.
        11 exemplars: Repeated<'a, Exemplar<'a>> as Many<Exemplar<'a>>,
        /// The smallest measurement.
        12 min: Option<f64> as OptionalDouble,
        /// The largest measurement.
        13 max: Option<f64> as OptionalDouble,
        /// Measurements up to this value count as zero.
        14 zero_threshold: f64 as Double,
    }
}

message! {
    /// Consecutive buckets of an exponential histogram.
    Buckets<'a> {
        /// The index of the first bucket.
        1 offset: i32 as Sint32,
        /// The count of each bucket.
        2 bucket_counts: Packed<'a, VarintNumbers> as ManyNumbers<VarintNumbers>,
    }
}

message! {
    /// A data point of a summary.
    SummaryDataPoint<'a> as Item {
        /// The start of counting, in nanoseconds since 1970; 0 if unknown.
        2 start_time_unix_nano: u64 as Fixed64,
        /// The time of the value, in nanoseconds since 1970.
        3 time_unix_nano: u64 as Fixed64,
        /// The number of measurements.
        4 count: u64 as Fixed64,
        /// The sum of the measurements.
        5 sum: f64 as Double,
        /// The quantiles and their values.
        6 quantile_values: Repeated<'a, ValueAtQuantile> as Many<ValueAtQuantile>,
        /// The attributes (labels) of the series.
        7 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// Flags, such as [`NO_RECORDED_VALUE`].
        8 flags: u32 as Uint32,
    }
}

message! {
    /// A quantile and its value.
    ValueAtQuantile {
        /// The quantile, from 0 (minimum) to 1 (maximum).
        1 quantile: f64 as Double,
        /// The value of the quantile.
        2 value: f64 as Double,
    }
}

message! {
    /// An exemplar: a single measurement.
    Exemplar<'a> {
        /// The time of the value, in nanoseconds since 1970.
        2 time_unix_nano: u64 as Fixed64,
        /// The measured number.
        3 value: ExemplarValue as OneOf<ExemplarValue>,
        /// The id of its span: 8 bytes, or empty.
        4 span_id: &'a [u8] as Id,
        /// The id of its trace: 16 bytes, or empty.
        5 trace_id: &'a [u8] as Id,
        /// Attributes that those of the data point do not have.
        7 filtered_attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
    }
}

oneof! {
    /// The number of an exemplar, of either type.
    ExemplarValue {
        /// A floating-point number.
        3 as_double Double(f64 as Double),
        /// A whole number.
        6 as_int Int(i64 as Sfixed64),
    }
}
