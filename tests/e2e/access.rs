//! The generated roles: each is enough for its job, and no rule of it is too much.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ktel::Catalog;
use ktel_model::standard::rbac;
use ktel_testkit::api_server::ApiServer;
use serde_json::{Value, json};

use crate::manifests::{OPENSHIFT, install, populate};
use crate::program::{Run, command, finish};

/// A product that only the last list finds, and a pod of another that only its owners lead to.
const PRODUCTS: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: last-looked-for, namespace: default, labels: {app.kubernetes.io/name: last-looked-for}}
spec:
  serviceName: none
  selector: {matchLabels: {app: last}}
  template: {metadata: {labels: {app: last}}, spec: {containers: [{name: a, image: example.com/a}]}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: owned
  namespace: default
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: example-gateway, uid: 0a, controller: true}]
spec:
  selector: {matchLabels: {app: owned}}
  template: {metadata: {labels: {app: owned}}, spec: {containers: [{name: a, image: example.com/a}]}}
---
apiVersion: v1
kind: Pod
metadata:
  name: own
  namespace: default
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: owned, uid: 0b, controller: true}]
spec: {containers: [{name: a, image: example.com/a}]}
";

/// A job that needs nothing but what everybody may read; it shows that others go on working.
const CANARY: &str = "
kts: 1
schema: example/canary
version: 1.0.0
kind: job
title: Canary
purpose: {question: Is anything alive?, value_to_you: It is., used_for: [tests]}
owner: tests
stability: development
consent: explicit
access: []
retention: {raw: 1d, aggregate: 1mo}
fields:
  versions:
    type: list
    values: [v1]
    sensitivity: technical
    why: To have something.
    example: [v1]
    since: 0.1.0
    expires: {never: a test has no end}
    collect: {served_versions: {group: '', resource: pods}}
";

/// One resource in each rule, so that each can be taken away.
fn rules(job: &str) -> Vec<Value> {
    let catalog = Catalog::built_in();
    let job = catalog.find(job).expect("a job of the catalog");
    let mut rules = Vec::new();
    for rule in rbac::rules(&[job.schema()]) {
        let rule = serde_json::to_value(&rule).expect("a rule becomes JSON");
        for resource in rule["resources"].as_array().expect("resources") {
            rules.push(json!({
                "apiGroups": rule["apiGroups"], "resources": [resource], "verbs": rule["verbs"],
            }));
        }
    }
    rules
}

/// A service account that may do exactly this.
fn account(name: &str, rules: &[Value]) -> [Value; 3] {
    let metadata = json!({"name": name});
    [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "default"}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
        }),
    ]
}

/// Runs a job and the canary, by one way of finding the product.
fn run(kubeconfig: &Path, job: &str, canary: &Path, by_pod: bool) -> Run {
    let mut command = command(kubeconfig);
    command.args(["workflows", "run", "--jobs-from"]).arg(canary);
    command.args(["--jobs", &format!("{job},canary")]);
    if by_pod {
        command.env("POD_NAMESPACE", "default").env("POD_NAME", "own");
    } else {
        command.args(["--product", "last-looked-for"]);
    }
    finish(command, "")
}

/// One job with one rule fewer than its role has.
struct Variant {
    job: &'static str,
    without: Value,
    name: String,
}

#[test]
fn every_job_works_with_exactly_its_role_and_needs_every_rule_of_it() {
    let server = ApiServer::start();
    populate(&server);
    server.apply(PRODUCTS).expect("the products are valid");
    let jobs: Vec<&'static str> = Catalog::built_in()
        .jobs()
        .map(|job| &*Box::leak(job.schema().name.clone().into_boxed_str()))
        .collect();
    let (variants, manifests) = variants(&jobs);
    server.apply(&manifests).expect("the roles are valid");
    let kubeconfig = |name: &str| {
        let token = server.token_for_service_account("default", name).expect("a token");
        server.kubeconfig(&token)
    };
    let place = tempfile::tempdir().expect("a place for the canary");
    let canary = place.path().join("canary.yaml");
    std::fs::write(&canary, CANARY).expect("the canary can be written");

    for job in &jobs {
        works(&kubeconfig(job), job, &canary);
    }
    let mut left: Vec<(Variant, PathBuf)> = Vec::new();
    for variant in variants {
        let kubeconfig = kubeconfig(&variant.name);
        if !misses(&variant, &kubeconfig, &canary) {
            left.push((variant, kubeconfig));
        }
    }
    // What is left is read on OpenShift alone.
    install(&server, &[OPENSHIFT]);
    works(&kubeconfig("identify-platform"), "identify-platform", &canary);
    left.retain(|(variant, kubeconfig)| !misses(variant, kubeconfig, &canary));
    let too_much: Vec<_> =
        left.iter().map(|(variant, _)| format!("{}: {}", variant.job, variant.without)).collect();
    assert!(too_much.is_empty(), "rules that nobody needs: {too_much:#?}");
}

fn variants(jobs: &[&'static str]) -> (Vec<Variant>, String) {
    let mut variants = Vec::new();
    let mut objects = Vec::new();
    for &job in jobs {
        let rules = rules(job);
        for index in 0..rules.len() {
            let mut fewer = rules.clone();
            let without = fewer.remove(index);
            let name = format!("{job}-{index}");
            objects.extend(account(&name, &fewer));
            variants.push(Variant { job, without, name });
        }
        // Last, so that when this one is known to the authorizer the others are too.
        objects.extend(account(job, &rules));
    }
    let manifests: Vec<String> = objects.iter().map(Value::to_string).collect();
    (variants, manifests.join("\n---\n"))
}

/// Proves that a role is enough. The authorizer hears of it by a watch, a moment after the write.
fn works(kubeconfig: &Path, job: &str, canary: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    for by_pod in [false, true] {
        loop {
            let run = run(kubeconfig, job, canary, by_pod);
            if run.code == 0 {
                assert!(run.report().get(job).is_some(), "{run:?}");
                break;
            }
            assert!(Instant::now() < deadline, "{job} does not work with its role: {}", run.stderr);
        }
    }
}

/// Tells whether the job notices that the rule is gone; if so, it must say which, and others go on.
fn misses(variant: &Variant, kubeconfig: &Path, canary: &Path) -> bool {
    let Variant { job, without, .. } = variant;
    for by_pod in [false, true] {
        let run = run(kubeconfig, job, canary, by_pod);
        if run.code == 0 {
            continue;
        }
        assert_eq!(run.code, 1, "{job} without {without}: {run:?}");
        let resource = without["resources"][0].as_str().expect("a resource");
        let said = run.stderr.contains("may not") && run.stderr.contains(resource);
        assert!(said, "{job} without {without}: {}", run.stderr);
        let report = run.report();
        // A job that may read something else gives that, and names the fields that are missing.
        let is_partial = run.stderr.contains(&format!("job `{job}`, field `"));
        assert!(is_partial || report.get(job).is_none(), "{job} without {without}: {report}");
        assert!(report.get("canary").is_some(), "others go on: {report}");
        return true;
    }
    false
}

/// A product that Helm installed, and the Secret in which Helm keeps the release.
const HELM: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: charted
  namespace: default
  labels: {app.kubernetes.io/name: charted, app.kubernetes.io/managed-by: Helm, helm.sh/chart: charted-2.8.0}
  annotations: {meta.helm.sh/release-name: charted, meta.helm.sh/release-namespace: default}
spec:
  selector: {matchLabels: {app: charted}}
  template: {metadata: {labels: {app: charted}}, spec: {containers: [{name: a, image: example.com/a}]}}
---
apiVersion: v1
kind: Secret
type: helm.sh/release.v1
metadata:
  name: sh.helm.release.v1.charted.v3
  namespace: default
  labels: {owner: helm, name: charted, version: '3', status: deployed, modifiedAt: '1651567606'}
";

#[test]
fn helms_release_is_read_with_its_own_role_and_only_when_asked() {
    let server = ApiServer::start();
    server.apply(HELM).expect("the product is valid");
    let role = rbac::helm_release_role("reads-release", "default");
    let binding = "
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reads-release, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reads-release}
subjects: [{kind: ServiceAccount, name: with-release, namespace: default}]
";
    let mut manifests = vec![format!("{role}{binding}")];
    for name in ["without-release", "with-release"] {
        manifests.extend(account(name, &rules("identify-deployment")).map(|one| one.to_string()));
    }
    server.apply(&manifests.join("\n---\n")).expect("the roles are valid");
    let run = |account: &str, more: &[&str]| {
        let token = server.token_for_service_account("default", account).expect("a token");
        let mut command = command(&server.kubeconfig(&token));
        command.args(["workflows", "run", "--jobs", "identify-deployment", "--product", "charted"]);
        command.args(more);
        finish(command, "")
    };
    // The authorizer hears of a role by a watch, a moment after the write.
    let deadline = Instant::now() + Duration::from_secs(20);
    let read = loop {
        let read = run("with-release", &["--read-helm-release"]);
        if read.code == 0 || Instant::now() > deadline {
            break read;
        }
    };
    let section = &read.report()["identify-deployment"];
    assert_eq!(section["lifecycle"], "helm", "{read:?}");
    assert_eq!(section["last-update"], "2022-05-03 08:46:46", "{read:?}");
    let refused = run("without-release", &["--read-helm-release"]);
    assert!(refused.code != 0 && refused.stderr.contains("secrets"), "{refused:?}");
    let plain = run("without-release", &[]);
    assert_eq!(plain.code, 0, "{plain:?}");
    assert_ne!(plain.report()["identify-deployment"]["last-update"], "2022-05-03 08:46:46");
}
