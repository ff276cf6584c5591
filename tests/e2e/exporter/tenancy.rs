//! One tenant tries to read the metrics of another, with what `kubectl apply` lets it write.

use std::collections::BTreeSet;

use ktel_testkit::otlp_series::SampleValue;
use ktel_testkit::wait;
use serde_json::json;

use super::condition;
use super::scene::{SOON, Scene};

/// Queries that were meant to leave a tenant, here and in other proxies of metrics.
const QUERIES: &[&str] = &[
    "{}",
    r#"{__name__=~".+"}"#,
    r#"{a="b" or project="theirs"}"#,
    r#"{project="mine" or project="theirs"}"#,
    r#"{a="b" OR c="d"}"#,
    r#"{or="x"}"#,
    r#"{project=~".*"}"#,
    r#"{project!="mine"}"#,
    r#"{project=""}"#,
    r#"{project!~""}"#,
    r#"{"project"="theirs"}"#,
    r#"{\x70roject="theirs"}"#,
    r#"{p\roject="theirs"}"#,
    r#"{"up",project="theirs"}"#,
    r#"up{project="mine"} or up{project="theirs"}"#,
    r#"sum(up) + on() up{project="theirs"}"#,
    r#"WITH (t={project="theirs"}) up{t}"#,
    r#"WITH (project="theirs", up=foo{project="theirs"}) up"#,
    "WITH (f(x)=x or secret) f(up)",
    "WITH (ru(a,b)=secret) ru(up,up)",
    r#"label_set(secret,"project","mine")"#,
    r#"label_replace(secret,"project","mine","","")"#,
    r#"label_copy(secret,"a","project")"#,
    r#"label_move(secret,"a","project")"#,
    r#"label_map(secret,"project","theirs","mine")"#,
    r#"label_join(secret,"project","","mine")"#,
    r#"alias(secret,"up")"#,
    "up @ end(secret)",
    "up @ (secret)",
    "topk(scalar(secret),up)",
    "quantile(scalar(secret),up)",
    "limitk(scalar(secret),up)",
    r#"count_values("project", secret)"#,
    "absent(secret)",
    "sum(secret)",
    "max(secret) without (project)",
    "up[5m] offset 1i",
    r#"up * on() group_left(*) prefix "project" secret"#,
    "(up, secret)",
    "union(up, secret)",
    r#"{__graphite__="*.secret.*"}"#,
    "info(up)",
    "up # }",
    "secret{} # {project=\"mine\"}\n",
    "{project='theirs'}",
    "{project=`theirs`}",
    "{project=\u{201c}theirs\u{201d}}",
    "{\u{202e}project=\"theirs\"}",
    "{project\u{ff1d}\"theirs\"}",
    r#"{project="theirs\nx"}"#,
    r#"{project="mine|theirs"}"#,
    r#"{project=~"mine|theirs"}"#,
    r#"{a=~"(a+)+$"}"#,
    "secret&extra_label=project=theirs",
    "secret&match[]={project=\"theirs\"}",
    "secret%00",
    "tenant\rX-Scope-OrgID: theirs",
];
/// Their samples have values that nothing of ours can have, also as a sum or a quantile.
const THEIRS: f64 = -1e12;
/// The largest value that can be made of ours.
const OURS_MAX: f64 = 1e6;

fn exporter(name: &str, query: &str, endpoint: &str) -> String {
    json!({
        "apiVersion": "telemetry.datumapis.com/v1alpha1", "kind": "Exporter",
        "metadata": {"name": name},
        "spec": {
            "sources": [{"name": "try", "metrics": {"metricsql": query}}],
            "sinks": [{"name": "here", "otlp_http": {"endpoint": endpoint}}],
        },
    })
    .to_string()
}

/// Writes samples of both tenants, with the same names and labels.
fn feed(scene: &Scene, seconds: u32) {
    let write = |time: i64| {
        let mut lines = String::new();
        for (project, value) in [("mine", 1.0), ("theirs", THEIRS)] {
            for name in ["up", "secret", "foo", "target_info"] {
                for a in ["b", "mine"] {
                    let metric = json!({"__name__": name, "project": project, "a": a, "job": "x", "instance": "y"});
                    let line = json!({"metric": metric, "values": [value], "timestamps": [time]});
                    lines += &format!("{line}\n");
                }
            }
        }
        lines
    };
    scene.feed_lines(write, seconds);
}

#[test]
fn no_query_of_a_tenant_brings_a_value_of_another() {
    let scene = Scene::start();
    scene.namespace("shop", "mine");
    scene.namespace("other", "theirs");
    let exporter_process = scene.start_exporter();
    let mut applied = BTreeSet::new();
    let mut rejected = Vec::new();
    for (index, query) in QUERIES.iter().enumerate() {
        let name = format!("try-{index}");
        match scene.try_apply("shop", &exporter(&name, query, &scene.receiver.url())) {
            Ok(()) => drop(applied.insert(name)),
            Err(said) => rejected.push((query, said)),
        }
    }
    // A long and a deep one, and the honest one of the other side.
    let long = format!("{{a=\"{}\"}}", "x".repeat(10 << 20));
    let deep = format!("{}up{}", "(".repeat(100_000), ")".repeat(100_000));
    for (name, query) in [("long", &long), ("deep", &deep)] {
        scene
            .try_apply("shop", &exporter(name, query, &scene.receiver.url()))
            .expect_err("the API server rejects what is longer than a query may be");
    }
    for (query, said) in &rejected {
        assert!(said.contains("spec.sources[0].metrics.metricsql"), "{query}: {said}");
    }
    feed(&scene, 20);
    let end = scene.now_ms();
    wait::until("each is delivered, or is told why not", SOON * 3, || {
        let statuses = scene.statuses("shop");
        assert_eq!(statuses.len(), applied.len());
        statuses.iter().all(|(_, status)| {
            let is_rejected = condition(status, "Accepted") == "False"
                || condition(status, "SourcesReady") == "False";
            let through = status["deliveredThrough"].as_str().unwrap_or_default();
            let through = through.parse::<jiff::Timestamp>();
            is_rejected || through.is_ok_and(|time| time.as_millisecond() > end)
        })
    });
    let arrived = scene.arrived();
    assert!(!arrived.0.is_empty());
    for sample in arrived.0.keys() {
        let SampleValue::Bits(bits) = sample.value else { panic!("{sample:?}") };
        let value = f64::from_bits(bits);
        let is_ours = value.is_nan() || (0.0..OURS_MAX).contains(&value);
        let project = sample.labels.get("project");
        assert!(is_ours && project != Some("theirs"), "{sample:?}");
    }
    // Not everything is rejected: a tenant gets what is its own.
    let (delivered, rest): (Vec<_>, Vec<_>) =
        scene.statuses("shop").into_iter().partition(|(_, status)| {
            let through = status["deliveredThrough"].as_str().unwrap_or_default();
            through.parse::<jiff::Timestamp>().is_ok_and(|time| time.as_millisecond() > end)
        });
    let why = |(name, status): &(String, serde_json::Value)| {
        format!("{name}: {} {}", status["findings"], status["sources"])
    };
    let why: Vec<String> = rest.iter().map(why).collect();
    assert!(delivered.len() > 15, "{} of {}: {why:#?}", delivered.len(), applied.len());
    // The check of what the store returns was not needed.
    let violations = scene.metric(r#"ktel_exporter_source_up{reason="TenancyViolation""#);
    assert_eq!(violations, 0.0);
    assert_eq!(scene.metric("ktel_exporter_conservation_error"), 0.0);
    exporter_process.stop();
}
