//! The engine beside a store and sinks in memory, in simulated time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktel_delivery::courier::Clock;
use ktel_delivery::verdict::{Hold, Trouble, Verdict};
use tokio::time::{Instant, sleep};

use super::{Connects, Engine, Later, Query, Reads, Sends, Settings};
use crate::credentials::Credentials;
use crate::cursor::Cursors;
use crate::plan::{
    Accepts, Authentication, BatchPlan, Compression, Egress, ExporterId, LateData, OnExhausted,
    Plan, RatePlan, RetryPlan, Selection, SinkPlan, SourcePlan, Temporality, Tenant, TlsPlan,
};
use crate::report::LaneState;
use crate::sink::{Judgement, Outcome, SetupError, Shared};
use crate::slice::{Sample, Slice, SliceBuilder};
use crate::source::{Metadata, Part, ReadError};
use crate::time::{Millis, Window};

mod outage;
mod plans;
mod sinks;

/// The simulation begins at a minute.
const BEGIN: i64 = 1_800_000_000_000;
/// Each series has a sample each 15 s.
const INTERVAL: i64 = 15_000;

thread_local! {
    static STARTED: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) };
}

/// The time of day, as far as the simulation has come.
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

fn now_millis() -> Millis {
    Millis(i64::try_from(now().as_millis()).unwrap())
}

fn clock() -> Clock {
    Clock { now, jitter: || 0.5 }
}

/// A store that has a number of series, with a sample each 15 s since ever.
#[derive(Debug)]
struct MemoryStore {
    series: usize,
    /// What the next reads give instead.
    faults: Mutex<Vec<ReadError>>,
    is_down: Mutex<bool>,
    reads: AtomicUsize,
    /// Samples of each time that were not there when it was read.
    late: AtomicUsize,
}

impl MemoryStore {
    fn new(series: usize) -> Arc<Self> {
        Arc::new(Self {
            series,
            faults: Mutex::default(),
            is_down: Mutex::new(false),
            reads: AtomicUsize::new(0),
            late: AtomicUsize::new(0),
        })
    }

    fn slice(&self, tenant: &str, families: Option<&[String]>, window: Window) -> SliceBuilder {
        let mut builder = SliceBuilder::new();
        for index in 0..self.series {
            let name = format!("metric_{:03}", index % 50);
            if families.is_some_and(|families| !families.contains(&name)) {
                continue;
            }
            builder.begin();
            builder.label("__name__", &name);
            builder.label("tenant", tenant);
            builder.label("instance", &format!("instance-{index}"));
            let first = window.start.0.div_euclid(INTERVAL) * INTERVAL;
            for time in (first..window.end.0).step_by(INTERVAL.unsigned_abs() as usize) {
                if window.contains(Millis(time)) {
                    let value = (time / INTERVAL % 1000) as f64 + index as f64;
                    builder.sample(Sample { time: Millis(time), value });
                }
            }
            builder.end();
        }
        builder
    }
}

impl Reads for MemoryStore {
    fn read<'a>(
        &'a self,
        tenant: &'a Tenant,
        query: Query<'a>,
        window: Window,
        bytes_max: usize,
    ) -> Later<'a, Result<Slice, ReadError>> {
        Box::pin(async move {
            self.reads.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(20)).await;
            assert!(window.end <= now_millis() - Duration::from_secs(15), "it was read too early");
            if *self.is_down.lock().unwrap() {
                return Err(ReadError::Unavailable { message: "down".into() });
            }
            if let Some(fault) = self.faults.lock().unwrap().pop() {
                return Err(fault);
            }
            let Query::Raw(part) = query else { panic!("no expressions here") };
            let builder = self.slice(&tenant.name, part.families.as_deref(), window);
            if builder.bytes() > bytes_max {
                return Err(ReadError::TooLarge { bytes_max });
            }
            Ok(builder.finish())
        })
    }

    fn families<'a>(
        &'a self,
        _: &'a Tenant,
        _: &'a Part,
        _: Window,
    ) -> Later<'a, Result<Vec<String>, ReadError>> {
        let names = (0..self.series.min(50)).map(|index| format!("metric_{index:03}")).collect();
        Box::pin(std::future::ready(Ok(names)))
    }

    fn metadata<'a>(&'a self, _: &'a Tenant) -> Later<'a, Result<Metadata, ReadError>> {
        Box::pin(std::future::ready(Ok(Metadata::default())))
    }

    fn count<'a>(
        &'a self,
        tenant: &'a Tenant,
        _: &'a Part,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        let count = self.slice(&tenant.name, None, window).finish().samples();
        let count = (count + self.late.load(Ordering::Relaxed)) as u64;
        Box::pin(std::future::ready(Ok(count)))
    }

    fn now(&self) -> Later<'_, Result<Millis, ReadError>> {
        let down = *self.is_down.lock().unwrap();
        let error = ReadError::Unavailable { message: "down".into() };
        Box::pin(std::future::ready(if down { Err(error) } else { Ok(now_millis()) }))
    }
}

/// What a sink does.
type Behaviour = Box<dyn FnMut(&Shared) -> (Duration, Judgement) + Send>;

/// A sink that keeps what it accepted, by the start of the window.
#[derive(Default)]
struct MemorySink {
    behaviour: Mutex<Option<Behaviour>>,
    accepted: Mutex<BTreeMap<Millis, Vec<(u64, u64)>>>,
    requests: AtomicUsize,
    under_way: AtomicUsize,
    under_way_most: AtomicUsize,
}

impl std::fmt::Debug for MemorySink {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("MemorySink")
    }
}

impl MemorySink {
    fn behave(&self, behaviour: impl FnMut(&Shared) -> (Duration, Judgement) + Send + 'static) {
        *self.behaviour.lock().unwrap() = Some(Box::new(behaviour));
    }

    fn works(&self) {
        *self.behaviour.lock().unwrap() = None;
    }

    /// Gives the points that were accepted, each batch once.
    fn points(&self) -> u64 {
        let accepted = self.accepted.lock().unwrap();
        let distinct: BTreeSet<_> = accepted.values().flatten().copied().collect();
        distinct.iter().map(|(_, points)| points).sum()
    }

    /// Gives how many batches were accepted more than once.
    fn repeats(&self) -> usize {
        let accepted = self.accepted.lock().unwrap();
        let all: Vec<_> = accepted.values().flatten().copied().collect();
        all.len() - all.iter().collect::<BTreeSet<_>>().len()
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Line(Arc<MemorySink>);

impl Sends for Line {
    fn send<'a>(&'a self, batch: &'a Shared, _: Duration) -> Later<'a, Outcome> {
        Box::pin(async move {
            let sink = &self.0;
            sink.requests.fetch_add(1, Ordering::Relaxed);
            let under_way = sink.under_way.fetch_add(1, Ordering::Relaxed) + 1;
            sink.under_way_most.fetch_max(under_way, Ordering::Relaxed);
            let (took, judgement) = match &mut *sink.behaviour.lock().unwrap() {
                Some(behaviour) => behaviour(batch),
                None => (Duration::from_millis(30), Judgement::By(Verdict::Accepted)),
            };
            sleep(took).await;
            sink.under_way.fetch_sub(1, Ordering::Relaxed);
            if judgement == Judgement::By(Verdict::Accepted) {
                let mut accepted = sink.accepted.lock().unwrap();
                let window = accepted.entry(batch.window().start).or_default();
                window.push((batch.fingerprint(), batch.points()));
            }
            Outcome { status: None, judgement, took, bytes: 0 }
        })
    }
}

/// Sinks by the host of their address.
#[derive(Debug, Default)]
struct MemorySinks(Mutex<BTreeMap<String, Arc<MemorySink>>>);

impl MemorySinks {
    fn get(&self, host: &str) -> Arc<MemorySink> {
        Arc::clone(self.0.lock().unwrap().entry(host.to_owned()).or_default())
    }
}

impl Connects for MemorySinks {
    fn connect(
        &self,
        plan: &SinkPlan,
        credentials: &Credentials,
    ) -> Result<Arc<dyn Sends>, SetupError> {
        if plan.authentication == Authentication::BearerToken && credentials.token.is_none() {
            return Err(SetupError::Incomplete { missing: "token" });
        }
        Ok(Arc::new(Line(self.get(plan.endpoint.host_str().unwrap()))))
    }
}

fn source(name: &str) -> SourcePlan {
    let (ktel_metricsql::Expr::Selector(selector), _) =
        ktel_metricsql::parse("{tenant=\"t\"}").unwrap()
    else {
        panic!("it is a selector")
    };
    SourcePlan {
        name: name.into(),
        selection: Selection::Raw(vec![selector]),
        begin: Millis(BEGIN),
        lag_min: Duration::from_secs(15),
        late_data: LateData::Off,
        backfill: None,
    }
}

fn sink(name: &str, sources: usize) -> SinkPlan {
    SinkPlan {
        name: name.into(),
        sources: (0..sources).collect(),
        endpoint: format!("https://{name}/v1/metrics").parse().unwrap(),
        authentication: Authentication::None,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        tls: TlsPlan::default(),
        egress: Egress::default(),
        compression: Compression::Gzip,
        batch: BatchPlan {
            is_enabled: true,
            timeout: Duration::from_secs(5),
            points_max: 500,
            bytes_max: 1 << 20,
        },
        retry: RetryPlan {
            attempts_max: 3,
            backoff: Duration::from_secs(2),
            backoff_max: Duration::from_secs(60),
            on_exhausted: OnExhausted::Hold,
        },
        temporality: Temporality::Cumulative,
        rate: RatePlan { points_per_second: None, burst: 0, in_flight_max: 8, age_max: None },
        accepts: Accepts::default(),
    }
}

fn plan(name: &str, tenant: &str, sources: Vec<SourcePlan>, sinks: Vec<SinkPlan>) -> Plan {
    Plan {
        id: ExporterId { namespace: tenant.into(), name: name.into(), uid: name.into() },
        generation: 1,
        tenant: Tenant { name: tenant.into(), matchers: Vec::new(), path: None },
        sources,
        sinks,
        is_suspended: false,
    }
}

struct Scene {
    store: Arc<MemoryStore>,
    sinks: Arc<MemorySinks>,
    engine: Engine,
}

impl Scene {
    fn new(series: usize) -> Self {
        STARTED.with(|started| started.set(Some(Instant::now())));
        let (store, sinks) = (MemoryStore::new(series), Arc::new(MemorySinks::default()));
        let settings = Settings { window: Duration::from_secs(10), ..Settings::default() };
        let engine =
            Engine::new(Arc::clone(&store) as _, Arc::clone(&sinks) as _, settings, clock());
        Self { store, sinks, engine }
    }

    fn apply(&self, plan: &Plan) {
        let none = plan.sinks.iter().map(|_| Arc::default()).collect();
        self.engine.apply(Arc::new(plan.clone()), none, Cursors::default());
    }

    /// Gives the points of all series in a time.
    fn expected(&self, from: Millis, until: Millis) -> u64 {
        let times = (from.0..until.0).filter(|time| time % INTERVAL == 0).count();
        (times * self.store.series) as u64
    }

    /// Lets time pass; memory stays within its bound and the account even all the time.
    async fn pass(&self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            sleep(Duration::from_millis(500).min(until - Instant::now())).await;
            let (reading, sending) = self.engine.memory_used();
            let (reading_most, sending_most) = self.engine.memory_limits();
            assert!(reading <= reading_most && sending <= sending_most);
            for report in self.engine.reports() {
                for lane in &report.lanes {
                    assert_eq!(lane.points.conservation_error(), 0, "{lane:?}");
                }
            }
        }
    }

    fn lane(&self, exporter: usize, lane: usize) -> crate::report::LaneReport {
        self.engine.reports()[exporter].lanes[lane].clone()
    }
}

fn retry(trouble: Trouble) -> Judgement {
    Judgement::By(Verdict::retry(trouble, "simulated"))
}

fn held() -> Judgement {
    Judgement::By(Verdict::held(Hold::Unauthorized, "simulated"))
}
