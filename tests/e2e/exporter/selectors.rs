//! The requirement's example with resource selectors, while namespaces gain and lose labels.

use std::collections::BTreeSet;

use ktel_testkit::otlp_series::{Sample, Samples};
use ktel_testkit::wait;

use super::scene::Scene;

/// The example of the requirement, word for word.
const REQUIRED: &str =
    include_str!("../../../crates/exporter/src/resource/examples/example-exporter.yaml");

fn gateways(
    project: &'static str,
    namespace: &'static str,
    app: &'static str,
) -> [(&'static str, &'static str); 5] {
    [
        ("project", project),
        ("service_name", "networking.datumapis.com"),
        ("resource_kind", "Gateway"),
        ("resource_namespace", namespace),
        ("label_app", app),
    ]
}

fn of<'a>(samples: &'a Samples, namespace: &str) -> BTreeSet<&'a Sample> {
    let samples = samples.0.keys();
    samples.filter(|sample| sample.labels.get("resource_namespace") == Some(namespace)).collect()
}

#[test]
fn a_namespace_is_exported_while_it_has_the_label() {
    let mut scene = Scene::start();
    scene.more = "resources: {namespaces: tenant}";
    for (name, project) in [("shop", "project-1"), ("stage", "project-1"), ("other", "project-2")] {
        scene.namespace(name, project);
    }
    for name in ["shop", "other"] {
        scene.kubectl(&["label", "namespace", name, "environment=production"]);
    }
    scene.secret("shop", "grafana-api-key", "token");
    let exporter = scene.start_exporter();
    scene.apply("shop", &scene.here(REQUIRED));
    let targets = [
        gateways("project-1", "shop", "my-gateway"),
        gateways("project-1", "shop", "another"),
        gateways("project-1", "stage", "my-gateway"),
        gateways("project-2", "other", "my-gateway"),
    ];
    let targets: Vec<&[(&str, &str)]> = targets.iter().map(<[_; 5]>::as_slice).collect();
    let feed = |seconds| {
        scene.feed_labels(&targets, seconds);
        scene.wait_until_delivered("shop", "example-exporter");
    };
    feed(10);
    assert_eq!(of(&scene.arrived(), "stage").len(), 0);

    scene.kubectl(&["label", "namespace", "stage", "environment=production"]);
    let labelled = scene.now_ms();
    wait::until("it is exported", super::SOON, || {
        scene.feed_labels(&targets, 2);
        !of(&scene.arrived(), "stage").is_empty()
    });
    feed(10);
    scene.kubectl(&["label", "namespace", "stage", "environment-"]);
    feed(10); // the change is known by then
    let before = of(&scene.arrived(), "stage").len();
    feed(8);

    let created = scene.created("shop", "example-exporter");
    let arrived = scene.arrived();
    let expected = scene.stored(
        r#"{project="project-1",resource_namespace="shop",label_app="my-gateway"}"#,
        created,
    );
    let shop = Samples(
        arrived
            .0
            .clone()
            .into_iter()
            .filter(|(sample, _)| sample.labels.get("resource_namespace") == Some("shop"))
            .collect(),
    );
    assert_eq!(shop.difference(&expected), Vec::<String>::new());
    assert_eq!(of(&arrived, "other").len(), 0, "another tenant's namespace has the label too");
    let staged = of(&arrived, "stage");
    assert_eq!(staged.len(), before, "nothing more after the label is gone");
    // Without a gap from the first to the last one, and no older than the window before the change.
    let times: BTreeSet<i64> = staged.iter().map(|sample| sample.time).collect();
    let (first, last) = (*times.first().expect("some"), *times.last().expect("some"));
    assert!(first > labelled - 10_000, "{first} {labelled}");
    let stored = scene.stored(r#"{project="project-1",resource_namespace="stage"}"#, first);
    let between = stored.0.keys().filter(|sample| sample.time <= last).collect::<BTreeSet<_>>();
    assert_eq!(staged, between);
    exporter.stop();
}
