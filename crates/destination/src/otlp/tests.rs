//! The requests are those that prost writes, byte for byte.

use jiff::Timestamp;
use ktel_model::envelope::{Envelope, Product};
use ktel_model::report::Report;
use ktel_model::standard::schema::Form;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use serde_json::{Map, Value, json};

use super::{events, logs};
use crate::limits::OTLP_VALUE_NESTING_MAX;

const NANOS: u64 = 1_790_000_000_123_000_000;

fn time() -> Timestamp {
    Timestamp::from_nanosecond(NANOS.into()).unwrap()
}

fn text(text: &str) -> Any {
    Any::StringValue(text.into())
}

fn value(value: Any) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn list(values: impl IntoIterator<Item = Any>) -> Any {
    Any::ArrayValue(ArrayValue { values: values.into_iter().map(value).collect() })
}

fn attribute((key, value): (&str, Option<Any>)) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value }), ..KeyValue::default() }
}

fn record<'n>(
    event: &str,
    attributes: impl IntoIterator<Item = (&'n str, Option<Any>)>,
) -> LogRecord {
    LogRecord {
        time_unix_nano: NANOS,
        observed_time_unix_nano: NANOS,
        severity_number: 9,
        body: Some(value(text(event))),
        event_name: event.into(),
        attributes: attributes.into_iter().map(attribute).collect(),
        ..LogRecord::default()
    }
}

fn request(log_records: Vec<LogRecord>) -> Vec<u8> {
    let attributes = vec![attribute(("service.name", Some(text("shop"))))];
    let scope = InstrumentationScope {
        name: "ktel".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        ..InstrumentationScope::default()
    };
    let scope_logs = ScopeLogs { scope: Some(scope), log_records, ..ScopeLogs::default() };
    let resource_logs = ResourceLogs {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_logs: vec![scope_logs],
        ..ResourceLogs::default()
    };
    ExportLogsServiceRequest { resource_logs: vec![resource_logs] }.encode_to_vec()
}

#[test]
fn a_report_is_one_record_whose_attributes_are_its_fields() {
    let deep = |inner| (0..OTLP_VALUE_NESTING_MAX).fold(inner, |inner, _| json!([inner]));
    let fields = json!({
        "bool": false, "int": -3, "large": u64::MAX, "half": 0.5, "null": null, "text": "",
        "list": ["a", true], "map": {"x": 7, "y": null}, "deep": deep(json!({"a": 1})),
    });
    let Value::Object(section) = fields else { panic!() };
    let mut report = Report::default();
    report.push("cluster-state", section);
    report.push_user("user", json!({"long": "x".repeat(20_000)}));
    let product = Product { name: Some("shop".into()), ktel: "1.2.3" };
    let day = "2026-11-20".parse().unwrap();
    let envelope = Envelope::new(&report, product, &[], vec![], &[], Form::Exact, day);

    let pairs = [("x", Some(Any::IntValue(7))), ("y", None)];
    let map = KeyValueList { values: pairs.into_iter().map(attribute).collect() };
    let deep = (0..OTLP_VALUE_NESTING_MAX).fold(text(r#"{"a":1}"#), |inner, _| list([inner]));
    let written = logs(&report, &envelope, time());
    let mut attributes = vec![
        ("cluster-state.bool", Some(Any::BoolValue(false))),
        ("cluster-state.int", Some(Any::IntValue(-3))),
        ("cluster-state.large", Some(Any::DoubleValue(u64::MAX as f64))),
        ("cluster-state.half", Some(Any::DoubleValue(0.5))),
        ("cluster-state.null", None),
        ("cluster-state.text", Some(text(""))),
        ("cluster-state.list", Some(list([text("a"), Any::BoolValue(true)]))),
        ("cluster-state.map", Some(Any::KvlistValue(map))),
        ("cluster-state.deep", Some(deep)),
        ("user.long", Some(text(&"x".repeat(20_000)))),
    ];
    // As the report lists its fields.
    let names: Vec<String> = report
        .sections()
        .iter()
        .flat_map(|(section, fields)| {
            fields.as_object().unwrap().keys().map(move |field| format!("{section}.{field}"))
        })
        .collect();
    attributes.sort_by_key(|(name, _)| names.iter().position(|listed| listed == name));
    assert!(written == request(vec![record("ktel.report", attributes)]));
}

#[test]
fn events_are_records_of_one_request() {
    let event = |path: &str| -> Map<String, Value> {
        json!({"command_path": path}).as_object().unwrap().clone()
    };
    let (get, plan) = (event("get apis"), event("plan"));
    let written = events("shop", &[(time(), &get), (time(), &plan)]);
    let expected = ["get apis", "plan"]
        .map(|path| record("ktel.command", [("command_path", Some(text(path)))]));
    assert!(written == request(expected.to_vec()));
}
