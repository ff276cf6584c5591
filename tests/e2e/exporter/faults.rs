//! What the exporter needs is away: the store, or the API server.

use std::time::Duration;

use ktel_testkit::proxy::{Fault, Proxy};
use ktel_testkit::wait;
use serde_json::json;

use super::scene::{SOON, Scene};
use super::{condition, once};

const REQUIRED: &str =
    include_str!("../../../crates/exporter/src/resource/examples/gateway-exporter.yaml");
const SELECTOR: &str = r#"{project="project-1",resource_kind="Gateway"}"#;

/// Starts an exporter of the example in `shop`.
fn shop(scene: &Scene) {
    scene.namespace("shop", "project-1");
    scene.secret("shop", "grafana-api-key", "token");
    scene.apply("shop", &scene.here(REQUIRED));
}

#[test]
fn a_store_that_is_down_slow_or_breaks_off_costs_nothing() {
    let mut scene = Scene::start();
    let store = Proxy::to_port(scene.store.address().port());
    scene.store_address = store.address();
    shop(&scene);
    let exporter = scene.start_exporter();
    scene.feed("project-1", 6);
    scene.wait_until_delivered("shop", "gateway-exporter");
    for fault in [
        Fault::Refuse,
        // In the middle of an answer, or of its head.
        Fault::CutAfter(700),
        Fault::CutAfter(60),
        Fault::Delay(Duration::from_millis(300)),
        Fault::Silence,
    ] {
        store.set(fault);
        store.cut();
        scene.feed("project-1", 7);
        if !matches!(fault, Fault::Delay(_) | Fault::Silence) {
            wait::until("the status says so", SOON, || {
                condition(&scene.status("shop", "gateway-exporter"), "SourcesReady") == "False"
            });
        }
        store.set(Fault::None);
        store.cut();
        scene.wait_until_delivered("shop", "gateway-exporter");
        let status = scene.status("shop", "gateway-exporter");
        assert_eq!(condition(&status, "SourcesReady"), "True", "{fault:?}: {status:#}");
    }
    let created = scene.created("shop", "gateway-exporter");
    // No receiver failed: nothing arrives twice either.
    assert_eq!(scene.arrived().difference(&scene.stored(SELECTOR, created)), Vec::<String>::new());
    assert_eq!(scene.metric("ktel_exporter_conservation_error"), 0.0);
    exporter.stop();
}

#[test]
fn an_api_server_that_is_gone_for_a_minute_costs_nothing() {
    let mut scene = Scene::start();
    shop(&scene);
    let exporter = scene.start_exporter();
    scene.feed("project-1", 8);
    scene.wait_until_delivered("shop", "gateway-exporter");
    scene.api.stop();
    scene.feed("project-1", 60);
    scene.api.restart();
    scene.feed("project-1", 5);
    scene.wait_until_delivered("shop", "gateway-exporter");
    let created = scene.created("shop", "gateway-exporter");
    let stored = scene.stored(SELECTOR, created);
    assert_eq!(once(&scene.arrived()).difference(&stored), Vec::<String>::new());
    // The same process: it did not end for it.
    exporter.stop();
}

#[test]
fn an_exporter_that_cannot_be_read_stops_no_other() {
    let scene = Scene::start();
    // A definition without a schema lets in what this release cannot read.
    let printed = crate::program::ktel("/dev/null".as_ref(), "exporter crd");
    let mut definition = crate::helm::documents(&printed.stdout).remove(0);
    definition["spec"]["versions"][0]["schema"] = json!({
        "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    });
    scene.api.apply(&definition.to_string()).expect("the definition is valid");
    scene.namespace("other", "project-2");
    let unreadable = json!({
        "apiVersion": "telemetry.datumapis.com/v1alpha1", "kind": "Exporter",
        "metadata": {"name": "unreadable"}, "spec": {"sources": 5, "sinks": "none"},
    });
    wait::until("the definition without a schema is in use", SOON, || {
        scene.try_apply("other", &unreadable.to_string()).is_ok()
    });
    shop(&scene);
    let exporter = scene.start_exporter();
    scene.feed("project-1", 8);
    scene.wait_until_delivered("shop", "gateway-exporter");
    wait::until("the log names it", SOON, || exporter.said().contains("unreadable"));
    exporter.stop();
}
