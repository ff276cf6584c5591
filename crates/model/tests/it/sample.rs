//! A schema with one field of every type, and values that come close to what it takes.

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use ktel_model::Schema;
use proptest::prelude::*;
use serde_json::{Map, Value};

/// The day on which the samples are read.
pub(crate) const TODAY: Date = date(2026, 11, 20);

pub(crate) const TEXT: &str = include_str!("../samples/everything.yaml");

static EVERYTHING: LazyLock<Schema> =
    LazyLock::new(|| Schema::parse(TEXT, "everything.yaml").unwrap());

pub(crate) fn everything() -> &'static Schema {
    &EVERYTHING
}

pub(crate) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Strings that come close to what a field takes, and strings that do not.
fn text() -> impl Strategy<Value = String> {
    let close = vec![
        "0",
        "1",
        "2-5",
        "1001+",
        "6+",
        "600-3599",
        "GKE",
        "istio",
        "other",
        "UNKNOWN",
        "etcd",
        "get plugins",
        "apply get",
        "abcdefghijklmnopqrstuvwxyz",
    ];
    prop_oneof![
        "\\PC{0,12}",
        "v?[0-9]{1,3}(\\.[0-9]{1,3}){0,3}([-+.](rc|alpha|gke|é)?[.0-9]{0,4})?",
        "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](Z|\\+02:00)?)?",
        "20[0-9]{2}-(W[0-5][0-9]|[01][0-9])",
        prop::sample::select(close).prop_map(str::to_owned),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0_u64..2000).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0.0..=1.0_f64).prop_map(Value::from),
        text().prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![text(), "(istio|linkerd|other|alpha-routes|count|driver)"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..5)
                .prop_map(|entries| entries.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// What a collector, a user or an attacker could hand to `apply`.
pub(crate) fn section() -> impl Strategy<Value = Map<String, Value>> {
    let names: Vec<String> = everything().fields.keys().cloned().collect();
    let name = prop_oneof![9 => prop::sample::select(names), 1 => text()];
    prop::collection::vec((name, value()), 0..24).prop_map(|entries| entries.into_iter().collect())
}
