//! The exporter of `ktel demo`: the engine of `ktel exporter`, with a store and a sink in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use ktel_delivery::Verdict;
use ktel_exporter::compile::{Input, Labels, compile};
use ktel_exporter::credentials::Credentials;
use ktel_exporter::cursor::Cursors;
use ktel_exporter::engine::{Connects, Engine, Later, Sends, Settings as EngineSettings};
use ktel_exporter::offline;
use ktel_exporter::plan::{ExporterId, Plan, SinkPlan};
use ktel_exporter::report::LaneReport;
use ktel_exporter::resource::file::exporters;
use ktel_exporter::resource::normalise;
use ktel_exporter::settings::Settings;
use ktel_exporter::sink::{Judgement, Outcome, SetupError, Shared};
use ktel_exporter::time::Millis;
use ktel_otlp::{Limits, Metric, MetricData, MetricsData, ResourceMetrics, ScopeMetrics, Sum};
use tokio::time::timeout;

use super::store_in_memory::MadeUpStore;
use crate::clock;
use crate::limits::{DEMO_EXPORTER_SINCE, DEMO_EXPORTER_WITHIN};

pub(super) const EXPORTER: &str = include_str!("exporter.yaml");
const SETTINGS: &str = include_str!("exporter-settings.yaml");

/// What came of it.
pub(super) struct Delivered {
    /// What the sink's lane says at the end.
    pub(super) lane: LaneReport,
    /// A data point as the sink got it, as OTLP/JSON.
    pub(super) point: String,
}

/// Runs the Exporter until its sink acknowledged what the store has.
pub(super) async fn run() -> anyhow::Result<Delivered> {
    let settings = Settings::parse(SETTINGS, "exporter-settings.yaml")?;
    let plan = plan(&settings)?;
    let sink = Arc::new(MemorySink::default());
    let engine_settings = EngineSettings {
        window: settings.reading.window,
        memory_bytes: settings.limits.memory_bytes_max,
        store_requests_max: settings.limits.store_requests_max,
        tenant: settings.limits.tenant,
    };
    let connects = Arc::new(ToMemory(Arc::clone(&sink)));
    let engine = Engine::new(Arc::new(MadeUpStore), connects, engine_settings, clock::clock());
    let mut changes = engine.changes();
    engine.apply(Arc::new(plan), vec![Arc::new(Credentials::default())], Cursors::default());
    let delivered = async {
        loop {
            changes.changed().await?;
            let lanes = engine.reports();
            let mut lanes = lanes.iter().flat_map(|report| &report.lanes);
            if lanes.any(|lane| lane.points.acknowledged > 0 && lane.points.in_flight == 0) {
                return anyhow::Ok(());
            }
        }
    };
    timeout(DEMO_EXPORTER_WITHIN, delivered).await.context("the exporter delivered nothing")??;
    let reports = engine.stop(DEMO_EXPORTER_WITHIN).await;
    let lane = reports.first().and_then(|report| report.lanes.first()).context("it has a lane")?;
    let body = sink.first().context("the sink got a request")?;
    let point = one_point(&body).context("the request has a counter")?;
    Ok(Delivered { lane: lane.clone(), point })
}

fn plan(settings: &Settings) -> anyhow::Result<Plan> {
    let found = exporters(EXPORTER)?;
    let exporter = found.first().context("the file has an Exporter")?;
    let name = |of: &Option<String>| of.clone().unwrap_or_default();
    let (namespace, name) = (name(&exporter.metadata.namespace), name(&exporter.metadata.name));
    let cluster = offline::cluster(&namespace, &Labels::default());
    let id = ExporterId { uid: name.clone(), namespace, name };
    let (spec, _) = normalise(&exporter.spec);
    let created = clock::since_epoch().saturating_sub(DEMO_EXPORTER_SINCE);
    let created = Millis(i64::try_from(created.as_millis())?);
    let input = Input { id: &id, generation: 1, spec: &spec, created, added: &BTreeMap::new() };
    compile(input, settings, &cluster).plan.context("the Exporter is correct")
}

/// A sink that accepts everything and keeps the first request.
#[derive(Debug, Default)]
struct MemorySink {
    first: Mutex<Option<Vec<u8>>>,
}

impl MemorySink {
    fn first(&self) -> Option<Vec<u8>> {
        self.first.lock().expect("no holder panics").clone()
    }
}

impl Sends for MemorySink {
    fn send<'a>(&'a self, batch: &'a Shared, _: Duration) -> Later<'a, Outcome> {
        let body = &batch.batch().body;
        self.first.lock().expect("no holder panics").get_or_insert_with(|| body.to_vec());
        Box::pin(std::future::ready(Outcome {
            status: Some(200),
            judgement: Judgement::By(Verdict::Accepted),
            took: Duration::ZERO,
            bytes: body.len(),
        }))
    }
}

#[derive(Debug)]
struct ToMemory(Arc<MemorySink>);

impl Connects for ToMemory {
    fn connect(&self, _: &SinkPlan, _: &Credentials) -> Result<Arc<dyn Sends>, SetupError> {
        Ok(Arc::clone(&self.0) as Arc<dyn Sends>)
    }
}

/// Gives the first data point of a request and what is around it.
fn one_point(body: &[u8]) -> Option<String> {
    let data = MetricsData::read(body, &Limits::default()).ok()?;
    let resource = data.resource_metrics.iter().next()?;
    let scope = resource.scope_metrics.iter().next()?;
    let metric = scope.metrics.iter().next()?;
    let MetricData::Sum(sum) = metric.data else { return None };
    let points = [sum.data_points.iter().next()?];
    let sum = Sum { data_points: (&points).into(), ..sum };
    let metrics = [Metric { data: MetricData::Sum(sum), ..metric }];
    let scopes = [ScopeMetrics { metrics: (&metrics).into(), ..scope }];
    let resources = [ResourceMetrics { scope_metrics: (&scopes).into(), ..resource }];
    let json = MetricsData { resource_metrics: (&resources).into() }.to_json();
    let value: serde_json::Value = serde_json::from_str(&json).ok()?;
    Some(format!("{value:#}"))
}
