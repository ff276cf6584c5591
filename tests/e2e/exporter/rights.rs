//! The exporter has the rights that it uses, and uses those that it has.

use std::collections::BTreeSet;

use ktel_testkit::wait;
use serde_json::{Value, json};

use super::scene::{SOON, Scene};
use crate::helm::documents;
use crate::program::ktel;
use crate::roles::{Right, rights};

/// A custom resource whose objects are looked up.
const OBJECTS: &str = "gateways.gateway.networking.k8s.io";

const GATEWAYS: [(&str, &str); 4] = [
    ("project", "project-1"),
    ("service_name", "gateway.networking.k8s.io"),
    ("resource_kind", "Gateway"),
    ("resource_namespace", "shop"),
];

/// What an Exporter needs to make use of everything: objects by label, and a Secret.
const EXPORTER: &str = "
apiVersion: telemetry.datumapis.com/v1alpha1
kind: Exporter
metadata: {name: by-label}
spec:
  sources:
  - name: gateways
    metrics:
      resourceSelectors:
      - labelSelectors: {matchLabels: {app: shop}}
        kinds: [{apiGroups: [gateway.networking.k8s.io], resources: [gateways]}]
  sinks:
  - name: here
    otlp_http:
      endpoint: ENDPOINT
      authentication: {type: bearerToken, secretRef: {name: grafana-api-key, key: token}}
";

fn definition() -> String {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": OBJECTS,
            // The API server wants it for a group of Kubernetes' own.
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": "gateway.networking.k8s.io", "scope": "Namespaced",
            "names": {"plural": "gateways", "kind": "Gateway"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    })
    .to_string()
}

/// Binds the roles of a manifest to an account in `monitoring`.
fn bindings(roles: &[Value]) -> String {
    let mut text = String::new();
    for role in roles {
        let kind = role["kind"].as_str().expect("a kind");
        let mut binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{kind}Binding"),
            "metadata": {"name": "exporter"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role["metadata"]["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": "exporter", "namespace": "monitoring"}],
        });
        if kind == "Role" {
            binding["metadata"]["namespace"] = "monitoring".into();
        }
        text += &format!("---\n{binding}\n");
    }
    text
}

#[test]
fn it_uses_each_right_that_its_roles_give_and_needs_no_other() {
    let mut scene = Scene::start();
    scene.more = "resources: {resolve: objects}";
    scene.api.apply(&definition()).expect("the definition is valid");
    let wait = ["wait", "--for=condition=Established", &format!("crd/{OBJECTS}"), "--timeout=30s"];
    scene.kubectl(&wait);
    for name in ["gateway-0", "gateway-1"] {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": name, "namespace": "shop", "labels": {"app": "shop"}},
        });
        if name == "gateway-0" {
            scene.namespace("shop", "project-1");
            scene.secret("shop", "grafana-api-key", "token");
        }
        scene.api.apply(&object.to_string()).expect("the object is valid");
    }
    scene.namespace("monitoring", "none");
    scene.kubectl(&["create", "serviceaccount", "exporter", "-n", "monitoring"]);
    let words = format!("exporter rbac --namespace monitoring --object {OBJECTS}");
    let printed = ktel("/dev/null".as_ref(), &words);
    assert_eq!(printed.code, 0, "{printed:?}");
    scene.api.apply(&printed.stdout).expect("the roles are valid");
    let roles = documents(&printed.stdout);
    scene.api.apply(&bindings(&roles)).expect("the bindings are valid");
    let token = scene.api.token_for_service_account("monitoring", "exporter").expect("a token");
    let kubeconfig = scene.api.kubeconfig(&token);
    let start = || scene.start_exporter_with(&kubeconfig, &["--namespace", "monitoring"]);

    let exporter = start();
    scene.apply("shop", &EXPORTER.replace("ENDPOINT", &scene.receiver.url()));
    scene.feed_labels(&[&GATEWAYS], 12);
    scene.wait_until_delivered("shop", "by-label");
    let created = scene.created("shop", "by-label");
    let selector = r#"{project="project-1",service_name="gateway.networking.k8s.io",resource_name=~"gateway-[01]"}"#;
    let expected = scene.stored(selector, created);
    assert!(!expected.0.is_empty());
    assert_eq!(scene.arrived().difference(&expected), Vec::<String>::new());
    // The same Event twice is a series of Events.
    for token in ["wrong", "token", "wrong", "token"] {
        let is_wrong = token == "wrong";
        let answer = if is_wrong { 401 } else { 200 };
        scene.receiver.answer(ktel_testkit::http::Response::new(answer));
        scene.secret("shop", "grafana-api-key", token);
        scene.feed_labels(&[&GATEWAYS], 4);
        let expected = if is_wrong { "False" } else { "True" };
        wait::until("the status follows", SOON, || {
            super::condition(&scene.status("shop", "by-label"), "CredentialsValid") == expected
        });
    }
    let cursors = || scene.kubectl(&["get", "configmaps", "-n", "monitoring", "-o", "name"]);
    assert!(cursors().contains("configmap/"), "{}", cursors());
    scene.kubectl(&["delete", "exp", "by-label", "-n", "shop"]);
    wait::until("its cursors are deleted", SOON, || !cursors().contains("by-label"));
    exporter.stop();
    // The second one looks for the cursors of Exporters that are gone.
    start().stop();

    let used = scene.api.accesses("monitoring", "exporter").expect("the log can be read");
    let denied: Vec<_> = used.iter().filter(|access| !access.is_allowed).collect();
    assert!(denied.is_empty(), "{denied:#?}");
    let granted: BTreeSet<Right> = roles.iter().flat_map(|role| rights(&role["rules"])).collect();
    let by_name = |group: &str, resource: &str, name: &str, verb: &str| {
        let of = |name: &str| [group, resource, name, verb].map(str::to_owned);
        if granted.contains(&of(name)) { of(name) } else { of("*") }
    };
    let used: BTreeSet<Right> = used
        .iter()
        .map(|access| by_name(&access.group, &access.resource, &access.name, &access.verb))
        .collect();
    assert_eq!(used, granted);
}
