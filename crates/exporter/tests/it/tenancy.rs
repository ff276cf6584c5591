//! What a tenant may write, and what the real store then gives: never anything of another tenant.

use std::collections::BTreeMap;

use ktel_exporter::compile::{Cluster, Compiled, Input, Kinds, compile};
use ktel_exporter::plan::{ExporterId, Plan, Selection};
use ktel_exporter::resource::{ExporterSpec, normalise};
use ktel_exporter::settings::Settings;
use ktel_exporter::slice::Slice;
use ktel_exporter::source::{Evaluation, Part, Reader};
use ktel_exporter::time::{Millis, Window};
use ktel_testkit::victoria_metrics::VictoriaMetrics;

/// A moment, in milliseconds, at the beginning of a minute.
const T: i64 = 1_700_000_040_000;
const ROOM: usize = 64 << 20;
/// What strangers' samples are, so that no sum or copy of one looks like the tenant's own.
const STRANGE: f64 = 1e9;

/// Queries that the compiler's tests attack with, too.
#[derive(serde::Deserialize)]
struct Attacks {
    confined: Vec<String>,
    rejected: Vec<String>,
}

/// Samples of the same series for the tenant, another one, and nobody.
fn data() -> String {
    let mut lines = String::new();
    for (tenant, value) in [("me", 1.0), ("other", STRANGE), ("", STRANGE)] {
        for name in ["up", "secret", "foo"] {
            for (label, of) in [("a", "b"), ("c", "d"), ("resource_namespace", "shop")] {
                let mut metric = serde_json::json!({"__name__": name, label: of});
                if !tenant.is_empty() {
                    metric["tenant"] = tenant.into();
                }
                let times: Vec<i64> = (-10..10).map(|step| T + step * 15_000).collect();
                let values = vec![value; times.len()];
                let line =
                    serde_json::json!({"metric": metric, "values": values, "timestamps": times});
                lines.push_str(&format!("{line}\n"));
            }
        }
    }
    lines
}

fn compiled(query: &str, settings: &Settings) -> Compiled {
    let written = serde_json::json!({
        "sources": [{"name": "a", "metrics": {"metricsql": query}}],
        "sinks": [{"name": "b", "otlp_http": {"endpoint": "https://otlp.example.com"}}],
    });
    let written: ExporterSpec = serde_json::from_value(written).expect("a resource");
    let (spec, _) = normalise(&written);
    let id = ExporterId { namespace: "shop".into(), name: "e".into(), uid: "1".into() };
    let labels = BTreeMap::from([("example.com/tenant".to_owned(), "me".to_owned())]);
    let cluster = Cluster {
        namespaces: BTreeMap::from([("shop".to_owned(), labels)]),
        kinds: Kinds::default(),
        objects: BTreeMap::new(),
    };
    let added = BTreeMap::new();
    let input = Input { id: &id, generation: 1, spec: &spec, created: Millis(0), added: &added };
    compile(input, settings, &cluster)
}

fn read(reader: &Reader, plan: &Plan) -> Result<Slice, String> {
    let window = Window { start: Millis(T), end: Millis(T + 60_000) };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let slice = match plan.sources[0].selection.clone() {
        Selection::Raw(selectors) => {
            let part = Part { selectors, families: None };
            runtime.block_on(reader.read(&plan.tenant, &part, window, ROOM))
        }
        Selection::Expression { expr, step } => {
            let evaluation = Evaluation { expr, step };
            runtime.block_on(reader.evaluate(&plan.tenant, &evaluation, window, ROOM))
        }
    };
    slice.map_err(|error| error.to_string())
}

#[test]
fn no_query_brings_a_strangers_sample_or_label() {
    let attacks: Attacks = serde_json::from_str(include_str!("../attacks.json")).unwrap();
    let server = VictoriaMetrics::start();
    server.import(&data());
    let text = format!(
        "ktel: 1\nstore: {{kind: victoria-metrics, version: '1.145', url: 'http://{}'}}\n\
         tenancy: {{labels: {{tenant: {{namespace_label: example.com/tenant}}}}}}\n",
        server.address()
    );
    let settings = Settings::parse(&text, "settings.yaml").unwrap();
    let reader = Reader::new(&settings.store.open().unwrap()).unwrap();
    let (mut rejected_by_store, mut samples) = (Vec::new(), 0);
    for query in &attacks.confined {
        let plan = compiled(query, &settings).plan.unwrap();
        let slice = match read(&reader, &plan) {
            Ok(slice) => slice,
            Err(error) => {
                rejected_by_store.push(format!("{query}: {error}"));
                continue;
            }
        };
        for series in slice.series() {
            let tenant =
                series.labels().find(|(label, _)| *label == "tenant").map(|(_, value)| value);
            assert_eq!(tenant, Some("me"), "{query}");
            for sample in series.samples {
                assert!(sample.value.abs() < STRANGE / 10.0, "{query}: {}", sample.value);
                samples += 1;
            }
        }
    }
    // Two results that an expression labels as two tenants' become one, which the store does not do.
    assert!(rejected_by_store.len() <= 4, "{rejected_by_store:#?}");
    assert!(samples > 200, "{samples}");
    for query in &attacks.rejected {
        assert_eq!(compiled(query, &settings).plan.unwrap().sources, [], "{query}");
    }
}
