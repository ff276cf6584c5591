//! `ktel exporter preview`: its numbers are those of the store, and no sink hears of it.

use std::path::{Path, PathBuf};

use ktel_testkit::capture::Http;
use ktel_testkit::victoria_metrics::VictoriaMetrics;
use serde_json::{Value, json};

use super::scene::now_ms;
use crate::program::{Run, command, finish};

/// Samples are written for so long before now, one every 5 s.
const SECONDS: i64 = 900;

struct Place {
    store: VictoriaMetrics,
    directory: tempfile::TempDir,
}

/// A series: its labels, and its value at a time.
type Series = (Value, fn(i64) -> f64);

impl Place {
    /// Starts a store with counters, a histogram, a summary and a gauge of this tenant, and more of another one.
    fn start() -> Self {
        let place =
            Self { store: VictoriaMetrics::start(), directory: tempfile::tempdir().expect("one") };
        let count = |time: i64| (time / 5000 % 100_000) as f64;
        let mut all: Vec<Series> = Vec::new();
        for instance in 0..7 {
            let name = format!("shop-{instance}:9090");
            let of = |metric: &str| json!({"__name__": metric, "project": "mine", "job": "shop", "instance": name});
            all.push((of("requests_total"), count));
            all.push((of("queue_length"), |time| (time % 7) as f64));
            for le in ["0.1", "1", "+Inf"] {
                let mut labels = of("latency_seconds_bucket");
                labels["le"] = le.into();
                all.push((labels, count));
            }
            all.push((of("latency_seconds_count"), count));
            all.push((of("latency_seconds_sum"), count));
            let mut labels = of("size_bytes");
            labels["quantile"] = "0.5".into();
            all.push((labels, |_| 3.0));
            all.push((of("size_bytes_sum"), count));
            all.push((of("size_bytes_count"), count));
            let stranger =
                json!({"__name__": "requests_total", "project": "other", "instance": name});
            all.push((stranger, count));
        }
        let now = now_ms();
        let times: Vec<i64> = (0..SECONDS / 5).map(|step| now - 5000 * step).rev().collect();
        let line = |(metric, value): Series| {
            let values: Vec<f64> = times.iter().map(|&time| value(time)).collect();
            format!("{}\n", json!({"metric": metric, "values": values, "timestamps": times}))
        };
        place.store.import(&all.into_iter().map(line).collect::<String>());
        let types = "# TYPE requests_total counter\n# TYPE queue_length gauge\n\
                     # TYPE latency_seconds histogram\n# TYPE size_bytes summary\n";
        drop(place.store.posted("/api/v1/import/prometheus", "", types.as_bytes()));
        place
    }

    fn write(&self, name: &str, value: &Value) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, value.to_string()).expect("a file");
        path
    }

    fn preview(&self, sources: &Value, sinks: &Value, more: &[&str]) -> Run {
        self.preview_with(sources, sinks, more, |_| {})
    }

    fn preview_with(
        &self,
        sources: &Value,
        sinks: &Value,
        more: &[&str],
        change: impl FnOnce(&mut Value),
    ) -> Run {
        let mut settings = json!({
            "ktel": 1,
            "store": {"kind": "victoria-metrics", "version": "1.145",
                "url": format!("http://{}", self.store.address())},
            "tenancy": {"labels": {"project": {"namespace_label": "example.com/project"}}},
            "egress": {"allow_http": true, "allowed_networks": ["127.0.0.0/8"]},
            "reading": {"window": "30s", "lag": "5s", "lag_min": "1s"},
        });
        change(&mut settings);
        let settings = self.write("settings.yaml", &settings);
        let exporter = json!({
            "apiVersion": "telemetry.datumapis.com/v1alpha1", "kind": "Exporter",
            "metadata": {"name": "shop"}, "spec": {"sources": sources, "sinks": sinks},
        });
        let file = self.write("exporter.yaml", &exporter);
        let mut command = command(Path::new("/dev/null"));
        command.args(["exporter", "preview"]).arg(file).arg("--config").arg(settings);
        command.args(["--namespace-label", "example.com/project=mine"]).args(more);
        finish(command, "")
    }

    /// What the store counts by itself in a window that the preview names.
    fn counted(&self, source: &Value, of: &str) -> u64 {
        let end = millis(&source["to"]);
        let width = end - millis(&source["from"]);
        // The range is open on the left and closed on the right, windows are the other way round.
        let query = of.replace("WINDOW", &format!("[{width}ms]"));
        let time = format!("{}.{:03}", (end - 1) / 1000, (end - 1) % 1000);
        let answer = self
            .store
            .ask("/api/v1/query", &[("query", &query), ("time", &time), ("nocache", "1")]);
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let value = answer["data"]["result"][0]["value"][1].as_str().unwrap_or("0");
        value.parse::<f64>().expect("a number") as u64
    }
}

fn millis(time: &Value) -> i64 {
    let time = time.as_str().expect("a time");
    time.parse::<jiff::Timestamp>().expect("a time").as_millisecond()
}

fn sinks(receiver: &Http) -> Value {
    json!([
        {"name": "collector", "otlp_http": {"endpoint": receiver.url()}},
        {"name": "datadog", "profile": "datadog", "otlp_http": {"endpoint": receiver.url()}},
        {"name": "dynatrace", "profile": "dynatrace",
            "otlp_http": {"endpoint": format!("{}/api/v2/otlp", receiver.url())}},
        {"name": "slow", "otlp_http": {"endpoint": receiver.url(), "compression": "none"},
            "limits": {"pointsPerSecond": 1}},
    ])
}

fn remarks(sink: &Value) -> Vec<&str> {
    let remarks = sink["remarks"].as_array().expect("a list").iter();
    remarks.map(|remark| remark["reason"].as_str().expect("a word")).collect()
}

#[test]
fn the_figures_are_those_of_the_store_and_no_sink_hears_of_it() {
    let (place, receiver) = (Place::start(), Http::start());
    let sources = json!([
        {"name": "all", "metrics": {"metricsql": ""}},
        {"name": "rate", "metrics": {"metricsql": "sum(rate(requests_total[1m])) by (job)", "step": "10s"}},
    ]);
    let run = place.preview(&sources, &sinks(&receiver), &["-o", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let shown: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let exporter = &shown["exporters"][0];
    assert_eq!((&exporter["name"], &exporter["tenant"]), (&json!("shop"), &json!("mine")));
    let all = &exporter["sources"][0];
    assert_eq!(all["windows"], 10);
    assert_eq!(all["cut"], Value::Null);
    let store = |of: &str| place.counted(all, of);
    let series = store(r#"count(count_over_time({project="mine"}WINDOW) keep_metric_names)"#);
    let samples = store(r#"sum(count_over_time({project="mine"}WINDOW))"#);
    assert_eq!((all["series"].as_u64(), all["samples"].as_u64()), (Some(series), Some(samples)));
    assert_eq!(series, 70);
    assert_eq!(all["samples_per_second"].as_f64(), Some(samples as f64 / 300.0));
    let top = &all["top_metrics"][0];
    assert_eq!((&top["name"], &top["series"]), (&json!("latency_seconds_bucket"), &json!(21)));
    let of_top = store(r#"sum(count_over_time(latency_seconds_bucket{project="mine"}WINDOW))"#);
    assert_eq!(top["samples"].as_u64(), Some(of_top));
    assert_eq!(all["asked"]["queries"], json!([r#"{project="mine"}"#]));
    let enforced = json!([{"name": "extra_label", "value": "project=mine"}]);
    assert_eq!(all["asked"]["enforced"], enforced);

    let rate = &exporter["sources"][1];
    assert_eq!((&rate["series"], &rate["samples"]), (&json!(1), &json!(30)), "{rate:#}");

    // A histogram of 5 series and a summary of 3 are one point each.
    let points = samples - samples / 10 * (4 + 2);
    let [collector, datadog, dynatrace, slow] = [0, 1, 2, 3].map(|index| &all["sinks"][index]);
    assert_eq!(collector["points"].as_u64(), Some(points), "{collector:#}");
    assert_eq!(remarks(collector), [""; 0]);
    assert!(collector["compressed_bytes"].as_u64() < collector["bytes"].as_u64());
    assert_eq!(slow["compressed_bytes"], slow["bytes"]);
    assert_eq!(remarks(slow), ["TooFast"]);
    assert_eq!(datadog["points"], collector["points"], "the samples before are known");
    assert_eq!(remarks(datadog), ["Delta"]);
    assert_eq!(remarks(dynatrace), ["Delta", "NoSummaries"]);
    assert_eq!(dynatrace["dropped_samples"]["NoSummaries"].as_u64(), Some(samples / 10 * 3));
    let metric = |sink: &Value, index: usize| {
        let example = &sink["examples"][index]["resourceMetrics"][0];
        assert_eq!(example["resource"]["attributes"][0]["value"]["stringValue"], "shop");
        example["scopeMetrics"][0]["metrics"][0].clone()
    };
    assert_eq!(metric(collector, 0)["histogram"]["aggregationTemporality"], 2);
    assert_eq!(metric(datadog, 0)["histogram"]["aggregationTemporality"], 1);
    assert_eq!((receiver.connections(), receiver.requests().len()), (0, 0));

    let run = place.preview(&sources, &sinks(&receiver), &["--over", "30s"]);
    assert_eq!(run.code, 0, "{run:?}");
    for part in [
        "default/shop, tenant `mine`",
        "asks /api/v1/export",
        "with extra_label=project=mine",
        "has 70 series of 8 metrics, 14 samples a second",
        "latency_seconds_bucket  21",
        "sink `dynatrace`, profile dynatrace: delta, gzip",
        "not sent: the receiver takes no summaries",
        "note: the sink falls behind",
        r#"e.g. {"resourceMetrics":"#,
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert_eq!(receiver.connections(), 0);
}

#[test]
fn a_source_that_cannot_be_read_hides_no_other() {
    let (place, receiver) = (Place::start(), Http::start());
    let sources = json!([
        {"name": "large", "metrics": {"metricsql": "requests_total"}},
        {"name": "small", "metrics": {"metricsql": "requests_total{instance='shop-1:9090'}"}},
    ]);
    let settings = |settings: &mut Value| {
        settings["limits"] = json!({"tenant": {"series_max": 5}});
    };
    let run = place.preview_with(&sources, &sinks(&receiver), &["-o", "json"], settings);
    assert_eq!(run.code, 1, "{run:?}");
    let shown: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let sources = &shown["exporters"][0]["sources"];
    let expected = "it has more than 5 series, which is what the operator allows";
    assert_eq!(sources[0]["error"], expected);
    assert_eq!(sources[1]["series"], 1);
    let said = format!("error: default/shop: source `large`: {expected}\n");
    assert!(run.stderr.contains(&said), "{run:?}");
    assert_eq!(receiver.connections(), 0);
}

#[test]
fn a_store_that_does_not_answer_is_named() {
    let refusing = ktel_testkit::capture::Refusing::start();
    let directory = tempfile::tempdir().expect("a place");
    let file = |name: &str, text: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let settings = file(
        "settings.yaml",
        format!(
            "ktel: 1\nstore: {{kind: victoria-metrics, version: '1.145', url: 'http://{}'}}\ntenancy: {{single_tenant: true}}\n",
            refusing.address()
        ),
    );
    let exporter = file(
        "exporter.yaml",
        "apiVersion: telemetry.datumapis.com/v1alpha1
kind: Exporter
metadata: {name: all}
spec:
  sources: [{name: all, metrics: {metricsql: ''}}]
  sinks: [{name: a, otlp_http: {endpoint: 'https://otlp.example.com'}}]
"
        .to_owned(),
    );
    let mut command = command(Path::new("/dev/null"));
    command.args(["exporter", "preview"]).arg(exporter).arg("--config").arg(settings);
    let run = finish(command, "");
    assert_eq!(run.code, 1, "{run:?}");
    let expected = "default/all: source `all`: the store cannot be read: ";
    assert!(run.stderr.contains(expected), "{run:?}");
}
