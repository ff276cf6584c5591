//! The dashboards for Grafana, read with the types that Grafana publishes.
//!
//! Grafana ignores a name that it does not know, so a mistake only shows as a panel that looks wrong.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use ktel_testkit::real;
use serde_json::Value;

/// A dashboard, and the type of its queries.
const DASHBOARDS: [(&str, &str); 2] = [
    ("deploy/grafana/product.json", "Infinity"),
    ("deploy/chart/files/exporter/dashboard.json", "Prometheus"),
];

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    fs::read_to_string(path).unwrap()
}

fn list(value: &mut Value, key: &str) -> Vec<Value> {
    let list = value.as_object_mut().and_then(|object| object.remove(key));
    match list {
        Some(Value::Array(list)) => list,
        other => panic!("`{key}` is no list: {other:?}"),
    }
}

/// Writes a dashboard as a program whose parts have Grafana's types. The compiler compares the names of a
/// value with those of its type only where the value is written, so each part stands on its own.
fn program(text: &str, query: &str) -> String {
    let mut dashboard: Value = serde_json::from_str(text).unwrap();
    let panels = list(&mut dashboard, "panels");
    let variables = list(&mut dashboard["templating"], "list");
    dashboard.as_object_mut().unwrap().remove("templating");
    let mut program = format!("export const dashboard: types.Dashboard = {dashboard};\n");
    for (number, variable) in variables.iter().enumerate() {
        writeln!(program, "export const variable{number}: types.Variable = {variable};").unwrap();
    }
    for (number, panel) in panels.iter().enumerate() {
        let kind = match panel["type"].as_str().unwrap() {
            "stat" => "Stat",
            "table" => "Table",
            "timeseries" => "Timeseries",
            other => panic!("panels of the type `{other}` are not checked; add it here"),
        };
        writeln!(program, "export const panel{number}: types.{kind}<types.{query}> = {panel};")
            .unwrap();
    }
    program
}

/// Compiles programs, and gives what the compiler says. It calls the first `program0.ts`.
fn compiled(compiler: &Path, programs: &[String]) -> String {
    let package = compiler.ancestors().nth(4).expect("it is in `node_modules`");
    let place = tempfile::tempdir().unwrap();
    let import = format!("import type * as types from \"{}/dashboard\";\n", package.display());
    for (number, program) in programs.iter().enumerate() {
        let file = place.path().join(format!("program{number}.ts"));
        fs::write(file, format!("{import}{program}")).unwrap();
    }
    fs::copy(package.join("tsconfig.json"), place.path().join("tsconfig.json")).unwrap();
    let mut node = Command::new("node");
    let output = node.arg(compiler).arg("--project").arg(place.path()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

#[test]
fn grafana_knows_every_name_and_word_of_the_dashboards() {
    let [compiler] = real::require(["grafana-types"]);
    let programs = DASHBOARDS.map(|(file, query)| program(&read(file), query));
    assert_eq!(compiled(&compiler, &programs), "");
}

#[test]
fn a_name_or_a_word_that_grafana_does_not_know_is_found() {
    let [compiler] = real::require(["grafana-types"]);
    let (file, query) = DASHBOARDS[1];
    let dashboard = read(file);
    let mistakes = [
        ("\"title\": \"Greatest lag\"", "\"titel\": \"Greatest lag\""),
        ("\"graphMode\": \"area\"", "\"graphMode\": \"aria\""),
        ("\"unit\": \"s\"", "\"unti\": \"s\""),
        ("\"schemaVersion\": 39", "\"schemaVersion\": \"39\""),
        ("\"refId\": \"B\"", "\"refID\": \"B\""),
        ("\"reduceOptions\"", "\"reduceOption\""),
        ("\"allValue\"", "\"allValues\""),
    ];
    let wrong = mistakes.map(|(right, wrong)| {
        assert!(dashboard.contains(right), "{right}");
        program(&dashboard.replacen(right, wrong, 1), query)
    });
    let said = compiled(&compiler, &wrong);
    for (number, (_, mistake)) in mistakes.iter().enumerate() {
        assert!(said.contains(&format!("program{number}.ts(")), "{mistake}: {said}");
    }
}
