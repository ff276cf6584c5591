use std::time::Duration;

use serde_json::{Value, json};

use super::normalise;
use crate::plan::OnExhausted;
use crate::resource::finding::Finding;
use crate::resource::spec::{
    Authentication, Group, KindName, Operator, Profile, Requirement, SecretKey, Spec,
};
use crate::resource::wire::Exporter;

fn of_yaml(text: &str) -> (Spec, Vec<Finding>) {
    let exporter: Exporter = serde_saphyr::from_str(text).expect("the example is an Exporter");
    normalise(&exporter.spec)
}

/// Reads a spec with one source and one sink, changed by a function.
fn changed(change: impl Fn(&mut Value)) -> (Spec, Vec<Finding>) {
    let mut spec = json!({
        "sources": [{"name": "all", "metrics": {}}],
        "sinks": [{"name": "one", "otlp_http": {"endpoint": "https://otlp.example.com"}}],
    });
    change(&mut spec);
    normalise(&serde_json::from_value(spec).expect("it is a spec"))
}

fn said(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn the_first_example_of_the_requirement_is_understood() {
    let (spec, findings) = of_yaml(include_str!("../examples/gateway-exporter.yaml"));
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].reason, findings[0].is_error()), ("TypographicQuotes", false));
    let [source] = spec.sources.as_slice() else { panic!("one source") };
    let query = source.metrics.query.as_ref().expect("a query").text();
    assert!(query.starts_with(r#"{service_name="networking.datumapis.com","#), "{query}");
    let [sink] = spec.sinks.as_slice() else { panic!("one sink") };
    let http = &sink.otlp_http;
    assert_eq!(
        http.endpoint.as_str(),
        "https://otlp-gateway-prod-eu-west-0.grafana.net/otlp/v1/metrics"
    );
    let key = SecretKey { name: "grafana-api-key".to_owned(), key: "token".to_owned() };
    assert_eq!(http.authentication, Authentication::BearerToken(key));
    assert_eq!((sink.batch.is_enabled, sink.batch.points_max), (true, 500));
    assert_eq!(sink.batch.timeout, Duration::from_secs(5));
    assert_eq!((sink.retry.attempts_max, sink.retry.backoff), (3, Duration::from_secs(2)));
    assert_eq!(sink.retry.on_exhausted, OnExhausted::Hold);
    assert_eq!(sink.profile, Profile::Generic);
}

#[test]
fn the_second_example_of_the_requirement_is_understood() {
    let (spec, findings) = of_yaml(include_str!("../examples/example-exporter.yaml"));
    let reasons: Vec<_> =
        findings.iter().map(|finding| (finding.reason, finding.is_error())).collect();
    assert_eq!(reasons, [("TypographicQuotes", false), ("QueryAndSelectors", false)]);
    let [selector] = spec.sources[0].metrics.selectors.as_slice() else { panic!("one selector") };
    let equal = |key: &str, value: &str| {
        vec![Requirement { key: key.to_owned(), operator: Operator::In(vec![value.to_owned()]) }]
    };
    let namespaces = selector.namespaces.as_ref().expect("a namespace selector");
    assert_eq!(namespaces.requirements, equal("environment", "production"));
    assert_eq!(selector.labels.requirements, equal("app", "my-gateway"));
    let kinds: Vec<_> =
        selector.kinds.iter().map(|kind| (&kind.groups[..], &kind.names[..])).collect();
    let group = |name: &str| [Group::Named(name.to_owned())];
    let resource = |name: &str| [KindName::Resource(name.to_owned())];
    assert_eq!(
        kinds,
        [
            (&group("gateway.networking.k8s.io")[..], &resource("gateways")[..]),
            (&group("compute.datumapis.com")[..], &resource("workloads")[..]),
            (&group("networking.datumapis.com")[..], &[KindName::Any][..]),
        ]
    );
}

#[test]
fn all_spellings_give_the_same() {
    let kinds = |kinds: Value| {
        let (spec, findings) = changed(|spec| {
            spec["sources"][0]["metrics"]["resourceSelectors"] = json!([{"kinds": [kinds]}])
        });
        assert_eq!(said(&findings), [""; 0]);
        spec.sources[0].metrics.selectors[0].kinds.clone()
    };
    let one = kinds(json!({"apiGroups": ["example.com"], "kinds": ["Lamp"]}));
    for other in [
        json!({"group": "example.com", "kind": "Lamp"}),
        json!({"group": "example.com", "kinds": "Lamp"}),
        json!({"apiGroups": ["example.com"], "resources": ["Lamp"], "kind": ["Lamp"]}),
    ] {
        assert_eq!(kinds(other.clone()), one, "{other}");
    }
    let sink = |change: fn(&mut Value)| {
        let (spec, findings) = changed(|spec| change(&mut spec["sinks"][0]));
        assert_eq!(said(&findings), [""; 0]);
        spec.sinks[0].clone()
    };
    assert_eq!(
        sink(|sink| sink["retry"] = json!({"backoff": "7s"})).retry,
        sink(|sink| sink["retry"] = json!({"backoffDuration": "7s"})).retry
    );
    assert_eq!(
        sink(|sink| sink["otlp_http"]["authentication"] =
            json!({"type": "basicAuth", "secretRef": {"name": "a"}})),
        sink(|sink| sink["otlp_http"]["authentication"] =
            json!({"basic": {"secretRef": {"name": "a"}}}))
    );
    assert_eq!(
        sink(|sink| sink["otlp_http"]["authentication"] =
            json!({"type": "bearerToken", "secretRef": {"name": "a"}})),
        sink(|sink| sink["otlp_http"]["authentication"] =
            json!({"bearer": {"secretRef": {"name": "a"}}}))
    );
    let snake = sink(|_| ());
    let camel = sink(|sink| {
        let http = sink["otlp_http"].take();
        *sink = json!({"name": "one", "otlpHttp": http});
    });
    assert_eq!(camel.otlp_http.endpoint, snake.otlp_http.endpoint);
    assert_eq!(camel.otlp_http.path.to_string(), "spec.sinks[0].otlpHttp");
}

#[test]
fn an_empty_query_is_no_query() {
    for query in [json!(""), json!("  \n"), Value::Null] {
        let (spec, _) = changed(|spec| spec["sources"][0]["metrics"]["metricsql"] = query.clone());
        assert_eq!(spec.sources[0].metrics.query, None);
    }
}

#[test]
fn the_path_of_metrics_is_appended_once() {
    let table = [
        ("https://example.com", "https://example.com/v1/metrics"),
        ("https://example.com/", "https://example.com/v1/metrics"),
        ("https://example.com/otlp/", "https://example.com/otlp/v1/metrics"),
        ("https://example.com/v1/metrics", "https://example.com/v1/metrics"),
        ("https://example.com/v1/metrics/", "https://example.com/v1/metrics/"),
        ("https://example.com/a?b=c", "https://example.com/a/v1/metrics?b=c"),
    ];
    for (written, expected) in table {
        let (spec, _) = changed(|spec| spec["sinks"][0]["otlp_http"]["endpoint"] = json!(written));
        assert_eq!(spec.sinks[0].otlp_http.endpoint.as_str(), expected);
    }
}

#[test]
fn a_wrong_part_costs_its_source_or_sink_only() {
    let (spec, findings) = changed(|spec| {
        spec["sources"] = json!([
            {"name": "bad", "metrics": {}, "minLag": "25h", "backfill": {"from": "yesterday"}},
            {"name": "good", "metrics": {}},
        ]);
        spec["sinks"] = json!([
            {"name": "none"},
            {"name": "one", "otlp_http": {"endpoint": "https://example.com"}, "sources": ["bad", "good", "gone"]},
        ]);
    });
    assert_eq!(
        spec.sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>(),
        ["good"]
    );
    let [sink] = spec.sinks.as_slice() else { panic!("one sink") };
    assert_eq!(sink.sources.as_deref(), Some(["bad".to_owned(), "good".to_owned()].as_slice()));
    let said = said(&findings);
    let expected = [
        "spec.sources[0].backfill.from: is no time",
        "spec.sources[0].minLag: minLag must be at most 24h",
        "spec.sinks[0]: a sink needs exactly one transport",
        "spec.sinks[1].sources[2]: sinks[].sources names a source that is not in spec.sources: `gone`",
    ];
    assert_eq!(said.len(), expected.len(), "{said:?}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn a_selector_that_is_wrong_never_selects_more() {
    let wrong = json!({"kinds": [{"kind": 5}]});
    let (spec, findings) =
        changed(|spec| spec["sources"][0]["metrics"]["resourceSelectors"] = json!([wrong]));
    assert!(spec.sources.is_empty(), "all metrics would be sent");
    assert_eq!(findings.len(), 1);
    let wrong = json!({"labelSelectors": {"matchExpressions": [{"key": "a", "operator": "In"}]}});
    let (spec, _) = changed(|spec| {
        spec["sources"][0]["metrics"]["resourceSelectors"] = json!([wrong, {"kinds": []}])
    });
    assert_eq!(spec.sources[0].metrics.selectors.len(), 1);
    let path = spec.sources[0].metrics.selectors[0].path.to_string();
    assert_eq!(path, "spec.sources[0].metrics.resourceSelectors[1]");
}

#[test]
fn credentials_and_headers_of_ktel_itself_are_rejected() {
    let table = [
        (
            json!({"endpoint": "https://user:pass@example.com"}),
            ".endpoint: must not contain credentials",
        ),
        (json!({"endpoint": "ftp://example.com"}), ".endpoint: must begin with `https://`"),
        (json!({"endpoint": "https://"}), ".endpoint: is no address"),
        (
            json!({"endpoint": "https://a.example", "headers": {"Content-Length": "1"}}),
            ".headers[Content-Length]: ktel sets the header `content-length` itself",
        ),
        (
            json!({"endpoint": "https://a.example", "headers": {"a": "1"},
                "headersFrom": [{"name": "A", "secretRef": {"name": "s", "key": "k"}}]}),
            ".headersFrom[0]: the header is given twice",
        ),
        (
            json!({"endpoint": "https://a.example", "headers": {"authorization": "1"},
                "authentication": {"type": "bearerToken", "secretRef": {"name": "s"}}}),
            ".headers.authorization: the header is given twice",
        ),
        (
            json!({"endpoint": "https://a.example", "headers": {"a b": "1"}}),
            ".headers[a b]: is no name of a header",
        ),
    ];
    for (http, expected) in table {
        let (spec, findings) = changed(|spec| spec["sinks"][0]["otlp_http"] = http.clone());
        assert!(spec.sinks.is_empty(), "{http}");
        let said = said(&findings);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with(&format!("spec.sinks[0].otlp_http{expected}")), "{said:?}");
    }
}

#[test]
fn without_retries_a_request_is_sent_once_and_dropped() {
    let (spec, _) =
        changed(|spec| spec["sinks"][0]["retry"] = json!({"enabled": false, "maxAttempts": 9}));
    let retry = spec.sinks[0].retry;
    assert_eq!((retry.attempts_max, retry.on_exhausted), (1, OnExhausted::Drop));
}

#[test]
fn the_longest_pause_is_never_shorter_than_the_first() {
    let (spec, _) = changed(|spec| spec["sinks"][0]["retry"] = json!({"backoff": "10m"}));
    assert_eq!(spec.sinks[0].retry.backoff_max, Duration::from_secs(600));
}
