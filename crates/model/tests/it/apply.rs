//! What `apply` lets through, on a schema with one field of every type.

use jiff::civil::date;
use ktel_model::standard::Reason;
use ktel_model::standard::schema::Form;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::sample::{TODAY, everything, object, section};

/// Applies the schema to one field in both forms.
#[track_caller]
fn check(field: &str, raw: Value, exact: Value, coarse: Value) {
    for (form, expected) in [(Form::Exact, exact), (Form::Coarse, coarse)] {
        let applied = everything().apply(&object(&json!({ field: raw })), form, TODAY);
        assert_eq!(applied.sent.get(field), Some(&expected), "{form:?} of {raw}");
        assert!(applied.omitted.is_empty(), "{form:?} of {raw}");
    }
}

#[track_caller]
fn drops(raw: Value, expected: Value) {
    let applied = everything().apply(&object(&raw), Form::Exact, TODAY);
    assert_eq!(serde_json::to_value(applied.omitted).unwrap(), expected);
}

#[test]
fn each_type_is_sent_in_its_forms() {
    check("kubernetes_version", json!("v1.23.4-gke-a1fdc32f"), json!("v1.23.4"), json!("v1.23"));
    check("build", json!("1.23.4-rc.1+x"), json!("1.23.4-rc.1"), json!("1"));
    check("provider", json!("GKE"), json!("GKE"), json!("GKE"));
    check("provider", json!("Acme Cloud"), json!("UNKNOWN"), json!("UNKNOWN"));
    check("openshift", json!(true), json!(true), json!(true));
    check("pods", json!(120), json!(120), json!("101-1000"));
    check("namespaces", json!(7), json!("6+"), json!("6+"));
    check("startup", json!(1.5), json!(1.5), json!("1-9"));
    check("uptime", json!(700), json!("600-3599"), json!("600-3599"));
    check("cache_hits", json!(0.27), json!(0.3), json!(0.3));
    check("load", json!(0.27), json!(0.27), json!(0.25));
    let moment = json!("2022-05-03T08:46:22Z");
    check("last-update", moment.clone(), json!("2022-05-03 08:46:22"), json!("2022-W18"));
    check("installed", moment, json!("2022-05"), json!("2022-05"));
    let id = json!("abcdefghijklmnopqrstuvwxyz");
    check("installation", id.clone(), id.clone(), id);
    check("command", json!("get  plugins"), json!("get plugins"), json!("get plugins"));
    check(
        "deployed",
        json!(["x", "linkerd", "y"]),
        json!(["linkerd", "other"]),
        json!(["linkerd", "other"]),
    );
}

#[test]
fn unknown_keys_of_a_map_are_added_up() {
    let raw = json!({"acme": 3, "istio": 1, "other": 2});
    check("by_mesh", raw, json!({"istio": 1, "other": 5}), json!({"istio": "1", "other": "2-5"}));
    let raw = json!({"secret": true, "other": false});
    check("flags", raw, json!({"other": true}), json!({"other": true}));
}

#[test]
fn a_number_added_to_a_label_is_a_label() {
    let raw = json!({"acme": 3, "other": "2-5"});
    check("by_mesh", raw, json!({"other": "2-5"}), json!({"other": "2-5"}));
    check("by_mesh", json!({"istio": "2-5"}), json!({"istio": "2-5"}), json!({"istio": "2-5"}));
}

#[test]
fn a_record_is_held_to_its_own_fields() {
    let raw = json!({"driver": "mine", "count": 3});
    let exact = json!({"count": 3, "driver": "other"});
    check("datastores", raw, exact, json!({"count": "2-5", "driver": "other"}));
    drops(json!({"datastores": {"host": "db.internal"}}), json!({"undeclared": 1}));
}

#[test]
fn what_is_omitted_is_counted_and_never_named() {
    drops(json!({"hostname": "db.internal", "x": 1}), json!({"undeclared": 2}));
    drops(json!({"command": "get my-secret"}), json!({"undeclared": 1}));
    drops(json!({"pods": "many", "provider": 3, "openshift": null}), json!({"wrong_type": 3}));
    drops(json!({"deployed": ["istio", 3], "by_mesh": {"istio": -1}}), json!({"wrong_type": 2}));
    drops(json!({"installation": "my-laptop"}), json!({"wrong_type": 1}));
    drops(json!({"pods": 3}), json!({}));
}

#[test]
fn from_its_last_day_on_a_field_is_not_sent() {
    let schema = everything();
    let raw = object(&json!({"pods": 3, "build": "1.2.3"}));
    let before = schema.apply(&raw, Form::Exact, date(2027, 10, 31));
    assert_eq!(before.sent.len(), 2);
    let after = schema.apply(&raw, Form::Exact, date(2027, 11, 1));
    assert_eq!(Value::Object(after.sent), json!({"build": "1.2.3"}));
    assert_eq!(after.omitted.count(Reason::Expired), 1);
    assert!(after.missing.is_empty(), "an expired field is not missing");
}

#[test]
fn fields_come_in_the_order_of_the_schema_and_required_ones_are_missed() {
    let raw = object(&json!({"pods": 3, "provider": "GKE"}));
    let applied = everything().apply(&raw, Form::Exact, TODAY);
    assert_eq!(applied.sent.keys().collect::<Vec<_>>(), ["provider", "pods"]);
    assert_eq!(applied.missing, ["kubernetes_version"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_was_sent_passes_again_unchanged(raw in section()) {
        let schema = everything();
        for first in [Form::Exact, Form::Coarse] {
            let once = schema.apply(&raw, first, TODAY).sent;
            let again = schema.apply(&once, first, TODAY);
            prop_assert_eq!(&again.sent, &once);
            prop_assert!(again.omitted.is_empty());
        }
        let exact = schema.apply(&raw, Form::Exact, TODAY).sent;
        let coarse = schema.apply(&raw, Form::Coarse, TODAY).sent;
        prop_assert_eq!(&schema.apply(&exact, Form::Coarse, TODAY).sent, &coarse);
        prop_assert_eq!(schema.apply(&coarse, Form::Exact, TODAY).sent, coarse);
    }
}
