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
fn what_is_not_yaml_or_has_no_exporter_is_refused() {
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
