//! Many Exporters of many tenants on one replica, one tenant of which is poisonous.

use std::collections::BTreeMap;

use ktel_testkit::capture::BlackHole;
use ktel_testkit::otlp_series::Samples;
use ktel_testkit::wait;
use serde_json::{Value, json};

use super::condition;
use super::scene::{SOON, Scene};

const TENANTS: usize = 50;
/// Exporters of each tenant.
const EXPORTERS: usize = 4;
/// Series that the poisonous tenant writes each second; a good one has four.
const POISON_SERIES: usize = 5000;

fn namespace(tenant: usize) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("tenant-{tenant}")}})
}

fn exporter(tenant: usize, name: &str, query: &str, endpoint: &str) -> Value {
    json!({
        "apiVersion": "telemetry.datumapis.com/v1alpha1", "kind": "Exporter",
        "metadata": {"name": name, "namespace": format!("tenant-{tenant}")},
        "spec": {
            "sources": [{"name": "all", "metrics": {"metricsql": query}}],
            "sinks": [{"name": "here", "otlp_http": {"endpoint": endpoint}}],
        },
    })
}

fn documents(objects: &[Value]) -> String {
    objects.iter().map(|object| format!("---\n{object}\n")).collect()
}

fn lines(time: i64) -> String {
    let series = |tenant: usize, series: usize| {
        let metric = json!({"__name__": "load", "namespace": format!("tenant-{tenant}"), "series": series.to_string()});
        format!("{}\n", json!({"metric": metric, "values": [series], "timestamps": [time]}))
    };
    let good = (1..TENANTS).flat_map(|tenant| (0..4).map(move |number| (tenant, number)));
    let poison = (0..POISON_SERIES / 5).map(|number| (0, number));
    good.chain(poison).map(|(tenant, number)| series(tenant, number)).collect()
}

#[test]
fn a_poisonous_tenant_neither_stops_nor_delays_another() {
    let mut scene = Scene::start();
    scene.tenancy = "{labels: {namespace: namespace_name}}";
    let black_hole = BlackHole::start();
    let namespaces: Vec<Value> = (0..TENANTS).map(namespace).collect();
    scene.api.apply(&documents(&namespaces)).expect("the namespaces are valid");
    let mut exporters: Vec<Value> = (1..TENANTS)
        .flat_map(|tenant| (0..EXPORTERS).map(move |number| (tenant, number)))
        .map(|(tenant, number)| {
            let endpoint = format!("{}/tenant-{tenant}/{number}", scene.receiver.url());
            exporter(tenant, &format!("exporter-{number}"), "load", &endpoint)
        })
        .collect();
    // Its series are many; its sink does not answer, or does not exist; its queries are expensive, or not its own.
    let silent = format!("http://{}", black_hole.address());
    let poison = [
        ("silent", r#"{}"#, silent.as_str()),
        ("expensive", r#"{series=~"(1*)*(2*)*(3*)*.+"}"#, silent.as_str()),
        ("stranger", r#"{namespace="tenant-1"}"#, silent.as_str()),
        ("nowhere", "sum(rate(load[5m])) by (series)", "http://127.0.0.1:9"),
    ];
    exporters
        .extend(poison.iter().map(|(name, query, endpoint)| exporter(0, name, query, endpoint)));
    let exporter_process = scene.start_exporter();
    scene.api.apply(&documents(&exporters)).expect("the Exporters are valid");
    scene.feed_lines(lines, 40);

    let end = scene.now_ms();
    let all = || -> Vec<Value> {
        let text = scene.kubectl(&["get", "exp", "-A", "-o", "json"]);
        let list: Value = serde_json::from_str(&text).expect("JSON");
        list["items"].as_array().expect("items").clone()
    };
    wait::until("all good ones are delivered", SOON * 3, || {
        let items = all();
        assert_eq!(items.len(), TENANTS * EXPORTERS);
        items.iter().filter(|item| item["metadata"]["namespace"] != "tenant-0").all(|item| {
            let through = item["status"]["deliveredThrough"].as_str().unwrap_or_default();
            let through = through.parse::<jiff::Timestamp>();
            through.is_ok_and(|time| time.as_millisecond() > end)
        })
    });
    let mut arrived: BTreeMap<String, Samples> = BTreeMap::new();
    for request in scene.requests() {
        let samples = arrived.entry(request.path().to_owned()).or_default();
        samples.read(&request.body().expect("it can be decompressed")).expect("it is OTLP");
    }
    assert_eq!(arrived.len(), (TENANTS - 1) * EXPORTERS);
    for object in all().iter().filter(|item| item["metadata"]["namespace"] != "tenant-0") {
        let of = |key: &str| object["metadata"][key].as_str().expect("text");
        let (namespace, name) = (of("namespace"), of("name"));
        let created: jiff::Timestamp = of("creationTimestamp").parse().expect("a time");
        let selector = format!(r#"load{{namespace="{namespace}"}}"#);
        let expected = scene.stored(&selector, created.as_millisecond());
        assert!(!expected.0.is_empty());
        let path = format!("/{namespace}/{}/v1/metrics", name.trim_start_matches("exporter-"));
        assert_eq!(arrived[&path].difference(&expected), Vec::<String>::new(), "{path}");
    }
    let bad = |name: &str| condition(&scene.status("tenant-0", name), "Ready");
    for (name, ..) in poison {
        assert_ne!(bad(name), "True", "{name}");
    }
    assert_eq!(scene.metric("ktel_exporter_conservation_error"), 0.0);
    let memory = scene.metric("ktel_exporter_memory_bytes");
    assert!(memory <= scene.metric("ktel_exporter_memory_limit_bytes"), "{memory}");
    exporter_process.stop();
}
