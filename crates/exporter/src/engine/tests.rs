//! The engine beside a store and sinks in memory, in simulated time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktel_delivery::courier::Clock;
use ktel_delivery::verdict::{Hold, Trouble, Verdict};
use ktel_testkit::otlp_series::{Labels, Samples};
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
use crate::source::{Cut, Cuts, Evaluation, Metadata, Part, ReadError};
use crate::time::{Millis, Window};

mod differences;
mod late;
mod outage;
mod plans;
mod sinks;
mod size;

/// The simulation begins at a minute.
const BEGIN: i64 = 1_800_000_000_000;
const HOUR: Duration = Duration::from_secs(3600);
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
    /// How many names they share.
    names: AtomicUsize,
    /// They differ by `le` only, as the buckets of one histogram.
    alike: std::sync::atomic::AtomicBool,
    /// Types of metrics.
    metadata: Mutex<Metadata>,
    /// What the next reads give instead.
    faults: Mutex<Vec<ReadError>>,
    is_down: Mutex<bool>,
    reads: AtomicUsize,
    /// Samples that came late.
    late: Mutex<Vec<Late>>,
}

/// The samples of a series in some time, which came at a moment.
#[derive(Debug, Clone, Copy)]
struct Late {
    series: usize,
    window: Window,
    came: Millis,
}

impl MemoryStore {
    fn new(series: usize) -> Arc<Self> {
        Arc::new(Self {
            series,
            names: AtomicUsize::new(50),
            alike: std::sync::atomic::AtomicBool::new(false),
            metadata: Mutex::default(),
            faults: Mutex::default(),
            is_down: Mutex::new(false),
            reads: AtomicUsize::new(0),
            late: Mutex::default(),
        })
    }

    /// Gives what was there at a moment. Above `bytes_max` it stops.
    fn slice(
        &self,
        tenant: &str,
        wanted: Wanted<'_>,
        bytes_max: usize,
        at: Millis,
    ) -> SliceBuilder {
        let mut builder = SliceBuilder::new();
        let late = self.late.lock().unwrap().clone();
        let names: Vec<String> = (0..50).map(|index| self.name(index)).collect();
        for index in 0..self.series {
            let name = &names[index % self.names.load(Ordering::Relaxed)];
            let instance = format!("instance-{index}");
            if !wanted.has(name, &instance) {
                continue;
            }
            let own: Vec<&Late> = late.iter().filter(|late| late.series == index).collect();
            builder.begin();
            builder.label("__name__", name);
            let label = if self.alike.load(Ordering::Relaxed) { "le" } else { "instance" };
            builder.label(label, &instance);
            builder.label("tenant", tenant);
            let first = wanted.window.start.0.div_euclid(INTERVAL) * INTERVAL;
            for time in (first..wanted.window.end.0).step_by(INTERVAL.unsigned_abs() as usize) {
                let time = Millis(time);
                let has_come =
                    own.iter().all(|late| !late.window.contains(time) || late.came <= at);
                if wanted.window.contains(time) && has_come {
                    builder.sample(Sample { time, value: value(index, time) });
                }
            }
            builder.end();
            if builder.bytes() > bytes_max {
                break;
            }
        }
        builder
    }

    fn name(&self, index: usize) -> String {
        format!("metric_{:03}", index % self.names.load(Ordering::Relaxed))
    }
}

/// The value of a series at a time. It begins anew now and then.
fn value(index: usize, time: Millis) -> f64 {
    (time.0 / INTERVAL % 1000) as f64 + index as f64
}

/// What a read of the store in memory wants.
#[derive(Debug, Clone, Copy)]
struct Wanted<'w> {
    families: Option<&'w [String]>,
    cuts: Option<&'w Cuts>,
    window: Window,
}

impl Wanted<'_> {
    fn has(&self, name: &str, instance: &str) -> bool {
        let value = |label: &str| if label == "instance" { instance } else { "" };
        self.families.is_none_or(|families| families.iter().any(|family| family == name))
            && self.cuts.is_none_or(|cuts| cuts.hold(value))
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
            let (part, cuts) = match query {
                Query::Raw(part) => (part, None),
                Query::Cut(part, cuts) => (part, Some(cuts)),
                Query::Expression(evaluation) => {
                    return Ok(evaluated(&tenant.name, evaluation, window));
                }
            };
            let wanted = Wanted { families: part.families.as_deref(), cuts, window };
            let builder = self.slice(&tenant.name, wanted, bytes_max, now_millis());
            if builder.bytes() > bytes_max {
                let cut = Cut::choose(builder.series()).map(Box::new);
                return Err(ReadError::TooLarge { bytes_max, cut });
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
        let names = self.series.min(self.names.load(Ordering::Relaxed));
        let names = (0..names).map(|index| self.name(index)).collect();
        Box::pin(std::future::ready(Ok(names)))
    }

    fn metadata<'a>(&'a self, _: &'a Tenant, _: usize) -> Later<'a, Result<Metadata, ReadError>> {
        Box::pin(std::future::ready(Ok(self.metadata.lock().unwrap().clone())))
    }

    fn count<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        cuts: &'a Cuts,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        let wanted = Wanted { families: part.families.as_deref(), cuts: Some(cuts), window };
        let found = self.slice(&tenant.name, wanted, usize::MAX, now_millis());
        let count = found.finish().samples() as u64;
        Box::pin(std::future::ready(Ok(count)))
    }

    fn now(&self) -> Later<'_, Result<Millis, ReadError>> {
        let down = *self.is_down.lock().unwrap();
        let error = ReadError::Unavailable { message: "down".into() };
        Box::pin(std::future::ready(if down { Err(error) } else { Ok(now_millis()) }))
    }
}

/// The sum of two series that an expression may want, at its instants.
fn evaluated(tenant: &str, evaluation: &Evaluation, window: Window) -> Slice {
    let mut builder = SliceBuilder::new();
    builder.begin();
    builder.label("tenant", tenant);
    let step = i64::try_from(evaluation.step.as_millis()).unwrap();
    let instants = (window.start.0..window.end.0).filter(|time| time % step == 0);
    for time in instants.map(Millis) {
        builder.sample(Sample { time, value: value(0, time) + value(1, time) });
    }
    builder.end();
    builder.finish()
}

/// What a sink does.
type Behaviour = Box<dyn FnMut(&Shared) -> (Duration, Judgement) + Send>;

/// A sink that keeps what it accepted, by the start of the window.
#[derive(Default)]
struct MemorySink {
    behaviour: Mutex<Option<Behaviour>>,
    accepted: Mutex<BTreeMap<Millis, Vec<(u64, u64)>>>,
    /// What was accepted, where a test reads it.
    bodies: Mutex<Option<Vec<bytes::Bytes>>>,
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

    /// Keeps what is accepted from now on.
    fn keep(&self) {
        *self.bodies.lock().unwrap() = Some(Vec::new());
    }

    /// Gives what was kept, sample by sample.
    fn kept(&self) -> Samples {
        let mut samples = Samples::default();
        for body in self.bodies.lock().unwrap().iter().flatten() {
            samples.read(body).unwrap();
        }
        samples
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
                if let Some(bodies) = &mut *sink.bodies.lock().unwrap() {
                    bodies.push(batch.batch().body.clone());
                }
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

fn settings() -> Settings {
    Settings { window: Duration::from_secs(10), ..Settings::default() }
}

struct Scene {
    store: Arc<MemoryStore>,
    sinks: Arc<MemorySinks>,
    engine: Engine,
    settings: Settings,
}

impl Scene {
    fn new(series: usize) -> Self {
        Self::with(series, settings())
    }

    fn with(series: usize, settings: Settings) -> Self {
        STARTED.with(|started| started.set(Some(Instant::now())));
        let (store, sinks) = (MemoryStore::new(series), Arc::new(MemorySinks::default()));
        let engine =
            Engine::new(Arc::clone(&store) as _, Arc::clone(&sinks) as _, settings, clock());
        Self { store, sinks, engine, settings }
    }

    fn apply(&self, plan: &Plan) {
        let none = plan.sinks.iter().map(|_| Arc::default()).collect();
        self.engine.apply(Arc::new(plan.clone()), none, Cursors::default());
    }

    /// Gives all that the store will ever have of a time.
    fn samples(&self, from: Millis, until: Millis) -> Samples {
        let mut samples = Samples::default();
        let window = Window { start: from, end: until };
        let wanted = Wanted { families: None, cuts: None, window };
        let slice = self.store.slice("t", wanted, usize::MAX, Millis(i64::MAX)).finish();
        for series in slice.series() {
            let name = std::iter::once(("__name__", series.name()));
            let labels = Labels::new(name.chain(series.labels()));
            for sample in series.samples {
                samples.number(labels.clone(), sample.time.0, sample.value);
            }
        }
        samples
    }

    /// Begins another engine with the same store and sinks, where the one before was killed.
    fn killed(self, plan: &Plan) -> Self {
        let cursors = Cursors::of(&self.engine.reports()[0]);
        let Self { store, sinks, engine, settings } = self;
        drop(engine);
        let (of_store, of_sinks) = (Arc::clone(&store), Arc::clone(&sinks));
        let engine = Engine::new(of_store, of_sinks, settings, clock());
        let none = plan.sinks.iter().map(|_| Arc::default()).collect();
        engine.apply(Arc::new(plan.clone()), none, cursors);
        Self { store, sinks, engine, settings }
    }

    /// Gives the points of all series in a time.
    fn expected(&self, from: Millis, until: Millis) -> u64 {
        let times = (from.0..until.0).filter(|time| time % INTERVAL == 0).count();
        (times * self.store.series) as u64
    }

    /// Lets time pass; memory stays within its bound and the account even all the time.
    async fn pass(&self, time: Duration) {
        let until = Instant::now() + time;
        // Hours are looked at less closely.
        let step = if time < HOUR { Duration::from_millis(500) } else { Duration::from_secs(10) };
        while Instant::now() < until {
            sleep(step.min(until - Instant::now())).await;
            let (reading, sending) = self.engine.memory_used();
            let (reading_most, sending_most) = self.engine.memory_limits();
            assert!(reading <= reading_most && sending <= sending_most);
            let (kept, kept_most) = self.engine.memory_kept();
            assert!(kept <= kept_most);
            for report in self.engine.reports() {
                for lane in report.all_lanes() {
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
