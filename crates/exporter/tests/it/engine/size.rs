//! One metric with more series in a window than memory holds, in each kind of real store.

use std::time::Duration;

use ktel_exporter::credentials::Credentials;
use ktel_exporter::engine::Settings;
use ktel_exporter::source::StoreKind;
use ktel_metricsql::Version;
use ktel_testkit::capture::Http;
use ktel_testkit::otlp_series::{Labels, Samples};
use ktel_testkit::prometheus::Prometheus;

use super::{Scene, engine_of, same, sink};
use crate::source::remote_write;

const SERIES: usize = 12_000;

#[test]
fn a_metric_that_is_larger_than_memory_is_divided_by_the_store() {
    let mut scene = Scene::start(0);
    let prometheus = Prometheus::start();
    let time = scene.begin.0 + 5000;
    let mut expected = Samples::default();
    let (mut lines, mut written) = (String::new(), Vec::new());
    let pods: Vec<String> = (0..SERIES).map(|index| format!("pod-\"{index}\\é")).collect();
    for (index, pod) in pods.iter().enumerate() {
        let job = ["api", "web"][index % 2];
        let labels = [("__name__", "m"), ("job", job), ("pod", pod.as_str()), ("tenant", "mine")];
        let metric: serde_json::Map<_, _> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let line = serde_json::json!({"metric": metric, "values": [index], "timestamps": [time]});
        lines += &format!("{line}\n");
        expected.number(Labels::new(labels), time, index as f64);
        written.push((labels, [(time, index as f64)]));
    }
    // What describes the targets has to be at each part.
    for job in ["api", "web"] {
        let labels =
            [("__name__", "target_info"), ("job", job), ("tenant", "mine"), ("version", "1")];
        let metric: serde_json::Map<_, _> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let line = serde_json::json!({"metric": metric, "values": [1], "timestamps": [time]});
        lines += &format!("{line}\n");
        written.push((labels, [(time, 1.0)]));
    }
    scene.store.import(&lines);
    for some in written.chunks(2000) {
        let series: Vec<crate::source::Written<'_>> =
            some.iter().map(|(labels, samples)| (&labels[..], &samples[..])).collect();
        prometheus.write(&remote_write(&series));
    }
    let settings =
        Settings { memory_bytes: 16 << 20, window: Duration::from_secs(30), ..Settings::default() };
    let stores = [
        (StoreKind::VictoriaMetrics(Version::new(1, 145)), scene.store.address()),
        (StoreKind::Prometheus, prometheus.address()),
        (StoreKind::Other, prometheus.address()),
    ];
    for (kind, address) in stores {
        scene.engine = engine_of(kind, &format!("http://{address}"), settings);
        let receiver = Http::start();
        let mut to = sink("a", &receiver.url());
        to.batch.points_max = 2000;
        scene.apply(&scene.plan(vec![to]), vec![Credentials::default()]);
        let lane = scene.wait_for("a");
        let report = scene.engine.reports()[0].clone();
        assert_eq!(report.sources[0].error, None, "{kind:?}");
        let requests = receiver.requests();
        let mut found = Samples::default();
        for request in &requests {
            let body = request.body().expect("it answers");
            found.read(&body).expect("it answers");
            let text = String::from_utf8_lossy(&body);
            assert!(text.contains("version"), "{kind:?}: a part without its resource");
        }
        same(&found, &expected, &format!("{kind:?}"));
        assert_eq!(lane.points.acknowledged, SERIES as u64, "{kind:?}");
    }
}
