//! Metrics.

use crate::codec::{
    Always, Bool, Double, Enum, Fixed64, Id, One, OneOf, OptionalDouble, Sfixed64, Sint32, Text,
    Uint32,
};
use crate::common::{InstrumentationScope, KeyValue, Resource};
use crate::element::{message, oneof};
use crate::open_enum::open_enum;
use crate::repeated::{
    DoubleNumbers, FixedNumbers, Many, ManyNumbers, Packed, Repeated, VarintNumbers,
};

/// The flag of a data point that has no value: the series has ended, or was not seen this time.
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
        /// Its name.
        1 name: &'a str as Text,
        /// What it measures.
        2 description: &'a str as Text,
        /// Its unit, as UCUM writes it.
        3 unit: &'a str as Text,
        /// Its kind, and its data points.
        5 data: MetricData<'a> as OneOf<MetricData<'a>>,
        /// What else is known of it, such as its type in Prometheus.
        12 metadata: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
    }
}

oneof! {
    /// The kinds of a metric.
    MetricData<'a> {
        /// What is measured now.
        5 gauge Gauge(Gauge<'a> as Always<Gauge<'a>>),
        /// What was counted.
        7 sum Sum(Sum<'a> as Always<Sum<'a>>),
        /// How what was measured is distributed, in buckets that are given.
        9 histogram Histogram(Histogram<'a> as Always<Histogram<'a>>),
        /// How what was measured is distributed, in buckets that grow.
        10 exponential_histogram ExponentialHistogram(
            ExponentialHistogram<'a> as Always<ExponentialHistogram<'a>>
        ),
        /// Quantiles, as Prometheus has them.
        11 summary Summary(Summary<'a> as Always<Summary<'a>>),
    }
}

message! {
    /// What is measured now.
    Gauge<'a> {
        /// The data points.
        1 data_points: Repeated<'a, NumberDataPoint<'a>> as Many<NumberDataPoint<'a>>,
    }
}

message! {
    /// What was counted.
    Sum<'a> {
        /// The data points.
        1 data_points: Repeated<'a, NumberDataPoint<'a>> as Many<NumberDataPoint<'a>>,
        /// Since when it is counted.
        2 aggregation_temporality: AggregationTemporality as Enum<AggregationTemporality>,
        /// Whether it only grows.
        3 is_monotonic: bool as Bool,
    }
}

message! {
    /// How what was measured is distributed, in buckets that are given.
    Histogram<'a> {
        /// The data points.
        1 data_points: Repeated<'a, HistogramDataPoint<'a>> as Many<HistogramDataPoint<'a>>,
        /// Since when it is counted.
        2 aggregation_temporality: AggregationTemporality as Enum<AggregationTemporality>,
    }
}

message! {
    /// How what was measured is distributed, in buckets that grow.
    ExponentialHistogram<'a> {
        /// The data points.
        1 data_points: Repeated<'a, ExponentialHistogramDataPoint<'a>>
            as Many<ExponentialHistogramDataPoint<'a>>,
        /// Since when it is counted.
        2 aggregation_temporality: AggregationTemporality as Enum<AggregationTemporality>,
    }
}

message! {
    /// Quantiles, as Prometheus has them.
    Summary<'a> {
        /// The data points.
        1 data_points: Repeated<'a, SummaryDataPoint<'a>> as Many<SummaryDataPoint<'a>>,
    }
}

open_enum! {
    /// Since when something is counted.
    AggregationTemporality {
        /// Not known.
        UNSPECIFIED = 0,
        /// Since the last time that it was reported.
        DELTA = 1,
        /// Since a start that stays the same.
        CUMULATIVE = 2,
    }
}

message! {
    /// A number at a time.
    NumberDataPoint<'a> as Item {
        /// Since when, in nanoseconds since 1970; 0 is unknown.
        2 start_time_unix_nano: u64 as Fixed64,
        /// When, in nanoseconds since 1970.
        3 time_unix_nano: u64 as Fixed64,
        /// The number.
        4 value: NumberValue as OneOf<NumberValue>,
        /// Examples of what was measured.
        5 exemplars: Repeated<'a, Exemplar<'a>> as Many<Exemplar<'a>>,
        /// What is measured.
        7 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// See [`NO_RECORDED_VALUE`].
        8 flags: u32 as Uint32,
    }
}

oneof! {
    /// The number of a data point.
    NumberValue {
        /// A floating-point number.
        4 as_double Double(f64 as Double),
        /// A whole number.
        6 as_int Int(i64 as Sfixed64),
    }
}

message! {
    /// A distribution at a time.
    HistogramDataPoint<'a> as Item {
        /// Since when, in nanoseconds since 1970; 0 is unknown.
        2 start_time_unix_nano: u64 as Fixed64,
        /// When, in nanoseconds since 1970.
        3 time_unix_nano: u64 as Fixed64,
        /// How many were measured.
        4 count: u64 as Fixed64,
        /// Their sum.
        5 sum: Option<f64> as OptionalDouble,
        /// How many are in each bucket: one more than there are bounds, or none.
        6 bucket_counts: Packed<'a, FixedNumbers> as ManyNumbers<FixedNumbers>,
        /// The upper bounds of all buckets but the last, which has none.
        7 explicit_bounds: Packed<'a, DoubleNumbers> as ManyNumbers<DoubleNumbers>,
        /// Examples of what was measured.
        8 exemplars: Repeated<'a, Exemplar<'a>> as Many<Exemplar<'a>>,
        /// What is measured.
        9 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// See [`NO_RECORDED_VALUE`].
        10 flags: u32 as Uint32,
        /// The smallest.
        11 min: Option<f64> as OptionalDouble,
        /// The largest.
        12 max: Option<f64> as OptionalDouble,
    }
}

message! {
    /// A distribution at a time, in buckets that grow.
    ExponentialHistogramDataPoint<'a> as Item {
        /// What is measured.
        1 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// Since when, in nanoseconds since 1970; 0 is unknown.
        2 start_time_unix_nano: u64 as Fixed64,
        /// When, in nanoseconds since 1970.
        3 time_unix_nano: u64 as Fixed64,
        /// How many were measured.
        4 count: u64 as Fixed64,
        /// Their sum.
        5 sum: Option<f64> as OptionalDouble,
        /// The buckets grow by two to the power of two to the power of minus this.
        6 scale: i32 as Sint32,
        /// How many are as good as zero.
        7 zero_count: u64 as Fixed64,
        /// The buckets of positive numbers.
        8 positive: Option<Buckets<'a>> as One<Buckets<'a>>,
        /// The buckets of negative numbers.
        9 negative: Option<Buckets<'a>> as One<Buckets<'a>>,
        /// See [`NO_RECORDED_VALUE`].
        10 flags: u32 as Uint32,
        /// Examples of what was measured.
        11 exemplars: Repeated<'a, Exemplar<'a>> as Many<Exemplar<'a>>,
        /// The smallest.
        12 min: Option<f64> as OptionalDouble,
        /// The largest.
        13 max: Option<f64> as OptionalDouble,
        /// What is not larger counts as zero.
        14 zero_threshold: f64 as Double,
    }
}

message! {
    /// Buckets of an exponential histogram that follow one another.
    Buckets<'a> {
        /// The index of the first.
        1 offset: i32 as Sint32,
        /// How many are in each.
        2 bucket_counts: Packed<'a, VarintNumbers> as ManyNumbers<VarintNumbers>,
    }
}

message! {
    /// Quantiles at a time.
    SummaryDataPoint<'a> as Item {
        /// Since when, in nanoseconds since 1970; 0 is unknown.
        2 start_time_unix_nano: u64 as Fixed64,
        /// When, in nanoseconds since 1970.
        3 time_unix_nano: u64 as Fixed64,
        /// How many were measured.
        4 count: u64 as Fixed64,
        /// Their sum.
        5 sum: f64 as Double,
        /// The quantiles.
        6 quantile_values: Repeated<'a, ValueAtQuantile> as Many<ValueAtQuantile>,
        /// What is measured.
        7 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// See [`NO_RECORDED_VALUE`].
        8 flags: u32 as Uint32,
    }
}

message! {
    /// A quantile.
    ValueAtQuantile {
        /// Which one: from 0 to 1.
        1 quantile: f64 as Double,
        /// Its value.
        2 value: f64 as Double,
    }
}

message! {
    /// An example of what was measured.
    Exemplar<'a> {
        /// When, in nanoseconds since 1970.
        2 time_unix_nano: u64 as Fixed64,
        /// The number.
        3 value: ExemplarValue as OneOf<ExemplarValue>,
        /// The span that it was measured in: 8 bytes, or none.
        4 span_id: &'a [u8] as Id,
        /// The trace that it was measured in: 16 bytes, or none.
        5 trace_id: &'a [u8] as Id,
        /// What is known of it that the attributes of its data point leave out.
        7 filtered_attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
    }
}

oneof! {
    /// The number of an exemplar.
    ExemplarValue {
        /// A floating-point number.
        3 as_double Double(f64 as Double),
        /// A whole number.
        6 as_int Int(i64 as Sfixed64),
    }
}
