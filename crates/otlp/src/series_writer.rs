//! Writes the values of a series: data points that differ in their times and their value alone.

use crate::codec::append_element;
use crate::common::KeyValue;
use crate::metrics::{Gauge, NumberDataPoint, NumberValue};
use crate::repeated::Repeated;
use crate::request_writer::{NumberPoints, PointsWriter};
use crate::wire::varint;

/// A value of a series, and its times.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SeriesValue {
    /// The start of counting, in nanoseconds since 1970.
    pub start_time_unix_nano: u64,
    /// The time of the value, in nanoseconds since 1970.
    pub time_unix_nano: u64,
    /// The value.
    pub value: f64,
}

/// The key of a field of eight bytes, and the eight bytes.
const FIELD: usize = 9;

impl PointsWriter<'_, NumberPoints> {
    /// Adds values of one series, as many as the request has room for within a length, and says how many those are.
    ///
    /// The points of a series are equally long: the first is written, and copies of it are changed. The start is
    /// written for all values or for none.
    ///
    /// ```
    /// use ktel_otlp::{Attributes, Metric, MetricsWriter, SeriesValue};
    ///
    /// let mut labels = Attributes::new();
    /// labels.push("job", "api");
    /// let mut request = MetricsWriter::new();
    /// let value = |&(time_unix_nano, value): &(u64, f64)| SeriesValue {
    ///     time_unix_nano,
    ///     value,
    ///     ..SeriesValue::default()
    /// };
    /// let samples = [(1_790_000_000_000_000_000, 7.0), (1_790_000_015_000_000_000, 9.0)];
    /// let metric = Metric { name: "queue", ..Metric::default() };
    /// let written = request.gauge(&metric).push_series(labels.view(), false, &samples, value, 1 << 20);
    /// assert_eq!(written, 2);
    /// ```
    #[must_use = "what does not fit has to go elsewhere"]
    pub fn push_series<T>(
        &mut self,
        attributes: Repeated<'_, KeyValue<'_>>,
        has_start: bool,
        samples: &[T],
        value: impl Fn(&T) -> SeriesValue,
        length_max: usize,
    ) -> usize {
        if samples.is_empty() {
            return 0;
        }
        let begin = self.request.out.len();
        let first = NumberDataPoint {
            // Whatever is not zero: it is replaced.
            start_time_unix_nano: has_start.into(),
            time_unix_nano: 1,
            value: NumberValue::Double(0.0),
            attributes,
            ..NumberDataPoint::default()
        };
        append_element(&first, Gauge::data_points, &mut self.request.out);
        let length = self.request.out.len() - begin;
        let room = length_max.saturating_sub(self.request.len()) / length;
        if self.request.len() > length_max {
            self.request.out.truncate(begin);
            return 0;
        }
        // The lengths that stand before what is open may still grow by some bytes.
        let mut count = samples.len().min(1 + room);
        let out = &mut self.request.out;
        repeat(out, begin, count * length);
        let head = 1 + out.get(begin + 1..).and_then(varint).map_or(1, |(_, width)| width);
        let points = out.get_mut(begin..).unwrap_or_default().chunks_exact_mut(length);
        for (point, sample) in points.zip(samples) {
            let value = value(sample);
            let mut fields = point.get_mut(head..).unwrap_or_default();
            if has_start {
                fields = put(fields, value.start_time_unix_nano);
            }
            fields = put(fields, value.time_unix_nano);
            put(fields, value.value.to_bits());
        }
        while count > 0 && self.request.len() > length_max {
            count -= 1;
            self.request.out.truncate(begin + count * length);
        }
        self.request.items += count;
        count
    }
}

/// Repeats what stands from a place on, until it has a length.
fn repeat(out: &mut Vec<u8>, begin: usize, length: usize) {
    out.reserve((begin + length).saturating_sub(out.len()));
    while out.len() - begin < length {
        let more = (out.len() - begin).min(length - (out.len() - begin));
        out.extend_from_within(begin..begin + more);
    }
}

/// Changes the number of a field of eight bytes; gives what follows it.
fn put(fields: &mut [u8], bits: u64) -> &mut [u8] {
    let Some((field, rest)) = fields.split_first_chunk_mut::<FIELD>() else { return &mut [] };
    field[1..].copy_from_slice(&bits.to_le_bytes());
    rest
}
