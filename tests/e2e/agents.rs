//! `ktel agents` on a real cluster: the chart, installed by helm; a Job of somebody's own; and an agent
//! within another program.

use std::process::Command;

use ktel_testkit::api_server::ApiServer;
use ktel_testkit::real;
use serde_json::{Value, json};

use crate::helm::{CHART, Helm};
use crate::program::{ktel, program};

const VALUES: &str = "
agent:
  enabled: true
  preset: kamaji
  config: {servers: ['https://telemetry.example.com/v1/reports']}
report:
  enabled: true
  jobs: [cluster-state, mesh-detect]
  servers: ['https://reports.example.com/v1/reports', 'splunk+tls://192.0.2.1:6514']
  product: {name: gateway}
  coarse: true
server: {enabled: true}
";

/// What other people run: a Job, another program's lease, and a program that is not ktel.
fn others() -> String {
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once", "namespace": "apps"},
        "spec": {"template": {"spec": {
            "restartPolicy": "Never", "serviceAccountName": "reporter",
            "containers": [{
                "name": "report", "image": "registry.example.com/tools:1",
                "command": ["/usr/local/bin/ktel"],
                "args": ["workflows", "run", "--workflow", "all", "--report-server", "https://example.com", "--respect-consent"],
                "env": [{"name": "DO_NOT_TRACK", "value": "1"}],
            }],
        }}},
    });
    let other = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "other", "namespace": "apps"},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "other:1", "args": ["agent", "run"]}]},
            },
        },
    });
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "lamps-telemetry", "namespace": "apps"},
        "spec": {"holderIdentity": "lamp-controller-0"},
    });
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "reporter", "namespace": "apps"},
    });
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "reporter", "namespace": "apps"},
        "rules": [
            {"apiGroups": [""], "resources": ["configmaps", "serviceaccounts"], "verbs": ["list"]},
            {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "daemonsets"], "verbs": ["list"]},
            {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": ["list"]},
        ],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "reporter", "namespace": "apps"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reporter"},
        "subjects": [{"kind": "ServiceAccount", "name": "reporter", "namespace": "apps"}],
    });
    [job, other, lease, account, role, binding].map(|object| object.to_string()).join("\n---\n")
}

fn find<'a>(all: &'a [Value], name: &str) -> &'a Value {
    all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}: {all:#?}"))
}

#[test]
fn every_agent_and_report_job_is_listed_with_its_rights_and_a_way_to_turn_it_off() {
    let (helm, server) = (Helm::find(), ApiServer::start());
    for namespace in ["obs", "apps", "kamaji-system"] {
        server.kubectl(["create", "namespace", namespace]).expect("a namespace");
    }
    let admin = server.admin_kubeconfig();
    let nothing = ktel(&admin, "agents");
    assert_eq!((nothing.code, nothing.stdout.as_str()), (0, ""), "{nothing:?}");
    assert!(nothing.stderr.contains("no agent and no report job of ktel is in this cluster"));

    let values = helm.values(VALUES);
    let install = ["install", "x", CHART, "--namespace=obs", "--values", &values];
    helm.run(Some(&admin), &install).expect("helm installs it");
    server.apply(&others()).expect("the objects are valid");

    let run = ktel(&admin, "agents --output json");
    assert_eq!(run.code, 0, "{run:?}");
    let all: Vec<Value> = serde_json::from_str(&run.stdout).expect("JSON");
    let names: Vec<&str> = all.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["x-ktel-agent", "x-ktel-report", "once", "lamps-telemetry"]);

    let agent = find(&all, "x-ktel-agent");
    assert_eq!((&agent["task"], &agent["kind"]), (&json!("agent"), &json!("deployment")));
    assert_eq!(agent["product"], "kamaji");
    assert_eq!(agent["servers"], json!(["https://telemetry.example.com/v1/reports"]));
    let sends = agent["sends"].to_string();
    assert!(sends.contains("kamaji-stats (Tenant control planes of a Kamaji cluster)"), "{sends}");
    assert_eq!(agent["off"], Value::Null);
    let rights = agent["rights"].to_string();
    for right in [
        r#"{"namespace":null,"what":"tenantcontrolplanes.kamaji.clastix.io","verbs":"list, watch"}"#,
        r#"{"namespace":"kamaji-system","what":"secrets (kamaji-telemetry-key only)","verbs":"get, update"}"#,
    ] {
        assert!(rights.contains(right), "{right} is not in {rights}");
    }
    let off = "helm upgrade x CHART --namespace obs --reuse-values --set telemetry.disabled=true";
    assert_eq!(agent["turn_off"][0], off);

    let report = find(&all, "x-ktel-report");
    assert_eq!((&report["task"], &report["kind"]), (&json!("report"), &json!("cronjob")));
    assert_eq!(report["sends"], json!(["job cluster-state, blurred", "job mesh-detect, blurred"]));
    assert_eq!(report["servers"][1], "splunk+tls://192.0.2.1:6514");
    assert!(report["state"] == "schedule 17 3 * * *");

    let once = find(&all, "once");
    assert_eq!(once["off"], "its environment sets DO_NOT_TRACK");
    assert!(once["rights"].to_string().contains("configmaps"), "{once}");
    assert_eq!(once["turn_off"], json!(["kubectl delete job once --namespace apps"]));
    assert!(find(&all, "lamps-telemetry")["state"].to_string().contains("lamp-controller-0"));

    // What it says turns it off does.
    let patch = report["turn_off"].as_array().expect("ways").last().expect("one").as_str();
    let (words, spec) = patch.expect("a text").split_once(" --patch ").expect("a patch");
    let patch = format!("--patch={}", spec.trim_matches('\''));
    let words = words.split_whitespace().skip(1).chain([patch.as_str()]);
    server.kubectl(words).expect("kubectl understands it");
    let set = agent["turn_off"][1].as_str().expect("a text");
    server.kubectl(set.split_whitespace().skip(1)).expect("kubectl understands it");
    let text = ktel(&admin, "agents").stdout;
    assert!(text.contains("suspended, schedule 17 3 * * *"), "{text}");
    assert!(text.contains("nothing: its environment sets KTEL_NO_TELEMETRY"), "{text}");

    forbidden(&server);
}

/// Who may not list says so; who may see workloads but no roles still sees the workloads.
fn forbidden(server: &ApiServer) {
    server.kubectl(["create", "serviceaccount", "bare", "--namespace=apps"]).expect("an account");
    let bare = server.token_for_service_account("apps", "bare").expect("a token");
    let run = ktel(&server.kubeconfig(&bare), "agents");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(
        run.stderr.contains("deployments") && run.stderr.contains("hint: it takes `list`"),
        "{run:?}"
    );
    let reporter = server.token_for_service_account("apps", "reporter").expect("a token");
    let run = ktel(&server.kubeconfig(&reporter), "agents --namespace apps");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stdout.contains("job apps/once") && run.stdout.contains("may        not known"),
        "{run:?}"
    );
}

#[test]
#[cfg(unix)]
fn kubectl_runs_and_completes_its_plugin() {
    let [kubectl] = real::require(["kubectl"]);
    let place = tempfile::tempdir().expect("a place");
    for name in ["kubectl-ktel", "kubectl_complete-ktel"] {
        std::os::unix::fs::symlink(program(), place.path().join(name)).expect("a link");
    }
    let run = |words: &[&str]| {
        let mut command = Command::new(&kubectl);
        command.env_clear().env("PATH", place.path()).env("HOME", place.path()).args(words);
        let output = command.output().expect("kubectl can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert!(run(&["ktel", "version"]).starts_with("ktel "));
    let offered = run(&["__complete", "ktel", "workflows", "run", "--jobs", "mesh"]);
    assert!(offered.starts_with("mesh-detect\t"), "{offered}");
}
