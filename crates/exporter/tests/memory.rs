//! The bound of memory, as the system sees it: a store that is much larger than it is shipped, with all that takes memory.
//!
//! It is a process of its own, so that nothing else is measured.

use std::sync::Arc;
use std::time::Duration;

use ktel_delivery::courier::Clock;
use ktel_delivery::verdict::Verdict;
use ktel_exporter::credentials::Credentials;
use ktel_exporter::cursor::Cursors;
use ktel_exporter::engine::{Connects, Engine, Later, Query, Reads, Sends, Settings};
use ktel_exporter::plan::{
    BatchPlan, Compression, LateData, Plan, RatePlan, SinkPlan, SourcePlan, Temporality, Tenant,
};
use ktel_exporter::settings::TenantLimits;
use ktel_exporter::sink::{Judgement, Outcome, SetupError, Shared};
use ktel_exporter::slice::{Sample, Slice, SliceBuilder};
use ktel_exporter::source::{Cuts, Metadata, MetricKind, MetricMetadata, Part, ReadError, Seen};
use ktel_exporter::time::{Millis, Window};
use tokio::time::{Instant, sleep};

#[cfg(test)]
#[path = "support/plans.rs"]
mod support;

const BEGIN: i64 = 1_800_000_000_000;
const SERIES: usize = 60_000;
/// The least that settings allow.
const BOUND: usize = 16 << 20;

thread_local! {
    static STARTED: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) };
}

fn now() -> Duration {
    let started = STARTED.with(|started| match started.get() {
        Some(at) => at,
        None => {
            started.set(Some(Instant::now()));
            Instant::now()
        }
    });
    Duration::from_millis(BEGIN.unsigned_abs()) + started.elapsed()
}

/// One counter with very many series, a sample each 15 s, and metadata of very many metrics. It holds none of it.
#[derive(Debug)]
struct Endless;

impl Reads for Endless {
    fn read<'a>(
        &'a self,
        _: &'a Tenant,
        query: Query<'a>,
        window: Window,
        bytes_max: usize,
    ) -> Later<'a, Result<Slice, ReadError>> {
        let none = Cuts::default();
        let cuts = if let Query::Cut(_, cuts) = query { cuts } else { &none };
        let mut builder = SliceBuilder::new();
        for index in 0..SERIES {
            let pod = format!("pod-{index:07}");
            if !cuts.hold(|label| if label == "pod" { pod.as_str() } else { "" }) {
                continue;
            }
            builder.begin();
            for (name, value) in
                [("__name__", "requests_total"), ("job", "api"), ("pod", pod.as_str())]
            {
                builder.label(name, value);
            }
            let first = window.start.0.div_euclid(15_000) * 15_000;
            for time in (first..window.end.0).step_by(15_000).map(Millis) {
                if window.contains(time) {
                    builder.sample(Sample { time, value: (time.0 / 15_000) as f64 });
                }
            }
            builder.end();
            if builder.bytes() > bytes_max {
                let seen = Seen::of(&builder);
                return Box::pin(std::future::ready(Err(ReadError::TooLarge { bytes_max, seen })));
            }
        }
        Box::pin(std::future::ready(Ok(builder.finish())))
    }

    fn families<'a>(
        &'a self,
        _: &'a Tenant,
        _: &'a Part,
        _: Window,
    ) -> Later<'a, Result<Vec<String>, ReadError>> {
        Box::pin(std::future::ready(Ok(vec![String::new(), "requests_total".to_owned()])))
    }

    fn metadata<'a>(
        &'a self,
        _: &'a Tenant,
        bytes_max: usize,
    ) -> Later<'a, Result<Metadata, ReadError>> {
        let one = MetricMetadata {
            kind: MetricKind::Counter,
            help: "h".repeat(60),
            ..MetricMetadata::default()
        };
        let metrics = (0..bytes_max / 400).map(|index| (format!("metric_{index}"), one.clone()));
        let own = std::iter::once(("requests_total".to_owned(), one.clone()));
        Box::pin(std::future::ready(Ok(metrics.chain(own).collect())))
    }

    fn count<'a>(
        &'a self,
        _: &'a Tenant,
        _: &'a Part,
        _: &'a Cuts,
        _: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        Box::pin(std::future::ready(Ok(0)))
    }

    fn series<'a>(
        &'a self,
        _: &'a Tenant,
        _: &'a Part,
        _: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        Box::pin(std::future::ready(Ok(SERIES as u64)))
    }

    fn now(&self) -> Later<'_, Result<Millis, ReadError>> {
        let now = i64::try_from(now().as_millis()).expect("a time");
        Box::pin(std::future::ready(Ok(Millis(now))))
    }
}

/// A sink that takes a while, so that requests are held.
#[derive(Debug)]
struct Slow;

impl Sends for Slow {
    fn send<'a>(&'a self, batch: &'a Shared, _: Duration) -> Later<'a, Outcome> {
        Box::pin(async move {
            let bytes = batch.compressed(Compression::Gzip).len();
            sleep(Duration::from_millis(100)).await;
            let judgement = Judgement::By(Verdict::Accepted);
            Outcome { status: Some(200), judgement, took: Duration::from_millis(100), bytes }
        })
    }
}

impl Connects for Slow {
    fn connect(&self, _: &SinkPlan, _: &Credentials) -> Result<Arc<dyn Sends>, SetupError> {
        Ok(Arc::new(Self))
    }
}

fn plan() -> Plan {
    let source = SourcePlan {
        lag_min: Duration::from_secs(15),
        late_data: LateData::Repair,
        ..support::source("{tenant=\"t\"}", Millis(BEGIN))
    };
    let to = support::sink("differences", "https://example.com");
    let sink = SinkPlan {
        batch: BatchPlan { points_max: 5000, bytes_max: 1 << 20, ..to.batch },
        temporality: Temporality::Delta,
        rate: RatePlan { in_flight_max: 2, ..to.rate },
        ..to
    };
    // The state of all differences is more than memory: this one gets everything nevertheless.
    let temporality = Temporality::Cumulative;
    let all = SinkPlan { name: "all".into(), temporality, ..sink.clone() };
    let tenant = Tenant { name: "t".into(), matchers: Vec::new(), path: None };
    support::plan(tenant, source, vec![sink, all])
}

/// The most memory that this process ever had.
fn peak_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
}

#[tokio::test(start_paused = true)]
async fn memory_stays_within_its_bound_whatever_is_shipped() {
    let tenant = TenantLimits { bytes_per_second: u64::MAX / 2, ..TenantLimits::default() };
    let window = Duration::from_secs(30);
    let settings = Settings { memory_bytes: BOUND, window, tenant, ..Settings::default() };
    let clock = Clock { now, jitter: || 0.5 };
    let engine = Engine::new(Arc::new(Endless), Arc::new(Slow), settings, clock);
    let before = peak_bytes();
    engine.apply(Arc::new(plan()), vec![Arc::default(); 2], Cursors::default());
    let until = Millis(BEGIN) + Duration::from_secs(30);
    let done = |engine: &Engine| {
        let reports = engine.reports();
        let mut lanes = reports.iter().flat_map(|report| &report.lanes).peekable();
        lanes.peek().is_some() && lanes.all(|lane| lane.cursor >= Some(until))
    };
    let (mut kept_most, begun) = (0, Instant::now());
    while !done(&engine) {
        sleep(Duration::from_secs(1)).await;
        let (kept, most) = engine.memory_kept();
        let ((reading, sending), limits) = (engine.memory_used(), engine.memory_limits());
        assert!(kept <= most && reading <= limits.0 && sending <= limits.1);
        assert!(most + limits.0 + limits.1 <= BOUND);
        kept_most = kept_most.max(kept);
        assert!(begun.elapsed() < Duration::from_secs(1800), "{:?}", engine.reports());
    }
    assert!(kept_most > 1 << 20, "differences and metadata are accounted for: {kept_most}");
    let report = engine.reports()[0].clone();
    assert!(report.lanes.iter().all(|lane| lane.points.conservation_error() == 0));
    let all = &report.lanes[1];
    assert!(all.points.acknowledged >= 2 * SERIES as u64, "{all:?}");
    assert_eq!((all.points.dropped, all.points.rejected), (0, 0));
    let grown = peak_bytes() - before;
    // Beside what is accounted for there are the runtime, and what the allocator does not give back.
    assert!(grown < BOUND + (8 << 20), "{grown} bytes for a bound of {BOUND}");
}
