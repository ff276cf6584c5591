//! The formats of what is printed: the same option for every command that prints something to read.

use std::fs;

use clap::{Arg, Command};
use serde_json::Value;

use crate::support::{command, run};

/// Commands that print nothing to read, and what they do instead.
const OTHERS: [(&str, &str); 33] = [
    ("jobs rbac", "prints manifests for kubectl"),
    ("schema json", "prints a JSON Schema"),
    ("schema editor", "prints a JSON Schema"),
    ("outbox show", "prints a report byte for byte"),
    ("outbox flush", "sends"),
    ("outbox drop", "deletes"),
    ("bundle export", "writes a file"),
    ("bundle import", "reads a file"),
    ("events emit", "records"),
    ("events upload", "sends"),
    ("events check", "sends, and prints the answer byte for byte"),
    ("telemetry preview", "prints a request byte for byte"),
    ("telemetry log", "prints what was sent byte for byte, in lines of JSON"),
    ("telemetry on", "decides"),
    ("telemetry off", "decides"),
    ("telemetry forget", "deletes"),
    ("exporter run", "runs"),
    ("exporter local", "runs"),
    ("exporter test", "sends"),
    ("exporter crd", "prints a manifest for kubectl"),
    ("exporter rbac", "prints manifests for kubectl"),
    ("metricsql check", "prints queries, for other programs"),
    ("serve", "runs"),
    ("token add", "writes, and prints a token for other programs"),
    ("token revoke", "deletes"),
    ("agent run", "runs"),
    ("agent rbac", "prints manifests for kubectl"),
    ("demo", "runs"),
    ("init product", "writes files"),
    ("init agent", "writes files"),
    ("init job", "writes files"),
    ("completions", "prints a script"),
    ("man", "prints a manual page"),
];

/// Finds the commands that do something.
fn leaves(command: &Command, path: &str, found: &mut Vec<(String, Option<Arg>)>) {
    let mut inner = command.get_subcommands().filter(|one| one.get_name() != "help").peekable();
    if inner.peek().is_none() {
        let output = command.get_arguments().find(|argument| {
            argument.get_short() == Some('o') || argument.get_long() == Some("output")
        });
        found.push((path.to_owned(), output.cloned()));
    }
    for one in inner {
        leaves(one, format!("{path} {}", one.get_name()).trim(), found);
    }
}

#[test]
fn every_command_that_prints_something_to_read_has_the_same_option_for_its_format() {
    let mut found = Vec::new();
    leaves(&ktel_cli::command(), "", &mut found);
    for (name, output) in &found {
        let other = OTHERS.iter().find(|(other, _)| other == name);
        let Some(output) = output else {
            assert!(other.is_some(), "`ktel {name}` has no `--output`");
            continue;
        };
        assert!(other.is_none(), "`ktel {name}` has `--output`, and is among the others");
        assert_eq!((output.get_short(), output.get_long()), (Some('o'), Some("output")), "{name}");
        assert_eq!(output.get_value_names().unwrap(), ["FORMAT"], "{name}");
        let values = output.get_possible_values();
        let names: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
        assert_eq!(names.get(..3), Some(&["table", "json", "yaml"][..]), "{name}");
        assert!(values[0].matches("text", false), "{name}: a table is a text");
        // A report is a document for programs; everything else is for people first.
        let default = if name == "workflows run" { "json" } else { "table" };
        assert_eq!(output.get_default_values(), [default], "{name}");
    }
    for (other, _) in OTHERS {
        assert!(found.iter().any(|(name, _)| name == other), "`{other}` is no command");
    }
}

#[track_caller]
fn printed(home: &str, words: &str, format: &str) -> String {
    let mut command = command(&format!("{words} --output {format}"));
    command.env("HOME", home);
    let (code, text, stderr) = run(command, b"");
    assert_eq!(code, 0, "{words}: {stderr}");
    text
}

#[test]
fn json_and_yaml_say_the_same() {
    let place = tempfile::tempdir().unwrap();
    let products = place.path().join(".config/ktel/products");
    fs::create_dir_all(&products).unwrap();
    let file = "{ktel: 1, name: acme, consent: opt-in, commands: [plan]}";
    fs::write(products.join("acme.yaml"), file).unwrap();
    let home = place.path().display().to_string();
    for (words, expected) in [
        ("jobs list", "/0/name"),
        ("jobs describe cluster-state", "/fields/0/why"),
        ("workflows list", "/0"),
        ("schema list", "/0/digest"),
        ("schema show kamaji-stats", "/fields/0/expires"),
        ("schema diff cluster-state ../../telemetry/mesh-detect.yaml --fail-on never", "/0/impact"),
        ("schema lint ../../telemetry", ""),
        ("outbox list", ""),
        ("telemetry list", "/0/product"),
        ("telemetry status", "/0/product"),
        ("telemetry status --product acme", "/waiting/events"),
        ("telemetry status --product other", "/sources/0/decision"),
        ("telemetry show --product acme", "/schemas/0/fields/0/why"),
        ("telemetry explain --product acme command_path", "/why"),
        (
            "exporter validate ../exporter/src/resource/examples/gateway-exporter.yaml",
            "/0/findings",
        ),
        ("version", "/version"),
    ] {
        let json: Value = serde_json::from_str(&printed(&home, words, "json")).unwrap();
        let yaml: Value = serde_saphyr::from_str(&printed(&home, words, "yaml")).unwrap();
        assert_eq!(json, yaml, "{words}");
        assert!(json.pointer(expected).is_some_and(|value| !value.is_null()), "{words}: {json:#}");
        let table = printed(&home, words, "table");
        assert!(serde_json::from_str::<Value>(&table).is_err(), "{words}: {table}");
        assert_eq!(printed(&home, words, "text"), table, "{words}");
    }
}

#[test]
fn a_document_says_what_the_text_says() {
    let text = printed("/nowhere", "jobs describe mesh-detect", "table");
    let value = printed("/nowhere", "jobs describe mesh-detect", "json");
    let value: Value = serde_json::from_str(&value).unwrap();
    for key in ["name", "title", "question", "value_to_you", "owner", "version", "access"] {
        assert!(text.contains(value[key].as_str().unwrap()), "{key}");
    }
    let fields = value["fields"].as_array().unwrap();
    assert!(!fields.is_empty());
    for field in fields {
        for key in ["field", "why", "what"] {
            assert!(text.contains(field[key].as_str().unwrap()), "{key} of {field}");
        }
        let until = field["expires"].as_str().or(field["no_end_because"].as_str());
        assert!(text.contains(until.unwrap()), "{field}");
    }
}
