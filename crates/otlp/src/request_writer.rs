//! Writes a request from front to back into one buffer, item by item.

use std::marker::PhantomData;

use crate::codec::append_element;
use crate::common::{InstrumentationScope, Resource};
use crate::element::{Codec, Element};
use crate::logs::{LogsData, ResourceLogs, ScopeLogs};
use crate::metrics::{AggregationTemporality, Gauge, Metric, MetricData, Sum};
use crate::signal::{Logs, Metrics, SignalKind, Traces};
use crate::wire::{self, OpenMessage, put_bytes};

/// Resource, scope, metric, and what the metric's kind is.
const LEVELS: usize = 4;
const RESOURCE: usize = 0;
const SCOPE: usize = 1;
const METRIC: usize = 2;

/// What resources and scopes are guessed to have: 16 KiB to 2 MiB have a length of the same width.
const LARGE_GUESS: usize = 1 << 16;
/// What metrics are guessed to have: 128 B to 16 KiB.
const SMALL_GUESS: usize = 1 << 10;

/// A request that is being written: resources, scopes within them, and log records, spans or metrics
/// within those.
///
/// All goes into one buffer; what is open is closed when the next one begins. Every length is put where it
/// belongs when its message ends: nothing is allocated for a level, and content is moved only where a
/// message is much longer or shorter than most.
///
/// ```
/// use ktel_otlp::{Attributes, Limits, LogRecord, LogsData, LogsWriter, Resource};
///
/// let mut attributes = Attributes::new();
/// attributes.push("service.name", "shop");
/// let mut request = LogsWriter::new();
/// request.resource(&Resource { attributes: attributes.view(), ..Resource::default() }, "");
/// request.push(&LogRecord { body: Some("hello".into()), ..LogRecord::default() });
/// let bytes = request.finish();
///
/// let data = LogsData::read(&bytes, &Limits::default())?;
/// let logs = data.resource_logs.iter().next().unwrap();
/// assert_eq!(logs.scope_logs.iter().flat_map(|scope| scope.log_records).count(), 1);
/// # Ok::<(), ktel_otlp::Error>(())
/// ```
#[derive(Debug)]
pub struct RequestWriter<S> {
    pub(crate) out: Vec<u8>,
    open: [OpenMessage; LEVELS],
    /// Where each open message begins, and how many items there were before it.
    began: [(usize, usize); LEVELS],
    depth: usize,
    pub(crate) items: usize,
    signal: PhantomData<S>,
}

/// Writes logs.
pub type LogsWriter = RequestWriter<Logs>;
/// Writes metrics.
pub type MetricsWriter = RequestWriter<Metrics>;
/// Writes traces.
pub type TracesWriter = RequestWriter<Traces>;

impl<S: SignalKind> RequestWriter<S> {
    /// Begins a request.
    #[must_use]
    pub fn new() -> Self {
        Self::after(Vec::new())
    }

    /// Begins a request behind what is in a buffer already, such as the frame of gRPC.
    #[must_use]
    pub fn after(out: Vec<u8>) -> Self {
        let (open, began) = (Default::default(), Default::default());
        Self { out, open, began, depth: 0, items: 0, signal: PhantomData }
    }

    /// Begins a resource.
    pub fn resource(&mut self, resource: &Resource<'_>, schema_url: &str) -> &mut Self {
        self.close(RESOURCE);
        // The numbers are the same for all signals.
        self.begin(LogsData::resource_logs, LARGE_GUESS);
        append_element(resource, ResourceLogs::resource, &mut self.out);
        self.schema_url(ResourceLogs::schema_url, schema_url);
        self
    }

    /// Begins a scope of the resource, or of an unknown one.
    pub fn scope(&mut self, scope: &InstrumentationScope<'_>, schema_url: &str) -> &mut Self {
        self.begin_scope();
        append_element(scope, ScopeLogs::scope, &mut self.out);
        self.schema_url(ScopeLogs::schema_url, schema_url);
        self
    }

    /// Adds a log record, a span or a whole metric to the scope, or to an unknown one.
    pub fn push(&mut self, item: &S::Item<'_>) -> &mut Self {
        self.in_scope();
        append_element(item, ScopeLogs::log_records, &mut self.out);
        self.items += 1;
        self
    }

    /// Adds the same if the request stays within a length.
    #[must_use = "what does not fit has to go elsewhere"]
    pub fn push_within(&mut self, item: &S::Item<'_>, length_max: usize) -> bool {
        self.in_scope();
        let before = self.out.len();
        append_element(item, ScopeLogs::log_records, &mut self.out);
        self.keep_within(before, length_max)
    }

    /// Says how long the buffer is if the request ends here.
    #[must_use]
    pub fn len(&self) -> usize {
        let mut moved = 0_isize;
        for open in self.open.iter().take(self.depth).rev() {
            let content = (self.out.len() - open.content).strict_add_signed(moved);
            let needed = wire::varint_length(content as u64);
            moved += needed.cast_signed() - open.width.cast_signed();
        }
        self.out.len().strict_add_signed(moved)
    }

    /// Says whether there is no log record, span or data point yet: such a request should not be sent.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// Says how many log records, spans, whole metrics and single data points were added.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.items
    }

    /// Takes back the open resource, scope and metric, as far as nothing was added to them.
    ///
    /// What did not fit leaves its metric empty behind, if it was to be the first in it.
    pub fn take_back_empty(&mut self) -> &mut Self {
        while let Some(&(start, items)) =
            self.began.get(..self.depth).and_then(<[(usize, usize)]>::last)
            && items == self.items
        {
            self.out.truncate(start);
            self.depth -= 1;
        }
        self
    }

    /// Ends the request.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.close(0);
        self.out
    }

    fn begin(&mut self, number: u32, guess: usize) {
        self.began[self.depth] = (self.out.len(), self.items);
        self.open[self.depth] = wire::open(&mut self.out, number, guess);
        self.depth += 1;
    }

    fn close(&mut self, depth: usize) {
        while self.depth > depth {
            self.depth -= 1;
            wire::close(&mut self.out, self.open[self.depth]);
        }
    }

    fn in_scope(&mut self) {
        self.close(METRIC);
        if self.depth < METRIC {
            self.begin_scope();
        }
    }

    fn begin_scope(&mut self) {
        self.close(SCOPE);
        if self.depth == RESOURCE {
            self.begin(LogsData::resource_logs, LARGE_GUESS);
        }
        self.begin(ResourceLogs::scope_logs, LARGE_GUESS);
    }

    fn schema_url(&mut self, number: u32, schema_url: &str) {
        if !schema_url.is_empty() {
            put_bytes(&mut self.out, number, schema_url.as_bytes());
        }
    }

    /// Counts what was just written, or takes it back.
    fn keep_within(&mut self, before: usize, length_max: usize) -> bool {
        let kept = self.len() <= length_max;
        if kept {
            self.items += 1;
        } else {
            self.out.truncate(before);
        }
        kept
    }
}

impl<S: SignalKind> Default for RequestWriter<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// The data points of a metric that is being written.
///
/// It may be dropped at any time; [`RequestWriter::gauge`] and the like begin the next metric.
#[derive(Debug)]
pub struct PointsWriter<'w, P> {
    pub(crate) request: &'w mut RequestWriter<Metrics>,
    kind: PhantomData<P>,
}

impl<P: PointKind> PointsWriter<'_, P> {
    /// Adds a data point.
    pub fn push(&mut self, point: &P::Point<'_>) -> &mut Self {
        append_element(point, Gauge::data_points, &mut self.request.out);
        self.request.items += 1;
        self
    }

    /// Adds a data point if the request stays within a length.
    #[must_use = "what does not fit has to go elsewhere"]
    pub fn push_within(&mut self, point: &P::Point<'_>, length_max: usize) -> bool {
        let before = self.request.out.len();
        append_element(point, Gauge::data_points, &mut self.request.out);
        self.request.keep_within(before, length_max)
    }
}

/// The kinds of data points.
pub trait PointKind {
    /// A data point of this kind.
    type Point<'a>: Element<'a>;
}

/// Declares kinds of data points.
macro_rules! points {
    ($($(#[$doc:meta])* $name:ident: $point:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl PointKind for $name {
            type Point<'a> = crate::metrics::$point<'a>;
        }
    )* };
}

points! {
    /// The data points of gauges and sums.
    NumberPoints: NumberDataPoint;
    /// The data points of histograms.
    HistogramPoints: HistogramDataPoint;
    /// The data points of exponential histograms.
    ExponentialHistogramPoints: ExponentialHistogramDataPoint;
    /// The data points of summaries.
    SummaryPoints: SummaryDataPoint;
}

impl RequestWriter<Metrics> {
    /// Begins a gauge; of the metric, all but its data is written.
    pub fn gauge(&mut self, metric: &Metric<'_>) -> PointsWriter<'_, NumberPoints> {
        self.points(metric, MetricData::gauge)
    }

    /// Begins a sum.
    pub fn sum(
        &mut self,
        metric: &Metric<'_>,
        temporality: AggregationTemporality,
        is_monotonic: bool,
    ) -> PointsWriter<'_, NumberPoints> {
        let points = self.points(metric, MetricData::sum);
        let head = Sum { aggregation_temporality: temporality, is_monotonic, ..Sum::default() };
        head.append(&mut points.request.out);
        points
    }

    /// Begins a histogram.
    pub fn histogram(
        &mut self,
        metric: &Metric<'_>,
        temporality: AggregationTemporality,
    ) -> PointsWriter<'_, HistogramPoints> {
        self.points(metric, MetricData::histogram).counted(temporality)
    }

    /// Begins an exponential histogram.
    pub fn exponential_histogram(
        &mut self,
        metric: &Metric<'_>,
        temporality: AggregationTemporality,
    ) -> PointsWriter<'_, ExponentialHistogramPoints> {
        self.points(metric, MetricData::exponential_histogram).counted(temporality)
    }

    /// Begins a summary.
    pub fn summary(&mut self, metric: &Metric<'_>) -> PointsWriter<'_, SummaryPoints> {
        self.points(metric, MetricData::summary)
    }

    fn points<P>(&mut self, metric: &Metric<'_>, kind: u32) -> PointsWriter<'_, P> {
        self.in_scope();
        self.begin(ScopeLogs::log_records, SMALL_GUESS);
        Metric { data: MetricData::Empty, ..*metric }.append(&mut self.out);
        self.begin(kind, SMALL_GUESS);
        PointsWriter { request: self, kind: PhantomData }
    }
}

impl<P> PointsWriter<'_, P> {
    /// Writes since when is counted; the number is that of sums for all kinds.
    fn counted(self, temporality: AggregationTemporality) -> Self {
        let out = &mut self.request.out;
        crate::codec::Enum::append(&temporality, Sum::aggregation_temporality, out);
        self
    }
}
