//! A summary that is selected by its own name, in the real VictoriaMetrics.

use ktel_exporter::credentials::Credentials;
use ktel_exporter::plan::Selection;
use ktel_testkit::capture::Http;
use ktel_testkit::otlp_series::{Labels, Samples};
use serde_json::json;

use super::{SPAN, Scene, arrived, same, sink};

#[test]
fn quantiles_bring_the_sum_and_the_count_and_nothing_else_comes() {
    let scene = Scene::start(0);
    let types = "# TYPE latency summary\n# TYPE other gauge\n";
    drop(scene.store.posted("/api/v1/import/prometheus", "", types.as_bytes()));
    let times: Vec<i64> = (0..SPAN / 15_000).map(|step| scene.begin.0 + step * 15_000).collect();
    let values: Vec<f64> = (0..times.len()).map(|step| step as f64).collect();
    let mut expected = Samples::default();
    let mut import = |labels: &[(&str, &str)], is_expected: bool| {
        let metric: serde_json::Map<_, _> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let line = json!({"metric": metric, "values": values, "timestamps": times});
        scene.store.import(&format!("{line}\n"));
        for (time, value) in times.iter().zip(&values).filter(|_| is_expected) {
            expected.number(Labels::new(labels.iter().copied()), *time, *value);
        }
    };
    for (owner, is_mine) in [("mine", true), ("theirs", false)] {
        let of = |name: &'static str| [("__name__", name), ("job", "api"), ("tenant", owner)];
        for (quantile, is_selected) in [("0.5", true), ("0.99", false)] {
            let labels = [&of("latency")[..], &[("quantile", quantile)]].concat();
            import(&labels, is_mine && is_selected);
        }
        for part in ["latency_sum", "latency_count"] {
            import(&of(part), is_mine);
        }
        // They look like parts of what is selected, and are metrics of their own.
        for other in ["other", "other_sum", "other_count"] {
            import(&of(other), is_mine && other == "other");
        }
    }
    let receiver = Http::start();
    let mut plan = scene.plan(vec![sink("a", &receiver.url())]);
    let selector =
        r#"{__name__="latency",tenant="mine",quantile="0.5" or __name__="other",tenant="mine"}"#;
    plan.sources[0].selection = Selection::Raw(vec![selector.parse().expect("a selector")]);
    scene.apply(&plan, vec![Credentials::default()]);
    let lane = scene.wait_for("a");
    same(&arrived(&receiver.requests()), &expected, "a summary");
    assert_eq!(lane.points.dropped, 0, "{lane:?}");
    // A quantile, a sum and a count are one data point.
    assert_eq!(lane.points.acknowledged, 2 * times.len() as u64);
}
