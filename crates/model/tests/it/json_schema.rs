//! The JSON Schema and `apply` agree; the `jsonschema` crate is the judge.

use std::sync::LazyLock;

use jsonschema::Validator;
use ktel_model::standard::schema::Form;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::sample::{TODAY, everything, section};

/// The schema without `required`: random sections miss fields.
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let mut schema = everything().json_schema();
    schema.as_object_mut().unwrap().remove("required");
    jsonschema::validator_for(&schema).unwrap()
});

#[test]
fn it_is_json_schema_2020_12() {
    jsonschema::meta::validate(&everything().json_schema()).unwrap();
}

#[test]
fn the_examples_of_all_fields_are_valid_and_nothing_else_may_stand_beside_them() {
    let validator = jsonschema::validator_for(&everything().json_schema()).unwrap();
    let examples =
        everything().fields.iter().map(|(name, field)| (name.clone(), field.example.clone()));
    let mut section = Value::Object(examples.collect());
    validator.validate(&section).unwrap();
    section["hostname"] = json!("db.internal");
    assert!(!validator.is_valid(&section));
}

#[test]
fn a_required_field_is_required() {
    let validator = jsonschema::validator_for(&everything().json_schema()).unwrap();
    assert!(!validator.is_valid(&json!({"pods": 3})));
    assert!(validator.is_valid(&json!({"kubernetes_version": "v1.23.4", "pods": 3})));
}

#[test]
fn each_type_rejects_values_of_other_types() {
    let raw = [
        json!({"kubernetes_version": "v1.23.4-gke-a1fdc32f"}),
        json!({"provider": "Acme"}),
        json!({"pods": -1}),
        json!({"namespaces": 3}),
        json!({"cache_hits": 1.1}),
        json!({"last-update": "2022-05-03T08:46:22Z"}),
        json!({"installed": "2022-05-03"}),
        json!({"installation": "my-laptop"}),
        json!({"command": "get secrets"}),
        json!({"by_mesh": {"acme": 1}}),
        json!({"deployed": ["acme"]}),
        json!({"datastores": {"host": "db"}}),
    ];
    for section in raw {
        assert!(!VALIDATOR.is_valid(&section), "{section}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_is_collected_what_is_sent_is_valid(raw in section()) {
        for form in [Form::Exact, Form::Coarse] {
            let sent = Value::Object(everything().apply(&raw, form, TODAY).sent);
            if let Err(error) = VALIDATOR.validate(&sent) {
                return Err(TestCaseError::fail(format!("{error} in {sent}")));
            }
        }
    }
}
