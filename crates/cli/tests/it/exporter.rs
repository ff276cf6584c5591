//! Exporters, checked from the command line.

use insta::assert_snapshot;

use crate::support::{command, run};

const GATEWAY: &str = "../exporter/src/resource/examples/gateway-exporter.yaml";
const EXAMPLE: &str = "../exporter/src/resource/examples/example-exporter.yaml";

fn validate(files: &[&str], input: &str) -> String {
    let mut command = command("exporter validate");
    command.args(files);
    let (code, stdout, stderr) = run(command, input.as_bytes());
    format!("exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}")
}

#[test]
fn both_examples_of_the_requirement_are_right_and_their_quotes_are_named() {
    assert_snapshot!(validate(&[GATEWAY, EXAMPLE], ""));
}

#[test]
fn every_mistake_is_shown_in_its_line() {
    let text = r#"
apiVersion: v1
kind: Secret
metadata: {name: token}
---
apiVersion: telemetry.datumapis.com/v1alpha1
kind: Exporter
metadata:
  name: Gateway
spec:
  sources:
    - name: all
      metrics:
        metricsql: |
          {service_name=“a”,
           resource_kind==“b”}
    - name: rates
      metrics: {metricsql: 'sum(rate(x[5m])) by (a, it''s)'}
      minLag: 2d
  sinks:
    - name: one
      otlp_http:
        endpoint: otlp.example.com
        authentication: {type: bearerToken}
      batch: {timeout: 6m, max_size: 5}
      sources: [all, gone]
"#;
    assert_snapshot!(validate(&["-"], text));
}

#[test]
fn what_is_not_yaml_or_has_no_exporter_is_rejected() {
    assert_snapshot!(validate(&["-"], "a: [1\nb: 2\n"));
    assert_snapshot!(validate(&["-"], "kind: Secret\n"));
}

#[test]
fn the_definition_is_printed() {
    let (code, stdout, stderr) = run(command("exporter crd"), b"");
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(
        stdout.starts_with("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n")
    );
}

/// Writes settings, and gives their path beside the folder that they are in.
fn settings(text: &str) -> (tempfile::TempDir, String) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("settings.yaml");
    std::fs::write(&path, text).unwrap();
    (place, path.display().to_string())
}

const SETTINGS: &str = "ktel: 1
store: {kind: victoria-metrics, version: '1.145', url: 'http://store.example.com'}
tenancy: {labels: {project: {namespace_label: example.com/project}}}
egress: {ports: [443]}
";

#[test]
fn with_settings_tenancy_egress_and_queries_are_checked_in_their_lines() {
    let (_place, config) = settings(SETTINGS);
    let text = r#"
apiVersion: telemetry.datumapis.com/v1alpha1
kind: Exporter
metadata: {name: gateway, namespace: shop}
spec:
  sources:
    - name: strange
      metrics:
        metricsql: |
          sum(rate(x[5m])) +
            sum(rate({project="other"}[5m]))
    - name: fine
      metrics: {metricsql: '{service_name="shop"}'}
      minLag: 1s
  sinks:
    - name: plain
      otlp_http: {endpoint: 'http://otlp.example.com'}
    - name: metadata
      otlp_http: {endpoint: 'https://169.254.169.254'}
    - name: port
      otlp_http: {endpoint: 'https://otlp.example.com:4318'}
    - name: fine
      profile: datadog
      temporality: cumulative
      otlp_http: {endpoint: 'https://otlp.example.com'}
"#;
    let label = "--namespace-label=example.com/project=mine";
    assert_snapshot!(validate(&["-", "--config", &config, label], text));
}

#[test]
fn without_the_namespaces_label_the_rest_is_checked() {
    let (_place, config) = settings(SETTINGS);
    assert_snapshot!(validate(&[EXAMPLE, "--config", &config], ""));
    let (code, _, stderr) = run(
        command(
            "exporter validate --namespace-label a=b ../exporter/src/resource/examples/example-exporter.yaml",
        ),
        b"",
    );
    assert_eq!(code, 2);
    assert!(stderr.contains("name the settings with `--config FILE`"), "{stderr}");
}

#[test]
fn the_commands_say_how_they_are_used_and_how_they_end() {
    assert_snapshot!(crate::support::ktel("exporter preview --help"));
    assert_snapshot!(crate::support::ktel("exporter test --help"));
}

#[test]
fn a_sink_that_does_not_exist_is_told_beside_those_that_do() {
    let (_place, config) = settings(SETTINGS);
    let mut command =
        command("exporter test --sink other --namespace-label example.com/project=mine");
    command.args([GATEWAY, "--config", &config]);
    let (code, stdout, stderr) = run(command, b"");
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains("error: no sink `other` can be used\n"), "{stderr}");
    assert!(stderr.contains("hint: these can: grafana-cloud-exporter\n"), "{stderr}");
}

#[test]
fn without_the_namespaces_label_nothing_is_sent_and_the_flag_is_named() {
    let (_place, config) = settings(SETTINGS);
    for words in ["exporter test --sink grafana-cloud-exporter", "exporter preview"] {
        let mut command = command(words);
        command.args([GATEWAY, "--config", &config]);
        let (code, stdout, stderr) = run(command, b"");
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains("has no label `example.com/project`"), "{stderr}");
        assert!(stderr.contains("`--namespace-label KEY=VALUE`"), "{stderr}");
    }
}
