//! Resources that are rejected, and unusual ones that are not.

use serde_json::{Value, json};

/// A resource, as a change of a right one.
pub(crate) struct Case {
    /// What is wrong with it.
    pub(crate) name: &'static str,
    /// Where.
    pub(crate) path: &'static str,
    /// What the API server says.
    pub(crate) server: &'static str,
    change: fn(&mut Value),
}

impl Case {
    pub(crate) fn resource(&self) -> Value {
        let mut resource = json!({
            "apiVersion": "telemetry.datumapis.com/v1alpha1",
            "kind": "Exporter",
            "metadata": {"name": "wrong", "namespace": "default"},
            "spec": {
                "sources": [{"name": "all", "metrics": {}}],
                "sinks": [{"name": "one", "otlp_http": {"endpoint": "https://otlp.example.com"}}],
            },
        });
        (self.change)(&mut resource["spec"]);
        resource
    }
}

fn case(
    name: &'static str,
    path: &'static str,
    server: &'static str,
    change: fn(&mut Value),
) -> Case {
    Case { name, path, server, change }
}

fn source(spec: &mut Value) -> &mut Value {
    &mut spec["sources"][0]
}

fn sink(spec: &mut Value) -> &mut Value {
    &mut spec["sinks"][0]
}

fn authenticate(spec: &mut Value, authentication: Value) {
    sink(spec)["otlp_http"]["authentication"] = authentication;
}

fn select(spec: &mut Value, kind: Value) {
    source(spec)["metrics"]["resourceSelectors"] = json!([{"kinds": [kind]}]);
}

#[rustfmt::skip]
fn sources_and_names() -> Vec<Case> {
    vec![
        case("no source", "spec.sources", "should have at least 1 items", |spec| spec["sources"] = json!([])),
        case("21 sources", "spec.sources", "must have at most 20 items", |spec| {
            spec["sources"] = (0..21).map(|number| json!({"name": format!("s{number}"), "metrics": {}})).collect();
        }),
        case("two sources of one name", "spec.sources[1]", "Duplicate value", |spec| {
            spec["sources"] = json!([{"name": "a", "metrics": {}}, {"name": "a", "metrics": {}}]);
        }),
        case("two sinks of one name", "spec.sinks[1]", "Duplicate value", |spec| {
            let sink = sink(spec).clone();
            spec["sinks"] = json!([sink, sink]);
        }),
        case("a source without metrics", "spec.sources[0].metrics", "Required value", |spec| spec["sources"] = json!([{"name": "a"}])),
        case("a name in capitals", "spec.sources[0].name", "should match", |spec| source(spec)["name"] = json!("All")),
        case("a long name", "spec.sinks[0].name", "63", |spec| sink(spec)["name"] = json!("a".repeat(64))),
        case("an unknown field", "spec.sinks[0].batch.maxsize", "unknown field", |spec| sink(spec)["batch"] = json!({"maxsize": 5})),
        case("a number for a text", "spec.sinks[0].otlp_http.endpoint", "must be of type string", |spec| sink(spec)["otlp_http"]["endpoint"] = json!(5)),
        case("an unknown source", "spec", "sinks[].sources names a source that is not in spec.sources", |spec| sink(spec)["sources"] = json!(["all", "gone"])),
        case("a source named twice", "spec.sinks[0].sources[1]", "Duplicate value", |spec| sink(spec)["sources"] = json!(["all", "all"])),
    ]
}

#[rustfmt::skip]
fn sinks() -> Vec<Case> {
    vec![
        case("no transport", "spec.sinks[0]", "a sink needs exactly one transport", |spec| spec["sinks"] = json!([{"name": "a"}])),
        case("two transports", "spec.sinks[0]", "a sink needs exactly one transport", |spec| {
            let sink = sink(spec);
            sink["otlpHttp"] = sink["otlp_http"].clone();
        }),
        case("no address", "spec.sinks[0].otlp_http.endpoint", "should match", |spec| sink(spec)["otlp_http"]["endpoint"] = json!("otlp.example.com")),
        case("credentials in the address", "spec.sinks[0].otlp_http.endpoint", "should match", |spec| sink(spec)["otlp_http"]["endpoint"] = json!("https://a:b@example.com")),
        case("an unknown compression", "spec.sinks[0].otlp_http.compression", "Unsupported value", |spec| sink(spec)["otlp_http"]["compression"] = json!("lz4")),
        case("an unknown profile", "spec.sinks[0].profile", "Unsupported value", |spec| sink(spec)["profile"] = json!("splunk")),
        case("a duration without unit", "spec.sinks[0].batch.timeout", "should match", |spec| sink(spec)["batch"] = json!({"timeout": "50"})),
        case("a negative duration", "spec.sinks[0].batch.timeout", "should match", |spec| sink(spec)["batch"] = json!({"timeout": "-5s"})),
        case("a long timeout", "spec.sinks[0].batch.timeout", "batch.timeout must be at most 5m", |spec| sink(spec)["batch"] = json!({"timeout": "5m1s"})),
        case("an empty batch", "spec.sinks[0].batch.maxSize", "greater than or equal to 1", |spec| sink(spec)["batch"] = json!({"maxSize": 0})),
        case("a large batch", "spec.sinks[0].batch.maxSize", "less than or equal to 20000", |spec| sink(spec)["batch"] = json!({"maxSize": 20_001})),
        case("few bytes", "spec.sinks[0].batch.maxBytes", "batch.maxBytes must be between 1Ki and 64Mi", |spec| sink(spec)["batch"] = json!({"maxBytes": 1023})),
        case("many bytes", "spec.sinks[0].batch.maxBytes", "batch.maxBytes must be between 1Ki and 64Mi", |spec| sink(spec)["batch"] = json!({"maxBytes": "65Mi"})),
        case("no quantity", "spec.sinks[0].batch.maxBytes", "should match", |spec| sink(spec)["batch"] = json!({"maxBytes": "4MiB"})),
        case("no attempts", "spec.sinks[0].retry.maxAttempts", "greater than or equal to 1", |spec| sink(spec)["retry"] = json!({"maxAttempts": 0})),
        case("a short backoff", "spec.sinks[0].retry.backoff", "backoff must be between 100ms and 1h", |spec| sink(spec)["retry"] = json!({"backoff": "99ms"})),
        case("a long backoff", "spec.sinks[0].retry.backoffDuration", "backoffDuration must be between 100ms and 1h", |spec| sink(spec)["retry"] = json!({"backoffDuration": "61m"})),
        case("two backoffs", "spec.sinks[0].retry", "give backoff or backoffDuration, not both", |spec| sink(spec)["retry"] = json!({"backoff": "2s", "backoffDuration": "2s"})),
        case("a longest pause below the default", "spec.sinks[0].retry", "maxBackoff must not be shorter than backoff", |spec| sink(spec)["retry"] = json!({"maxBackoff": "1s"})),
        case("a long longest pause", "spec.sinks[0].retry.maxBackoff", "maxBackoff must be at most 1h", |spec| sink(spec)["retry"] = json!({"maxBackoff": "61m"})),
        case("many requests at once", "spec.sinks[0].limits.inFlight", "less than or equal to 32", |spec| sink(spec)["limits"] = json!({"inFlight": 33})),
        case("a small age", "spec.sinks[0].limits.maxAge", "maxAge must be at least 1m", |spec| sink(spec)["limits"] = json!({"maxAge": "59s"})),
    ]
}

#[rustfmt::skip]
fn selections() -> Vec<Case> {
    vec![
        case("a long lag", "spec.sources[0].minLag", "minLag must be at most 24h", |spec| source(spec)["minLag"] = json!("25h")),
        case("a short step", "spec.sources[0].metrics.step", "step must be between 1s and 1h", |spec| source(spec)["metrics"]["step"] = json!("500ms")),
        case("unknown handling of late data", "spec.sources[0].lateData", "Unsupported value", |spec| source(spec)["lateData"] = json!("on")),
        case("no time", "spec.sources[0].backfill.from", "must be of type date-time", |spec| source(spec)["backfill"] = json!({"from": "yesterday"})),
        case("a long query", "spec.sources[0].metrics.metricsql", "16384", |spec| source(spec)["metrics"]["metricsql"] = json!("a".repeat(16_385))),
        case("an empty entry of kinds", "spec.sources[0].metrics.resourceSelectors[0].kinds[0]", "should have at least 1 properties", |spec| select(spec, json!({}))),
        case("two groups", "spec.sources[0].metrics.resourceSelectors[0].kinds[0]", "give apiGroups or group, not both", |spec| select(spec, json!({"group": "a", "apiGroups": ["a"]}))),
        case("In without values", "spec.sources[0].metrics.resourceSelectors[0].labelSelectors.matchExpressions[0]", "In and NotIn need values", |spec| {
            source(spec)["metrics"]["resourceSelectors"] = json!([{"labelSelectors": {"matchExpressions": [{"key": "a", "operator": "In"}]}}]);
        }),
        case("Exists with values", "spec.sources[0].metrics.resourceSelectors[0].namespaceSelector.matchExpressions[0]", "Exists and DoesNotExist take none", |spec| {
            source(spec)["metrics"]["resourceSelectors"] = json!([{"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}}]);
        }),
    ]
}

#[rustfmt::skip]
fn kinds() -> Vec<Case> {
    const KIND: &str = "spec.sources[0].metrics.resourceSelectors[0].kinds[0].kind";
    vec![
        case("a number for a kind", KIND, "less than or equal to 0", |spec| select(spec, json!({"kind": 5}))),
        case("a negative number for a kind", KIND, "greater than or equal to 1", |spec| select(spec, json!({"kind": -5}))),
        case("a boolean for a kind", KIND, "must not validate the schema (not)", |spec| select(spec, json!({"kind": true}))),
        case("an object for a kind", KIND, "must have at most 0 items", |spec| select(spec, json!({"kind": {"a": 1}}))),
        case("an empty object for a kind", KIND, "should have at least 1 properties", |spec| select(spec, json!({"kind": {}}))),
        case("an empty list for a kind", KIND, "should have at least 1 items", |spec| select(spec, json!({"kind": []}))),
        case("a number in a list of kinds", "kind[1]", "must be of type string", |spec| select(spec, json!({"kind": ["a", 5]}))),
        case("a query for a kind", KIND, "should match", |spec| select(spec, json!({"kind": "a|b"}))),
    ]
}

#[rustfmt::skip]
fn authentication() -> Vec<Case> {
    const AUTHENTICATION: &str = "spec.sinks[0].otlp_http.authentication";
    vec![
        case("authentication of no type", AUTHENTICATION, "give exactly one of type, basic and bearer", |spec| authenticate(spec, json!({}))),
        case("two types", AUTHENTICATION, "give exactly one of type, basic and bearer", |spec| authenticate(spec, json!({"type": "mtls", "secretRef": {"name": "s"}, "bearer": {"secretRef": {"name": "s"}}}))),
        case("a type without a Secret", AUTHENTICATION, "type and secretRef belong together", |spec| authenticate(spec, json!({"type": "mtls"}))),
        case("a Secret without a type", AUTHENTICATION, "type and secretRef belong together", |spec| authenticate(spec, json!({"secretRef": {"name": "s"}, "basic": {"secretRef": {"name": "s"}}}))),
        case("a key for basicAuth", AUTHENTICATION, "secretRef.key is for bearerToken and apiKeyHeader", |spec| authenticate(spec, json!({"type": "basicAuth", "secretRef": {"name": "s", "key": "k"}}))),
        case("a key for basic", AUTHENTICATION, "secretRef.key is for bearerToken and apiKeyHeader", |spec| authenticate(spec, json!({"basic": {"secretRef": {"name": "s", "key": "k"}}}))),
        case("an API key without a header", AUTHENTICATION, "header is required for apiKeyHeader", |spec| authenticate(spec, json!({"type": "apiKeyHeader", "secretRef": {"name": "s"}}))),
        case("a prefix for a token", AUTHENTICATION, "header and prefix are for apiKeyHeader only", |spec| authenticate(spec, json!({"type": "bearerToken", "secretRef": {"name": "s"}, "prefix": "a"}))),
        case("OAuth without an address", AUTHENTICATION, "tokenUrl is required for oauth2ClientCredentials", |spec| authenticate(spec, json!({"type": "oauth2ClientCredentials", "secretRef": {"name": "s"}}))),
        case("scopes for a token", AUTHENTICATION, "tokenUrl and scopes are for oauth2ClientCredentials only", |spec| authenticate(spec, json!({"type": "bearerToken", "secretRef": {"name": "s"}, "scopes": ["a"]}))),
        case("an unknown type", "spec.sinks[0].otlp_http.authentication.type", "Unsupported value", |spec| authenticate(spec, json!({"type": "token", "secretRef": {"name": "s"}}))),
        case("a Secret without a name", "spec.sinks[0].otlp_http.authentication.secretRef.name", "Required value", |spec| authenticate(spec, json!({"type": "mtls", "secretRef": {}}))),
        case("a header twice", "spec.sinks[0].otlp_http.headersFrom[1]", "Duplicate value", |spec| {
            let header = json!({"name": "a", "secretRef": {"name": "s", "key": "k"}});
            sink(spec)["otlp_http"]["headersFrom"] = json!([header, header]);
        }),
        case("a header with a line break", "spec.sinks[0].otlp_http.headers.a", "should match", |spec| sink(spec)["otlp_http"]["headers"] = json!({"a": "b\r\nc: d"})),
        case("an empty authentication under the other spelling", "spec.sinks[0].otlpHttp.authentication", "give exactly one of", |spec| {
            spec["sinks"] = json!([{"name": "a", "otlpHttp": {"endpoint": "https://example.com", "authentication": {}}}]);
        }),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let all = [sources_and_names(), sinks(), selections(), kinds(), authentication()];
    all.into_iter().flatten().collect()
}

#[rustfmt::skip]
pub(crate) fn right() -> Vec<Case> {
    let right = |name, change| case(name, "", "", change);
    vec![
        right("20 of everything", |spec| {
            spec["sources"] = (0..20).map(|number| json!({"name": format!("s{number}"), "metrics": {}})).collect();
            let all: Vec<String> = (0..20).map(|number| format!("s{number}")).collect();
            let sink = |number| json!({"name": format!("k{number}"), "sources": all.clone(), "otlp_http": {"endpoint": "https://otlp.example.com"}});
            spec["sinks"] = (0..20).map(sink).collect();
        }),
        right("an empty query", |spec| source(spec)["metrics"]["metricsql"] = json!("")),
        right("no query after the colon", |spec| source(spec)["metrics"]["metricsql"] = Value::Null),
        right("a kind as a text", |spec| select(spec, json!({"group": "", "kind": "Pod"}))),
        right("kinds as a list", |spec| select(spec, json!({"apiGroups": ["*"], "kinds": ["Pod", "*"]}))),
        right("resources as a text", |spec| select(spec, json!({"resources": "pods"}))),
        right("a group alone", |spec| select(spec, json!({"apiGroups": ["apps"]}))),
        right("bytes as a number", |spec| sink(spec)["batch"] = json!({"maxBytes": 1024})),
        right("bytes as a quantity", |spec| sink(spec)["batch"] = json!({"maxBytes": "64Mi"})),
        right("no waiting", |spec| sink(spec)["batch"] = json!({"enabled": false, "timeout": "0s"})),
        right("the other backoff", |spec| sink(spec)["retry"] = json!({"backoffDuration": "5s", "maxBackoff": "5s"})),
        right("a bearer", |spec| authenticate(spec, json!({"bearer": {"secretRef": {"name": "s", "key": "k"}}}))),
        right("a basic", |spec| authenticate(spec, json!({"basic": {"secretRef": {"name": "s"}}}))),
        right("an API key", |spec| authenticate(spec, json!({"type": "apiKeyHeader", "header": "Authorization", "prefix": "Api-Token ", "secretRef": {"name": "s"}}))),
        right("OAuth", |spec| authenticate(spec, json!({"type": "oauth2ClientCredentials", "tokenUrl": "https://login.example.com/token", "scopes": ["a"], "secretRef": {"name": "s"}}))),
        right("a client certificate", |spec| authenticate(spec, json!({"type": "mtls", "secretRef": {"name": "s"}}))),
        right("an IPv6 address", |spec| sink(spec)["otlp_http"]["endpoint"] = json!("https://[2001:db8::1]:4318/otlp")),
        right("an authority", |spec| sink(spec)["otlp_http"]["tls"] = json!({"ca": {"secretRef": {"name": "s", "key": "ca.crt"}}, "serverName": "otlp"})),
        right("repair", |spec| source(spec)["lateData"] = json!("repair")),
        right("a backfill", |spec| source(spec)["backfill"] = json!({"from": "2026-08-01T00:00:00Z", "maxRate": 50_000})),
    ]
}
