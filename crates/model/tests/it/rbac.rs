//! Roles are minimal, sorted, and read only.

use ktel_model::Schema;
use ktel_model::standard::rbac::{cluster_role, rules};

use super::sample::everything;

fn with_access(access: &str) -> Schema {
    let sample = include_str!("../samples/everything.yaml");
    let (before, rest) = sample.split_once("access:\n").unwrap();
    let (_, after) = rest.split_once("retention:").unwrap();
    let text = format!("{before}access:\n{access}\nretention:{after}");
    Schema::parse(&text, "x.yaml").unwrap()
}

fn one() -> Schema {
    with_access(
        "  - {group: apps, resources: [deployments], verbs: [get], scope: namespace, reads: object, calls: 1}
  - {group: \"\", resources: [pods, nodes], verbs: [list], scope: cluster, reads: object, calls: pages}
  - {paths: [/version, /metrics]}",
    )
}

fn two() -> Schema {
    with_access(
        "  - {group: \"\", resources: [services, pods], verbs: [list], scope: cluster, reads: metadata, calls: 2}
  - {group: \"\", resources: [nodes], verbs: [watch, list], scope: cluster, reads: object, calls: 1}",
    )
}

#[test]
fn a_role_joins_what_several_schemas_read() {
    insta::assert_snapshot!(cluster_role("ktel-all", &[&one(), &two()]), @r#"
    # Reads only. Generated from the standard.
    # Read as well, and open to everybody (system:public-info-viewer): /version
    # Read in the product's own namespace only: deployments
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: ktel-all
      labels:
        app.kubernetes.io/name: ktel
    rules:
      - apiGroups: [""]
        resources: [pods, services]
        verbs: [list]
      - apiGroups: [""]
        resources: [nodes]
        verbs: [list, watch]
      - apiGroups: ["apps"]
        resources: [deployments]
        verbs: [get]
      - nonResourceURLs: [/metrics]
        verbs: [get]
    "#);
}

#[test]
fn the_order_and_number_of_schemas_make_no_difference() {
    let (one, two) = (one(), two());
    assert_eq!(rules(&[&one, &two]), rules(&[&two, &one, &two]));
}

#[test]
fn rules_serialize_as_kubernetes_reads_them() {
    let rules = serde_json::to_string(&rules(&[everything()])).unwrap();
    assert_eq!(rules, r#"[{"apiGroups":[""],"resources":["nodes"],"verbs":["list"]}]"#);
}

#[test]
fn a_schema_that_reads_nothing_needs_no_rules() {
    let sample = include_str!("../samples/everything.yaml");
    let (before, rest) = sample.split_once("access:\n").unwrap();
    let (_, after) = rest.split_once("retention:").unwrap();
    let schema = Schema::parse(&format!("{before}access: []\nretention:{after}"), "x").unwrap();
    assert!(cluster_role("none", &[&schema]).ends_with("rules: []\n"));
}
