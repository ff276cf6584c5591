//! The engine between a real store and real receivers. What arrives is compared with what the store exports.

mod faults;
mod late;
mod prometheus;
mod sinks;
mod size;
mod summaries;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ktel_delivery::courier::Clock;
use ktel_exporter::credentials::Credentials;
use ktel_exporter::cursor::Cursors;
use ktel_exporter::engine::{Engine, OverHttp, Settings};
use ktel_exporter::plan::{Plan, SinkPlan, Tenant};
use ktel_exporter::report::LaneReport;
use ktel_exporter::source::{Reader, Store, StoreKind};
use ktel_exporter::time::Millis;
use ktel_metricsql::{Matcher, Version};
use ktel_testkit::http::Request;
use ktel_testkit::otlp_series::{Labels, Samples};
use ktel_testkit::victoria_metrics::VictoriaMetrics;
use ktel_testkit::wait;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{self, sink};

/// Ends a hang.
const SOON: Duration = Duration::from_secs(40);
/// The samples are of the ten minutes before an hour ago.
const SPAN: i64 = 600_000;

#[expect(clippy::disallowed_methods, reason = "the store has the time of this machine")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

/// A store with samples of a tenant and of a stranger, and an engine that reads it.
struct Scene {
    store: VictoriaMetrics,
    /// What it has of the tenant.
    stored: Samples,
    engine: Engine,
    runtime: Runtime,
    begin: Millis,
}

impl Scene {
    fn start(series: usize) -> Self {
        let store = VictoriaMetrics::start();
        let url = format!("http://{}", store.address());
        Self::between(store, &url, series)
    }

    /// Reads the store by another address.
    fn between(store: VictoriaMetrics, url: &str, series: usize) -> Self {
        let begin = Millis(i64::try_from(since_1970().as_millis()).expect("a time") - 3_600_000);
        let begin = begin.align_down(Duration::from_secs(60));
        for tenant in ["mine", "theirs"] {
            store.import(&lines(tenant, series, begin.0));
        }
        // A busy store may answer without some of what was just written, and again later.
        let samples = series * usize::try_from(SPAN / 15_000).expect("a number");
        let mut stored = Samples::default();
        wait::until("the store has all samples", SOON, || {
            stored = exported(&store);
            stored.0.len() == samples
        });
        let settings = Settings { window: Duration::from_secs(10), ..Settings::default() };
        let clock = Clock { now: since_1970, jitter: || 0.5 };
        let engine = Engine::new(Arc::new(reader(url)), Arc::new(OverHttp), settings, clock);
        let runtime = runtime();
        Self { store, stored, engine, runtime, begin }
    }

    fn plan(&self, sinks: Vec<SinkPlan>) -> Plan {
        let matchers = vec![Matcher::equal("tenant", "mine").expect("a matcher")];
        let tenant = Tenant { name: "mine".into(), matchers, path: None };
        support::plan(tenant, support::source("{tenant=\"mine\"}", self.begin), sinks)
    }

    fn apply(&self, plan: &Plan, credentials: Vec<Credentials>) {
        let _entered = self.runtime.enter();
        let credentials = credentials.into_iter().map(Arc::new).collect();
        self.engine.apply(Arc::new(plan.clone()), credentials, Cursors::default());
    }

    fn lane(&self, sink: &str) -> Option<LaneReport> {
        let reports = self.engine.reports();
        let mut lanes = reports.iter().flat_map(|report| &report.lanes);
        lanes.find(|lane| lane.sink == sink).cloned()
    }

    /// Waits until a lane has come to the end of the samples; gives what it says.
    #[track_caller]
    fn wait_for(&self, sink: &str) -> LaneReport {
        self.wait_until("all is settled", sink, |lane| {
            lane.cursor.is_some_and(|cursor| cursor.0 > self.begin.0 + SPAN)
        })
    }

    #[track_caller]
    fn wait_until(
        &self,
        what: &str,
        sink: &str,
        is_so: impl Fn(&LaneReport) -> bool,
    ) -> LaneReport {
        let mut last = None;
        let waited = wait::poll(SOON, || {
            last = self.lane(sink);
            last.clone().filter(|lane| is_so(lane)).ok_or(())
        });
        let lane = waited.unwrap_or_else(|()| {
            let sources: Vec<_> = self.engine.reports()[0].sources.clone();
            panic!("{what}: {last:#?} {sources:#?}")
        });
        assert_eq!(lane.points.conservation_error(), 0, "{lane:?}");
        lane
    }
}

/// Reads what a store has of the tenant.
fn exported(store: &VictoriaMetrics) -> Samples {
    let text = store.ask("/api/v1/export", &[("match[]", "{tenant=\"mine\"}")]);
    let mut samples = Samples::default();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("what the store exports");
        let metric = line["metric"].as_object().expect("what the store exports");
        let labels = metric
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().expect("what the store exports")));
        let labels = Labels::new(labels);
        let times = line["timestamps"].as_array().expect("what the store exports").iter();
        for (value, time) in
            line["values"].as_array().expect("what the store exports").iter().zip(times)
        {
            samples.number(
                labels.clone(),
                time.as_i64().expect("what the store exports"),
                value.as_f64().expect("what the store exports"),
            );
        }
    }
    samples
}

/// Reads VictoriaMetrics at an address.
fn reader(url: &str) -> Reader {
    reader_of(StoreKind::VictoriaMetrics(Version::new(1, 145)), url)
}

/// Reads another store.
fn engine_of(kind: StoreKind, url: &str, settings: Settings) -> Engine {
    let clock = Clock { now: since_1970, jitter: || 0.5 };
    Engine::new(Arc::new(reader_of(kind, url)), Arc::new(OverHttp), settings, clock)
}

fn reader_of(kind: StoreKind, url: &str) -> Reader {
    let reader = Reader::new(&Store {
        kind,
        url: url.parse().expect("a URL"),
        authorization: None,
        authorities: None,
        query_bytes_max: 16 * 1024,
    });
    reader.expect("a reader")
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().expect("a runtime")
}

/// Gives samples of ten minutes, each 15 s, as the store imports them.
fn lines(tenant: &str, series: usize, begin: i64) -> String {
    let mut lines = String::new();
    for index in 0..series {
        let metric = json!({"__name__": format!("metric_{}", index % 40), "tenant": tenant,
            "instance": format!("10.0.0.{index}"), "job": "api"});
        let times: Vec<i64> =
            (0..SPAN / 15_000).map(|step| begin + step * 15_000 + index as i64 % 977).collect();
        let values: Vec<f64> =
            times.iter().map(|time| (time % 1000) as f64 * 0.1 + index as f64).collect();
        let line = json!({"metric": metric, "values": values, "timestamps": times});
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    lines
}

/// Reads what was in requests.
fn arrived(requests: &[Request]) -> Samples {
    let mut samples = Samples::default();
    for request in requests {
        let body = match request.header("content-encoding") {
            Some("zstd") => {
                zstd::stream::decode_all(request.wire_body.as_slice()).expect("it answers")
            }
            _ => request.body().expect("it answers"),
        };
        samples.read(&body).expect("it answers");
    }
    samples
}

/// Says that two are equal; shows a few differences.
#[track_caller]
fn same(arrived: &Samples, stored: &Samples, what: &str) {
    assert!(!stored.0.is_empty(), "the store has samples");
    let difference = arrived.difference(stored);
    let shown = &difference[..difference.len().min(5)];
    assert!(difference.is_empty(), "{what}: {} differences: {shown:#?}", difference.len());
}
