//! The exporter of `ktel demo`: the engine of `ktel exporter`, with a store and a sink in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use ktel_delivery::Verdict;
use ktel_exporter::compile::{Input, Labels, compile};
use ktel_exporter::credentials::Credentials;
use ktel_exporter::cursor::Cursors;
use ktel_exporter::engine::{Connects, Engine, Later, Sends};
use ktel_exporter::offline;
use ktel_exporter::plan::{ExporterId, Plan, SinkPlan};
use ktel_exporter::report::LaneReport;
use ktel_exporter::resource::file::exporters;
use ktel_exporter::resource::normalise;
use ktel_exporter::settings::Settings;
use ktel_exporter::sink::{Judgement, Outcome, SetupError, Shared};
use ktel_otlp::{
    AnyValue, Limits, Metric, MetricData, MetricsData, Repeated, ResourceMetrics, ScopeMetrics, Sum,
};
use tokio::time::timeout;

use super::super::exporter::file::now;
use super::super::exporter::settings::engine_settings;
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
    /// The namespaces of all data points that the sink got.
    pub(super) namespaces: BTreeSet<String>,
}

/// Runs the Exporter until its sink acknowledged what the store has.
pub(super) async fn run() -> anyhow::Result<Delivered> {
    let settings = Settings::parse(SETTINGS, "exporter-settings.yaml")?;
    let plan = plan(&settings)?;
    let sink = Arc::new(MemorySink::default());
    let connects = Arc::new(ToMemory(Arc::clone(&sink)));
    let (store, limits) = (Arc::new(MadeUpStore), engine_settings(&settings));
    let engine = Engine::new(store, connects, limits, clock::clock());
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
    let bodies = sink.bodies();
    let body = bodies.first().context("the sink got a request")?;
    let point = one_point(body).context("the request has a counter")?;
    let namespaces = bodies.iter().map(|body| namespaces(body)).collect::<Result<Vec<_>, _>>()?;
    let namespaces = namespaces.into_iter().flatten().collect();
    Ok(Delivered { lane: lane.clone(), point, namespaces })
}

fn plan(settings: &Settings) -> anyhow::Result<Plan> {
    let found = exporters(EXPORTER)?;
    let exporter = found.first().context("the file has an Exporter")?;
    let name = |of: &Option<String>| of.clone().unwrap_or_default();
    let (namespace, name) = (name(&exporter.metadata.namespace), name(&exporter.metadata.name));
    let cluster = offline::cluster(&namespace, &Labels::default());
    let id = ExporterId { uid: name.clone(), namespace, name };
    let (spec, _) = normalise(&exporter.spec);
    let created = now() - DEMO_EXPORTER_SINCE;
    let input = Input { id: &id, generation: 1, spec: &spec, created, added: &BTreeMap::new() };
    compile(input, settings, &cluster).plan.context("the Exporter is correct")
}

/// A sink that accepts and keeps everything.
#[derive(Debug, Default)]
struct MemorySink {
    bodies: Mutex<Vec<Vec<u8>>>,
}

impl MemorySink {
    fn bodies(&self) -> Vec<Vec<u8>> {
        self.bodies.lock().expect("no holder panics").clone()
    }
}

impl Sends for MemorySink {
    fn send<'a>(&'a self, batch: &'a Shared, _: Duration) -> Later<'a, Outcome> {
        let body = &batch.batch().body;
        self.bodies.lock().expect("no holder panics").push(body.to_vec());
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

/// Gives the namespaces of the data points of a request.
fn namespaces(body: &[u8]) -> Result<BTreeSet<String>, ktel_otlp::Error> {
    let data = MetricsData::read(body, &Limits::default())?;
    let scopes = data.resource_metrics.iter().flat_map(|resource| resource.scope_metrics);
    let points = scopes.flat_map(|scope| scope.metrics).flat_map(|metric| match metric.data {
        MetricData::Sum(sum) => sum.data_points,
        _ => Repeated::default(),
    });
    let labels = points.flat_map(|point| point.attributes);
    let values = labels.filter(|label| label.key == "namespace").filter_map(|label| label.value);
    Ok(values
        .filter_map(|value| match value {
            AnyValue::String(text) => Some(text.to_owned()),
            _ => None,
        })
        .collect())
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
