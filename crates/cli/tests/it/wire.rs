//! The wire-truth test: what a receiver really got is decoded, and every byte of it must be declared.

use std::collections::BTreeSet;

use ktel_model::Schema;
use ktel_model::envelope::Envelope;
use ktel_model::standard::dictionary;
use serde_json::Value;

use crate::support::{command, run, scratch};

/// What `file:` received from the whole catalog, run on the demonstration's cluster.
fn received(form: &str) -> Value {
    let (place, file) = scratch();
    let cluster = place.path().join("cluster.yaml");
    std::fs::write(&cluster, include_str!("../../../snapshot/src/demo.yaml")).unwrap();
    let words = format!(
        "workflows run --workflow all --product example-gateway --snapshot {} --report-server file:{} {form}",
        cluster.display(),
        file.display()
    );
    let (code, _, stderr) = run(command(&words), b"");
    assert_eq!(code, 0, "{stderr}");
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(text.lines().count(), 1);
    serde_json::from_str(&text).unwrap()
}

#[track_caller]
fn validate(schema: &Value, instance: &Value, what: &str) {
    let validator = jsonschema::draft202012::new(schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(instance).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{instance:#}");
}

#[test]
fn every_byte_that_left_is_in_the_dictionary_and_passes_its_json_schema() {
    let catalog = ktel::Catalog::built_in();
    let schemas: Vec<&Schema> = catalog.jobs().map(|job| job.schema()).collect();
    let written = dictionary::dictionary(&schemas);
    for form in ["", "--coarse"] {
        let envelope = received(form);
        validate(&Envelope::json_schema(), &envelope, "envelope");
        let sections = envelope["data"].as_object().unwrap();
        let names: Vec<&String> = sections.keys().collect();
        assert_eq!(names, schemas.iter().map(|schema| &schema.name).collect::<Vec<_>>());
        for schema in &schemas {
            let section = &sections[&schema.name];
            assert!(!section.as_object().unwrap().is_empty(), "{} is empty", schema.name);
            validate(&schema.json_schema(), section, &schema.name);
            let declared: BTreeSet<&String> = schema.fields.keys().collect();
            for field in section.as_object().unwrap().keys() {
                assert!(declared.contains(field), "{}.{field} is not declared", schema.name);
                let entry = format!("### `{}` / `{field}`", schema.name);
                assert!(written.contains(&entry), "{entry} is not in the dictionary");
            }
            let digest = &envelope["schemas"][&schema.name]["digest"];
            assert_eq!(digest, &Value::String(schema.digest()), "{}", schema.name);
        }
    }
}

#[test]
fn no_name_address_or_label_of_the_cluster_leaves() {
    for form in ["", "--coarse"] {
        let sent = received(form).to_string();
        let cluster: Vec<Value> = names_in(include_str!("../../../snapshot/src/demo.yaml"));
        for name in cluster.iter().filter_map(Value::as_str) {
            // The product's name is the user's own word on the command line.
            let spoken = ["example-gateway", "default", "istio"];
            assert!(spoken.contains(&name) || !sent.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}

/// Names of objects, hosts and namespaces of a cluster in YAML.
fn names_in(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    let mut names = Vec::new();
    for document in documents {
        for pointer in ["/metadata/name", "/metadata/namespace", "/spec/providerID"] {
            names.extend(document.pointer(pointer).cloned());
        }
    }
    assert!(names.len() > 20, "the cluster has names");
    names
}
