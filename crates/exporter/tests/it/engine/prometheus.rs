//! The engine between a real Prometheus, read by `remote_read`, and a receiver.

use ktel_exporter::credentials::Credentials;
use ktel_exporter::source::StoreKind;
use ktel_testkit::capture::Http;
use ktel_testkit::otlp_series::{Labels, STALE, SampleValue, Samples};
use ktel_testkit::prometheus::Prometheus;

use super::{SPAN, Scene, arrived, engine_of, same, sink};
use crate::source::remote_write;

#[test]
fn what_prometheus_has_arrives_once_stale_markers_too() {
    let server = Prometheus::start();
    let url = format!("http://{}", server.address());
    let mut scene = Scene::start(0);
    scene.engine = engine_of(
        StoreKind::Prometheus,
        &url,
        ktel_exporter::engine::Settings {
            window: std::time::Duration::from_secs(10),
            ..ktel_exporter::engine::Settings::default()
        },
    );
    let mut expected = Samples::default();
    for owner in ["mine", "theirs"] {
        for index in 0..60 {
            let (name, instance) = (format!("metric_{}", index % 7), format!("10.0.0.{index}"));
            let labels = [
                ("__name__", name.as_str()),
                ("instance", instance.as_str()),
                ("job", "api"),
                ("tenant", owner),
            ];
            let mut known: Vec<(i64, f64)> = (0..SPAN / 15_000)
                .map(|step| scene.begin.0 + step * 15_000 + index % 977)
                .map(|time| (time, (time % 1000) as f64 * 0.1))
                .collect();
            known.push((scene.begin.0 + SPAN - 1000 + index, f64::from_bits(STALE)));
            server.write(&remote_write(&[(&labels, &known)]));
            if owner == "mine" {
                for (time, value) in known {
                    expected.add(Labels::new(labels), time, SampleValue::Bits(value.to_bits()));
                }
            }
        }
    }
    let receiver = Http::start();
    scene.apply(&scene.plan(vec![sink("a", &receiver.url())]), vec![Credentials::default()]);
    let lane = scene.wait_for("a");
    same(&arrived(&receiver.requests()), &expected, "Prometheus");
    assert_eq!(lane.points.acknowledged, expected.0.len() as u64);
}
