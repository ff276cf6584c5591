//! An agent that reads metrics of real programs: how slow beside how many.

use ktel_testkit::api_server::ADMIN_TOKEN;
use ktel_testkit::wait;
use serde_json::{Value, json};

use crate::scene::{SOON, Scene, items};

/// What is reported of an API server: its size and its slowness in one document.
const SCHEMA: &str = "kts: 1
schema: acme/acme-size
version: 1.0.0
kind: stats
title: Size and slowness of an API server
purpose:
  question: Does the server grow slower with what it holds?
  value_to_you: Slowness is found before it hurts.
  used_for: [capacity-tests]
owner: acme
stability: development
consent: ambient
access: []
retention: {raw: 90d, aggregate: 25mo}
fields:
  configmaps: {type: count, sensitivity: technical, why: Shows the size., example: 6-20, since: 0.1.0, expires: 2027-11-01}
  reads_per_minute: {type: count, sensitivity: technical, why: Shows the load., example: 6-20, since: 0.1.0, expires: 2027-11-01}
  list_ms_p50: {type: count, sensitivity: technical, why: Shows slowness., example: 6-20, since: 0.1.0, expires: 2027-11-01}
  list_ms_p99: {type: count, exact: true, sensitivity: technical, why: Shows slowness., example: 10, since: 0.1.0, expires: 2027-11-01}
  goroutines: {type: count, exact: true, sensitivity: technical, why: Shows the load., example: 10, since: 0.1.0, expires: 2027-11-01}
  requests: {type: map, keys: [reads, others], of: count, exact: true, sensitivity: technical, why: Shows the load., example: {reads: 10, others: 3}, since: 0.1.0, expires: 2027-11-01}
";

fn config(scene: &Scene, from: &str, files: &str) -> std::path::PathBuf {
    let write = |name: &str, text: &str| {
        let path = scene.place.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    write("acme-size.yaml", SCHEMA);
    let text = format!(
        "ktel: 1
product: acme
namespace: kamaji-system
servers: ['{}/v1/reports']
schemas: [acme-size.yaml]
stats:
  initial_delay: 4s
  schema: acme-size
  groups: [{{resource: configmaps, path: .metadata.name, other: configmaps}}]
  metrics:
    from: {from}
{files}    series:
    - {{counter: apiserver_request_total, where: {{verb: GET}}, per: minute, into: reads_per_minute}}
    - {{counter: apiserver_request_total, by: verb, per: day, into: {{GET: requests.reads}}, other: requests.others}}
    - {{histogram: apiserver_request_duration_seconds, where: {{verb: LIST}}, times: 1000, into: {{p50: list_ms_p50, p99: list_ms_p99}}}}
    - {{gauge: go_goroutines, into: goroutines}}
",
        scene.receiver.url()
    );
    write("metrics.yaml", &text)
}

#[test]
fn how_slow_a_real_api_server_is_stands_beside_how_much_it_holds() {
    let scene = Scene::new();
    let file = |name: &str, text: &str| {
        let path = scene.place.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let token = file("token", ADMIN_TOKEN);
    let ca = file("ca.pem", &scene.server.ca_pem());
    let files = format!("    token_file: {token}\n    ca_file: {ca}\n");
    let config = config(&scene, &format!("{}/metrics", scene.server.url()), &files);
    let agent = scene.start(&scene.server.kubeconfig(ADMIN_TOKEN), &config);
    // What kubectl does until the first numbers is what grows.
    wait::until("the agent reports", SOON, || {
        scene.server.kubectl(["get", "configmaps,pods", "-A"]).expect("an answer");
        !scene.receiver.requests().is_empty()
    });
    let item = items(&scene.receiver.requests()[0]).remove(0);
    assert!(agent.stop().success());
    let section = &item["data"]["acme-size"];
    assert_eq!(item["failures"], json!([]), "{item}");
    assert!(section["configmaps"].is_string(), "{item}");
    assert!(section["reads_per_minute"].is_string(), "{item}");
    assert!(section["list_ms_p50"].is_string(), "{item}");
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{item}"));
    assert!((1..60_000).contains(&number(&section["list_ms_p99"])), "{item}");
    assert!((10..100_000).contains(&number(&section["goroutines"])), "{item}");
    assert!(number(&section["requests"]["reads"]) > 0, "{item}");
    assert!(number(&section["requests"]["others"]) > 0, "{item}");
}

#[test]
fn metrics_that_cannot_be_read_cost_their_own_fields_only() {
    let scene = Scene::new();
    // A Service that nobody stands behind: the role lets the agent through, and there is no answer.
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "acme", "namespace": "default"},
        "spec": {"ports": [{"port": 8080}]},
    });
    scene.server.apply(&service.to_string()).expect("a service");
    let config = config(&scene, "service/default/acme:8080/metrics", "");
    let token = scene.token(&config);
    let binding = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: agent-metrics, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ktel-agent-metrics}
subjects: [{kind: ServiceAccount, name: agent, namespace: kamaji-system}]
";
    let mut reasons = Vec::new();
    for bound in [false, true] {
        if bound {
            scene.server.apply(binding).expect("a binding");
        }
        let before = scene.receiver.requests().len();
        let agent = scene.start(&scene.server.kubeconfig(&token), &config);
        let requests = scene.receiver.wait_for(before + 1, SOON);
        assert!(agent.stop().success());
        let item = items(&requests[before]).remove(0);
        assert!(item["data"]["acme-size"]["configmaps"].is_string(), "{item}");
        assert_eq!(item["data"]["acme-size"].as_object().map(|section| section.len()), Some(1));
        reasons.push(item["failures"].clone());
    }
    let failure = |reason: &str| json!([{"job": "acme-size", "reason": reason}]);
    assert_eq!(reasons, [failure("forbidden"), failure("bad-answer")]);
}
