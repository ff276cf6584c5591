//! The wire-truth test: what a receiver really got is decoded, and every byte of it must be declared.

use std::collections::BTreeSet;

use ktel_model::envelope::Envelope;
use ktel_model::standard::dictionary;
use ktel_model::{Schema, around};
use serde_json::Value;

use crate::support::{CLUSTER, command, run, scratch};

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

/// The heads of the requests of every protocol, as `--dry-run` shows them.
fn heads() -> Vec<(String, BTreeSet<String>)> {
    let heads = [
        "https://example.com",
        "https://example.com?gzip",
        "otlp+https://example.com",
        "otlp://example.com",
        "splunk://example.com?ack",
    ];
    let of = |url: &&str| {
        let words =
            format!("workflows run --workflow all --snapshot {CLUSTER} --dry-run --server {url}");
        let mut command = command(&words);
        command.env("KTEL_TOKEN", "hunter2").env("KTEL_SPLUNK_TOKEN", "hunter2");
        let (code, _, head) = run(command, b"");
        assert_eq!(code, 0, "{head}");
        let names = head.lines().skip(2).filter_map(|line| line.split_once(": "));
        ((*url).to_owned(), names.map(|(name, _)| name.to_owned()).collect())
    };
    heads.iter().map(of).collect()
}

#[test]
fn every_header_that_leaves_is_in_the_dictionary_and_no_other() {
    let known: BTreeSet<String> =
        around::HEADERS.iter().map(|header| header.name.to_owned()).collect();
    let mut seen = BTreeSet::new();
    for (url, names) in heads() {
        let more: Vec<&String> = names.difference(&known).collect();
        assert!(names.len() > 5 && more.is_empty(), "{url}: {more:?} of {names:?}");
        seen.extend(names);
    }
    // What was really received, of a report and of a test of events.
    let server = ktel_testkit::capture::Http::start();
    let place = tempfile::tempdir().unwrap();
    let product = place.path().join("acme.yaml");
    let text = format!(
        "{{ktel: 1, name: acme, consent: opt-in, server: '{}', key: k, commands: [plan]}}",
        server.url()
    );
    std::fs::write(&product, text).unwrap();
    let words = format!(
        "workflows run --jobs cluster-state --snapshot {CLUSTER} --no-spool --server {}",
        server.url()
    );
    run(command(&words), b"");
    run(command(&format!("events check --product {}", product.display())), b"");
    for request in server.requests() {
        for (name, _) in &request.headers {
            let name = name.to_lowercase();
            assert!(known.contains(&name), "{name} left, and is not in the dictionary");
            seen.insert(name);
        }
    }
    assert_eq!(seen, known, "the dictionary has a header that never leaves");
}

#[test]
fn what_other_protocols_add_is_in_the_dictionary() {
    let added = |protocol: &str| -> BTreeSet<&str> {
        around::ADDED.iter().filter(|(of, ..)| *of == protocol).map(|(_, name, _)| *name).collect()
    };
    let body = |url: &str| -> Value {
        let words =
            format!("workflows run --jobs cluster-state --snapshot {CLUSTER} --dry-run --server");
        let mut command = command(&words);
        command.arg(url).env("KTEL_SPLUNK_TOKEN", "hunter2");
        serde_json::from_str(&run(command, b"").1).unwrap()
    };
    let event = body("splunk://example.com?index=i&source=s&sourcetype=t&fields=a:b");
    let members: BTreeSet<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = added("Splunk");
    expected.insert("event");
    assert_eq!(members, expected);
    let request = body("otlp://example.com");
    let logs = &request["resourceLogs"][0];
    let mut found: BTreeSet<String> = BTreeSet::new();
    found.extend(
        logs["resource"]["attributes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["key"].as_str().unwrap().to_owned()),
    );
    let scope = &logs["scopeLogs"][0];
    found.extend(scope["scope"].as_object().unwrap().keys().map(|key| format!("scope.{key}")));
    let record = scope["logRecords"][0].as_object().unwrap();
    found.extend(record.keys().filter(|key| *key != "attributes").cloned());
    assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), added("OTLP"));
}
