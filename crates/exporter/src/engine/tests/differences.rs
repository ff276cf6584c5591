//! Sinks that take differences only.

use std::collections::HashMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Text;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use prost::Message;

use super::*;
use crate::mapping::MappingDrop;
use crate::report::DropReason;
use crate::source::{MetricKind, MetricMetadata};

fn counters(scene: &Scene) {
    let counter = MetricMetadata { kind: MetricKind::Counter, ..MetricMetadata::default() };
    let names = (0..50).map(|index| (format!("metric_{index:03}"), counter.clone()));
    *scene.store.metadata.lock().unwrap() = names.collect();
}

fn delta(name: &str) -> SinkPlan {
    SinkPlan { temporality: Temporality::Delta, ..sink(name, 1) }
}

/// Differences by instance, start and end. The same one may arrive again.
fn arrived(sink: &MemorySink) -> HashMap<(String, u64, u64), f64> {
    let mut all = HashMap::new();
    for body in sink.bodies.lock().unwrap().iter().flatten() {
        let request = ExportMetricsServiceRequest::decode(body.clone()).unwrap();
        for resource in request.resource_metrics {
            let attributes = resource.resource.unwrap().attributes;
            let instance = attributes.into_iter().find(|one| one.key == "service.instance.id");
            let Some(Text::StringValue(instance)) = instance.unwrap().value.unwrap().value else {
                panic!("an instance is a text")
            };
            for metric in resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics) {
                let Some(Data::Sum(sum)) = metric.data else { panic!("it is no sum") };
                for point in sum.data_points {
                    let Some(Value::AsDouble(value)) = point.value else { panic!("no number") };
                    let key = (instance.clone(), point.start_time_unix_nano, point.time_unix_nano);
                    let before = all.insert(key, value);
                    assert!(before.is_none_or(|before| before == value), "another difference");
                }
            }
        }
    }
    all
}

/// Adds up the differences of a series before a moment.
fn sum(all: &HashMap<(String, u64, u64), f64>, series: usize, until: Millis) -> f64 {
    let instance = format!("instance-{series}");
    let until = until.to_unix_nano();
    all.iter().filter(|((of, _, end), _)| *of == instance && *end < until).map(|(_, sum)| sum).sum()
}

/// What `increase()` adds up: a counter that fell began anew.
fn increase(series: usize, from: Millis, until: Millis) -> f64 {
    let times: Vec<Millis> = (from.0..until.0).step_by(INTERVAL as usize).map(Millis).collect();
    let step = |pair: &[Millis]| {
        let (before, now) = (value(series, pair[0]), value(series, pair[1]));
        if now < before { now } else { now - before }
    };
    times.windows(2).map(step).sum()
}

#[tokio::test(start_paused = true)]
async fn over_kills_the_sum_of_differences_is_the_increase_of_the_store() {
    let mut scene = Scene::new(100);
    counters(&scene);
    let plan = plan("one", "t", vec![source("all")], vec![delta("a")]);
    let a = scene.sinks.get("a");
    a.keep();
    scene.apply(&plan);
    for round in 1..=8 {
        // Killed at all kinds of moments, also while requests are under way.
        scene.pass(Duration::from_millis(40_000 + round * 7_130)).await;
        scene = scene.killed(&plan);
    }
    scene.pass(Duration::from_secs(100)).await;
    let cursor = scene.lane(0, 0).cursor.unwrap();
    let all = arrived(&a);
    let begin = Millis(BEGIN);
    // The state is rebuilt from before the beginning, so the first difference begins there.
    let before = begin - Duration::from_millis(INTERVAL.unsigned_abs());
    for series in [0, 1, 57, 99] {
        assert_eq!(sum(&all, series, cursor), increase(series, before, cursor), "{series}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_no_difference_is_counted_with_its_reason() {
    let scene = Scene::new(100);
    counters(&scene);
    scene.apply(&plan("one", "t", vec![source("all")], vec![delta("a")]));
    scene.pass(Duration::from_secs(120)).await;
    let lane = scene.lane(0, 0);
    // The state before the first window is rebuilt, so every sample has one.
    assert_eq!(lane.points.dropped, 0, "{lane:?}");

    let scene = Scene::new(100);
    counters(&scene);
    let from = Millis(BEGIN) - Duration::from_secs(3600);
    let begin = Window { start: from, end: Millis(BEGIN) + Duration::from_secs(60) };
    let never = Millis(i64::MAX);
    let all = (0..100).map(|series| Late { series, window: begin, came: never });
    *scene.store.late.lock().unwrap() = all.collect();
    scene.apply(&plan("one", "t", vec![source("all")], vec![delta("a")]));
    scene.pass(Duration::from_secs(180)).await;
    let lane = scene.lane(0, 0);
    let first = DropReason::Mapping(MappingDrop::NoStart);
    assert_eq!(lane.drops, BTreeMap::from([(first, 100)]));
    assert_eq!(lane.points.dropped, 100);
    assert!(lane.gaps.is_empty(), "nobody could send them");
    let points = &lane.points;
    assert_eq!(points.read, points.acknowledged + 100 + points.in_flight);
}

#[tokio::test(start_paused = true)]
async fn a_counter_that_comes_late_is_in_the_difference_after_it() {
    let scene = Scene::new(20);
    counters(&scene);
    let mut plan = plan("one", "t", vec![source("all")], vec![delta("a")]);
    plan.sources[0].late_data = LateData::Repair;
    let a = scene.sinks.get("a");
    a.keep();
    scene.apply(&plan);
    let start = Millis(BEGIN) + Duration::from_secs(600);
    let window = Window { start, end: start + Duration::from_secs(120) };
    let came = window.end + Duration::from_secs(60);
    *scene.store.late.lock().unwrap() = vec![Late { series: 3, window, came }];
    scene.pass(Duration::from_secs(3600)).await;
    let report = scene.engine.reports()[0].clone();
    let covered = DropReason::Mapping(MappingDrop::Covered);
    assert_eq!(report.repairs[0].drops, BTreeMap::from([(covered, 8)]));
    let cursor = report.lanes[0].cursor.unwrap();
    let before = Millis(BEGIN) - Duration::from_millis(INTERVAL.unsigned_abs());
    assert_eq!(sum(&arrived(&a), 3, cursor), increase(3, before, cursor));
}

#[tokio::test(start_paused = true)]
async fn an_expression_is_evaluated_at_its_instants_and_only_once() {
    let scene = Scene::new(2);
    let (expr, _) = ktel_metricsql::parse("sum({tenant=\"t\"})").unwrap();
    let mut source = source("sum");
    source.selection = Selection::Expression { expr, step: Duration::from_secs(20) };
    scene.sinks.get("a").keep();
    scene.apply(&plan("one", "t", vec![source], vec![sink("a", 1)]));
    scene.pass(Duration::from_secs(200)).await;
    let cursor = scene.lane(0, 0).cursor.unwrap();
    let mut expected = Samples::default();
    for time in (BEGIN..cursor.0).step_by(20_000).map(Millis) {
        let labels = Labels::new([("tenant", "t")]);
        expected.number(labels, time.0, value(0, time) + value(1, time));
    }
    let arrived = scene.sinks.get("a").kept();
    assert_eq!(arrived.difference(&expected), Vec::<String>::new());
}
