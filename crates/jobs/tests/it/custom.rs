//! Jobs without code: only a schema file.

use ktel_jobs::{Catalog, Reason, Workflow, catalog};
use ktel_model::Schema;
use ktel_model::standard::schema::Form;
use serde_json::{Value, json};

use crate::support::{cluster, now};

fn schema(access: &str, fields: &str) -> Schema {
    let text = format!(
        "kts: 1
schema: example/widgets
version: 1.0.0
kind: job
title: Widgets
purpose: {{question: How many?, value_to_you: They stay., used_for: [tests]}}
owner: tests
stability: development
consent: explicit
access: [{access}]
retention: {{raw: 1d, aggregate: 1mo}}
fields:
{fields}"
    );
    Schema::parse(&text, "widgets.yaml").unwrap_or_else(|error| panic!("{error:?}"))
}

const COMMON: &str = "sensitivity: technical, why: A test., since: 0.1.0, expires: 2027-11-01";
const WIDGETS: &str = "{group: example.com, resources: [widgets], verbs: [list], scope: cluster, reads: object, calls: pages}";
const GADGETS: &str = "{group: example.com, resources: [gadgets], verbs: [list], scope: cluster, reads: object, calls: pages}";

fn answers(uri: &str) -> (u16, Value) {
    let widget = |size: Value, time: &str, version: &str| {
        json!({
            "metadata": {"managedFields": [
                {"apiVersion": format!("example.com/{version}"), "time": time},
                {"apiVersion": "example.com/v9", "time": "2026-12-01T00:00:00Z", "subresource": "status"},
            ]},
            "spec": {"size": size, "parts": [{"kind": "wheel"}, {"kind": "name-of-a-customer"}]},
        })
    };
    match uri {
        "/apis" => (
            200,
            json!({"groups": [{"name": "example.com", "versions": [{"version": "v2"}, {"version": "v1"}, {"version": "v3"}], "preferredVersion": {"version": "v2"}}]}),
        ),
        "/apis/example.com/v1" | "/apis/example.com/v2" => {
            (200, json!({"resources": [{"name": "widgets", "namespaced": true}]}))
        }
        "/apis/example.com/v3" => (200, json!({"resources": []})),
        "/apis/example.com/v2/widgets?limit=500" => (
            200,
            json!({"metadata": {"continue": "more"}, "items": [
                widget(Value::Null, "2026-01-01T00:00:00Z", "v1"),
                widget(json!("small"), "2026-03-01T00:00:00Z", "v2"),
            ]}),
        ),
        "/apis/example.com/v2/widgets?limit=500&continue=more" => (
            200,
            json!({"metadata": {}, "items": [widget(json!("huge"), "2026-02-01T00:00:00Z", "v1")]}),
        ),
        other => panic!("unexpected request: {other}"),
    }
}

async fn run(schema: Schema, form: Form) -> (Value, Vec<String>) {
    let mut catalog = Catalog::empty();
    catalog.add_schema(schema).expect("a schema that can be run");
    let (cluster, log) = cluster(answers);
    let workflow = Workflow::builder()
        .job(catalog.find("widgets").expect("it was added"))
        .form(form)
        .build()
        .expect("a valid workflow");
    let outcome = workflow.run(&cluster, now()).await;
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    let seen = log.lock().expect("no panics here").clone();
    (outcome.report.to_json()["widgets"].clone(), seen)
}

fn everything() -> Schema {
    let widgets = "group: example.com, resource: widgets";
    schema(
        &format!("{WIDGETS}, {GADGETS}"),
        &format!(
            "  widgets: {{type: count, exact: true, example: 3, {COMMON}, collect: {{count: {{{widgets}}}}}}}
  gadgets: {{type: count, exact: true, example: 3, {COMMON}, collect: {{count: {{group: example.com, resource: gadgets}}}}}}
  both: {{type: count, exact: true, example: 3, {COMMON}, collect: {{count: [{{{widgets}}}, {{group: example.com, resource: gadgets}}]}}}}
  parts: {{type: count, exact: true, example: 6, {COMMON}, collect: {{matches: {{{widgets}, path: '{{.spec.parts[*]}}'}}}}}}
  holes: {{type: count, exact: true, example: 6, {COMMON}, collect: {{matches: {{group: example.com, resource: gadgets, path: '$.spec.holes[*]'}}}}}}
  size: {{type: enum, values: [small, large], example: small, {COMMON}, collect: {{value: {{{widgets}, path: $.spec.size}}}}}}
  sizes: {{type: list, values: [small, large], example: [small], {COMMON}, collect: {{values: {{{widgets}, path: $.spec.size}}}}}}
  by_part: {{type: map, keys: [wheel], of: count, exact: true, example: {{wheel: 3}}, {COMMON}, collect: {{group_count: {{{widgets}, path: '$.spec.parts[*].kind'}}}}}}
  written: {{type: list, values: [v1, v2], example: [v1], {COMMON}, collect: {{written_versions: {{{widgets}}}}}}}
  served: {{type: list, values: [v1, v2], example: [v1], {COMMON}, collect: {{served_versions: {{{widgets}}}}}}}
  changed: {{type: date, exact: second, coarse: month, example: 2026-03-01 00:00:00, {COMMON}, collect: {{newest_change: {{{widgets}}}}}}}
"
        ),
    )
}

#[tokio::test]
async fn one_scan_serves_all_steps_and_a_kind_that_is_not_served_is_absent() {
    let (section, seen) = run(everything(), Form::Exact).await;
    let expected = json!({
        "widgets": 3,
        "both": 3,
        "parts": 6,
        "size": "small",
        "sizes": ["other", "small"],
        "by_part": {"wheel": 3, "other": 3},
        "written": ["v1", "v2"],
        "served": ["v1", "v2"],
        "changed": "2026-03-01 00:00:00",
    });
    assert_eq!(section, expected);
    let lists = seen.iter().filter(|uri| uri.contains("limit=")).count();
    assert_eq!(lists, 2, "one scan of two pages: {seen:?}");
}

#[tokio::test]
async fn the_coarse_form_applies_to_steps() {
    let (section, _) = run(everything(), Form::Coarse).await;
    assert_eq!(section["parts"], json!("6-20"));
    assert_eq!(section["changed"], json!("2026-03"));
    assert_eq!(section["by_part"], json!({"wheel": "2-5", "other": "2-5"}));
}

#[test]
fn a_broken_path_names_the_field_before_anything_is_read() {
    let fields = format!(
        "  parts: {{type: count, exact: true, example: 6, {COMMON}, collect: {{matches: {{group: example.com, resource: widgets, path: '$.spec['}}}}}}\n"
    );
    let error = Catalog::empty().add_schema(schema(WIDGETS, &fields)).expect_err("it is broken");
    assert!(matches!(&error, catalog::Error::Step { field, .. } if field == "parts"), "{error:?}");
}

#[tokio::test]
async fn a_forbidden_source_fails_the_job() {
    let mut catalog = Catalog::empty();
    catalog.add_schema(everything()).expect("a schema that can be run");
    let forbidden = |uri: &str| match uri {
        uri if uri.contains("limit=") => (403, json!({"kind": "Status", "code": 403})),
        uri => answers(uri),
    };
    let workflow = Workflow::builder()
        .job(catalog.find("widgets").expect("it was added"))
        .build()
        .expect("a valid workflow");
    let outcome = workflow.run(&cluster(forbidden).0, now()).await;
    let error = &outcome.failures[0].error;
    assert_eq!(error.reason(), Reason::Forbidden);
    assert_eq!(error.to_string(), "may not list `widgets.example.com`");
    assert!(error.hint("widgets").expect("a next step").contains("ktel jobs rbac --jobs widgets"));
}
