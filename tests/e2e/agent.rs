//! `ktel agent run` on a real API server: exactly what happened is sent, each event once.

use std::collections::BTreeSet;
use std::process::Command;

use ktel_testkit::api_server::ADMIN_TOKEN;
use ktel_testkit::capture::Http;
use ktel_testkit::http::{Request, Response};
use ktel_testkit::proxy::{Fault, Proxy};
use ktel_testkit::{real, wait};
use serde_json::{Value, json};

use crate::program::finish;
use crate::receiver::Ours;
use crate::scene::{Agent, SOON, Scene, get, items, wait_for_metrics};

fn created(version: &str) -> (String, Value) {
    let section = json!({
        "kamaji_version": "v0.6.1", "kubernetes_version": "v1.36.4", "tcp_version": version,
        "cluster_api": false, "network_profile": "node_port",
    });
    ("kamaji-create".into(), section)
}

fn updated(old: &str, new: &str) -> (String, Value) {
    let section = json!({
        "kamaji_version": "v0.6.1", "kubernetes_version": "v1.36.4",
        "old_tcp_version": old, "new_tcp_version": new,
    });
    ("kamaji-update".into(), section)
}

fn deleted(version: &str) -> (String, Value) {
    let section = json!({
        "kamaji_version": "v0.6.1", "kubernetes_version": "v1.36.4", "tcp_version": version,
        "status": "Ready",
    });
    ("kamaji-delete".into(), section)
}

fn sorted(documents: &[(String, Value)]) -> Vec<String> {
    let mut lines: Vec<String> =
        documents.iter().map(|(name, section)| format!("{name} {section}")).collect();
    lines.sort();
    lines
}

/// Everything in one story, since every chapter needs the one before.
#[test]
fn exactly_what_happened_is_sent_through_restarts_and_cuts() {
    let scene = Scene::new();
    scene.apply("one", "v1.30.0", "red");
    let url = format!("{}/v1/reports", scene.receiver.url());
    let config = scene.config("agent.yaml", &url, Some("state"));
    let token = scene.token(&config);
    let proxy = Proxy::to_port(scene.server.port());
    let through = format!("https://{}", proxy.address());
    let kubeconfig = scene.server.kubeconfig_through(&through, &token);

    let agent = scene.start(&kubeconfig, &config);
    let (name, stats) = scene.documents(1).remove(0);
    assert_eq!(name, "kamaji-stats");
    let id = stats["uuid"].as_str().expect("an identity").to_owned();
    assert_eq!(
        stats["tenant_control_plane"],
        json!({"running": 1, "sleeping": 0, "not_ready": 0, "upgrading": 0})
    );
    assert_eq!(stats["datastores"]["etcd"], json!({"count": 0, "used_by_count": 0}));

    let mut expected = vec![(name, stats)];
    scene.apply("two", "v1.31.0", "red");
    scene.apply("one", "v1.30.1", "red");
    scene.apply("two", "v1.31.0", "blue");
    scene.delete("two");
    expected.extend([created("v1.31.0"), updated("v1.30.0", "v1.30.1"), deleted("v1.31.0")]);
    assert_eq!(scene.documents(expected.len())[1..], expected[1..], "in this order");

    proxy.set(Fault::Refuse);
    proxy.cut();
    scene.apply("one", "v1.31.0", "red");
    scene.apply("one", "v1.31.0", "blue");
    scene.apply("three", "v1.29.5", "red");
    proxy.set(Fault::None);
    expected.extend([updated("v1.30.1", "v1.31.0"), created("v1.29.5")]);
    assert_eq!(sorted(&scene.documents(expected.len())), sorted(&expected));

    assert!(agent.stop().success());
    scene.apply("one", "v1.32.0", "red");
    scene.delete("three");
    scene.apply("four", "v1.32.1", "red");
    let agent = scene.start(&kubeconfig, &config);
    expected.extend([updated("v1.31.0", "v1.32.0"), deleted("v1.29.5"), created("v1.32.1")]);
    assert_eq!(sorted(&scene.documents(expected.len())), sorted(&expected));

    let came = || scene.receiver.requests().iter().map(|one| items(one).len()).sum::<usize>();
    assert_eq!(came(), expected.len(), "nothing came twice so far");

    // Killed, it comes back as who it was, and the last event shows that no other came.
    drop(agent);
    let agent = scene.start(&kubeconfig, &config);
    scene.apply("one", "v1.32.0", "green");
    scene.apply("five", "v1.33.0", "red");
    expected.push(created("v1.33.0"));
    assert_eq!(sorted(&scene.documents(expected.len())), sorted(&expected));
    assert!(agent.stop().success());
    assert_eq!(scene.documents(expected.len()).len(), expected.len());
    for request in &scene.receiver.requests() {
        let text = String::from_utf8(request.body().expect("whole")).expect("JSON is UTF-8");
        assert!(text.contains(&format!(r#""installation":{{"id":"{id}","persisted":true}}"#)));
        for secret in ["\"one\"", "\"four\"", "default", "kamaji-system", "127.0.0.1"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[test]
fn off_makes_no_request_at_all() {
    let receiver = Http::start();
    let api = Http::start();
    let place = tempfile::tempdir().expect("a place");
    let kubeconfig = place.path().join("kubeconfig");
    let cluster = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": api.url()}}],
        "users": [{"name": "test", "user": {}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    });
    std::fs::write(&kubeconfig, cluster.to_string()).expect("a kubeconfig");
    let config = place.path().join("agent.yaml");
    let state = place.path().join("state");
    let ready = include_str!("../../deploy/kamaji/agent.yaml").replace(
        "servers: []",
        &format!("servers: ['{}/v1/reports']\nstate: {}", receiver.url(), state.display()),
    );
    let off = ready.replace("disabled: false", "disabled: true");
    type Variable<'a> = Option<(&'a str, &'a str)>;
    let says_no: [(&str, &[&str], Variable<'_>); 6] = [
        (&off, &[], None),
        (&ready, &["--disable-telemetry=true"], None),
        (&ready, &["--disable-telemetry"], None),
        (&ready, &[], Some(("DO_NOT_TRACK", "1"))),
        (&ready, &[], Some(("KTEL_NO_TELEMETRY", "1"))),
        (&ready, &[], Some(("KAMAJI_NO_TELEMETRY", "1"))),
    ];
    for (text, words, variable) in says_no {
        std::fs::write(&config, text).expect("a configuration");
        let agent = Agent::start(&kubeconfig, &config, words, variable);
        agent.wait_for("telemetry is off");
        assert!(agent.stop().success(), "{words:?} {variable:?}");
        assert_eq!((api.connections(), receiver.connections()), (0, 0), "{words:?} {variable:?}");
        assert!(!state.exists(), "{words:?} {variable:?}");
    }
    // Kubernetes would start it again if it did not answer.
    std::fs::write(&config, &off).expect("a configuration");
    let agent = Agent::start(&kubeconfig, &config, &["--listen=127.0.0.1:0"], None);
    assert_eq!(get(agent.health(), "/readyz"), (200, "ok\n".into()));
    assert!(agent.stop().success());
    assert_eq!((api.connections(), receiver.connections()), (0, 0));
    // On, the same program asks the API server at once.
    std::fs::write(&config, &ready).expect("a configuration");
    let words = ["--disable-telemetry=false", "--listen=127.0.0.1:0"];
    let agent = Agent::start(&kubeconfig, &config, &words, None);
    let health = agent.health();
    assert!(!api.wait_for(1, SOON).is_empty());
    // This one answers no question about a lease.
    let (status, why) = get(health, "/readyz");
    assert!(status == 503 && why.contains("the API server has not answered"), "{status} {why}");
}

#[test]
fn one_agent_reports_and_the_other_takes_over_with_a_gap() {
    let scene = Scene::new();
    scene.apply("one", "v1.30.0", "red");
    let url = format!("{}/v1/reports", scene.receiver.url());
    let kubeconfig = scene.server.kubeconfig(ADMIN_TOKEN);
    let start = |name: &str| {
        let config = scene.config(&format!("{name}.yaml"), &url, Some(name));
        Agent::start(&kubeconfig, &config, &["--listen=127.0.0.1:0"], None)
    };
    let first = start("first");
    let health = first.health();
    assert_eq!(scene.documents(1)[0].0, "kamaji-stats");
    let second = start("second");
    let second_health = second.health();
    second.wait_for("standing by");
    scene.apply("one", "v1.31.0", "red");
    assert_eq!(scene.documents(2)[1], updated("v1.30.0", "v1.31.0"));
    for health in [health, second_health] {
        assert_eq!(get(health, "/healthz"), (200, "ok\n".into()));
        assert_eq!(get(health, "/readyz"), (200, "ok\n".into()));
    }
    let delivered = ["ktel_agent_events_total 1", "ktel_agent_delivered_parcels_total 2"];
    wait_for_metrics(health, &[&delivered[..], &["ktel_agent_is_leader 1.0"]].concat());
    wait_for_metrics(second_health, &["ktel_agent_is_leader 0.0", "ktel_agent_events_total 0"]);
    assert!(first.stop().success());
    wait_for_metrics(
        second_health,
        &["ktel_agent_is_leader 1.0", "ktel_agent_leader_terms_total 1"],
    );
    // What it did not see it does not invent; that it did not see it, it says.
    let taken = scene.receiver.wait_for(3, SOON);
    let body = taken[2].body().expect("whole");
    let item: Value = serde_json::from_slice(&body).expect("JSON");
    let gaps: Vec<_> = ["kamaji-create", "kamaji-update", "kamaji-delete"]
        .map(|job| json!({"job": job, "reason": "gap"}))
        .into();
    assert_eq!(item["failures"], json!(gaps));
    scene.delete("one");
    assert_eq!(scene.documents(4)[3], deleted("v1.31.0"));
    let ids: BTreeSet<String> = scene
        .receiver
        .requests()
        .iter()
        .map(|request| request.json()["installation"]["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "they share one identity: {ids:?}");
}

/// It wakes up with a lease that is another's, and with what came in the meantime.
#[test]
fn an_agent_that_was_stopped_beyond_its_term_sends_nothing_of_what_the_other_sees() {
    let scene = Scene::new();
    scene.apply("one", "v1.30.0", "red");
    let url = format!("{}/v1/reports", scene.receiver.url());
    let kubeconfig = scene.server.kubeconfig(ADMIN_TOKEN);
    let first = scene.start(&kubeconfig, &scene.config("first.yaml", &url, Some("first")));
    assert_eq!(scene.documents(1)[0].0, "kamaji-stats");
    scene.apply("one", "v1.31.0", "red");
    assert_eq!(scene.documents(2)[1], updated("v1.30.0", "v1.31.0"));
    first.signal("STOP");
    let second = scene.start(&kubeconfig, &scene.config("second.yaml", &url, Some("second")));
    second.wait_for("acquired the lease");
    assert_eq!(scene.documents(3)[2].0, "kamaji-stats");
    scene.apply("one", "v1.32.0", "red");
    let change = updated("v1.31.0", "v1.32.0");
    assert_eq!(scene.documents(4)[3], change);
    first.signal("CONT");
    first.wait_for("lost the lease");
    // It leads again, and sends what it held back, if anything, before what is new.
    assert!(second.stop().success());
    first.wait_for("acquired the lease");
    scene.change_until_sent("two", "v1.33.0", scene.receiver.requests().len() + 1);
    let all = scene.documents(5);
    assert_eq!(all.iter().filter(|one| **one == change).count(), 1, "{all:?}");
}

#[test]
fn what_a_receiver_rejects_of_a_report_is_in_the_log() {
    let scene = Scene::new();
    let why = "no schema of this receiver declares it";
    let part = json!({"code": "unknown_schema", "message": why, "item": 0, "part": 1});
    let answer = json!({"stored": 1, "repeated": 0, "rejected": [part]});
    scene.receiver.answer(Response::json(200, &answer));
    let url = format!("{}/v1/reports", scene.receiver.url());
    let config = scene.config("agent.yaml", &url, Some("state"));
    let agent = scene.start(&scene.server.kubeconfig(ADMIN_TOKEN), &config);
    agent.wait_for("parts of reports are not taken");
}

/// In this order: the change is on the disk, then the report, and only then it is sent.
#[test]
fn an_event_is_synced_before_it_is_handed_over_and_again_before_it_is_sent() {
    let [strace] = real::require(["strace"]);
    let scene = Scene::new();
    let url = format!("{}/v1/reports", scene.receiver.url());
    let config = scene.config("agent.yaml", &url, Some("state"));
    let log = scene.place.path().join("calls");
    let agent = Agent::traced(&strace, &log, &scene.server.kubeconfig(ADMIN_TOKEN), &config);
    assert_eq!(scene.documents(1)[0].0, "kamaji-stats");
    scene.change_until_sent("one", "v1.30.0", 2);
    assert!(agent.stop().success());
    let text = std::fs::read_to_string(log).expect("strace wrote");
    let step = |line: &&str| {
        let (journal, outbox) = (line.contains("/seen.jsonl>"), line.contains("/outbox/"));
        let segment = outbox && line.contains(".log>");
        match () {
            () if line.contains("sync(") && journal => Some("synced"),
            () if line.contains("write(") && journal && line.contains("kind\\\":\\\"created") => {
                Some("seen")
            }
            () if line.contains("sync(") && segment => Some("kept"),
            () if line.contains("write(") && segment => Some("handed over"),
            () if line.contains("POST /v1/reports") => Some("sent"),
            () => None,
        }
    };
    let steps: Vec<&str> = text.lines().filter_map(|line| step(&line)).collect();
    let first = steps.iter().position(|step| *step == "seen").expect("an event was seen");
    let mut after = steps[first..].to_vec();
    after.dedup();
    let expected = ["seen", "synced", "handed over", "kept", "sent"];
    assert_eq!(after[..expected.len()], expected, "{steps:?}");
}

/// A thousand while it watches, and a thousand after a gap.
#[test]
fn a_storm_goes_in_few_uploads_and_each_event_is_signed_and_sent_once() {
    let scene = Scene::new();
    const STORM: usize = 1000;
    const SEEDERS: usize = 8;
    let seed = |prefix: &str, version: &str| {
        let object = |index| {
            json!({
                "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "TenantControlPlane",
                "metadata": {"name": format!("{prefix}-{index}"), "namespace": "default"},
                "spec": {"kubernetes": {"version": version}},
            })
        };
        // What is seeded together has one version, which no API server does: a watch that is closed
        // between two of the same version would go on behind both.
        let part = |first: usize| {
            for one in (first..STORM).step_by(SEEDERS).map(object) {
                let storage = "kamaji.clastix.io/tenantcontrolplanes";
                scene.server.seed(storage, [one]).expect("a storm");
            }
        };
        std::thread::scope(|scope| {
            (0..SEEDERS).for_each(|first| drop(scope.spawn(move || part(first))))
        });
    };
    let url = format!("{}/v1/reports", scene.receiver.url());
    let config = scene.config("agent.yaml", &url, Some("state"));
    let kubeconfig = scene.server.kubeconfig(ADMIN_TOKEN);
    let agent = scene.start(&kubeconfig, &config);
    assert_eq!(scene.documents(1)[0].0, "kamaji-stats");
    // The numbers do not wait for the first list, and only behind that a storm is news.
    scene.change_until_sent("one", "v1.30.0", 2);
    let before = scene.receiver.requests().len();
    seed("watched", "v1.31.0");
    // To verify all items at each look would cost more than to send them.
    let lines = |request: &Request| {
        let body = request.body().expect("the body is whole");
        body.split(|byte| *byte == b'\n').count()
    };
    let wait = |version: &str, from: usize| {
        let waited = wait::poll(4 * SOON, || {
            let items: usize = scene.receiver.requests()[from..].iter().map(lines).sum();
            if items < STORM {
                return Err(items);
            }
            let documents = scene.documents(1);
            let reported = documents.iter().filter(|(_, it)| it["tcp_version"] == version);
            let reported = reported.count();
            assert!(reported <= STORM, "{reported} of {STORM} were reported");
            if reported == STORM { Ok(scene.receiver.requests().len() - from) } else { Err(items) }
        });
        waited.unwrap_or_else(|items| panic!("{items} of {STORM} came"))
    };
    let watched = wait("v1.31.0", before);
    assert!(agent.stop().success());
    let before = scene.receiver.requests().len();
    seed("missed", "v1.32.0");
    let agent = scene.start(&kubeconfig, &config);
    let missed = wait("v1.32.0", before);
    assert!(agent.stop().success());
    assert!(watched < STORM / 4 && missed < STORM / 20, "{watched} and {missed} uploads");
}

#[test]
fn without_a_volume_a_restart_is_a_gap_and_invents_nothing() {
    let scene = Scene::new();
    scene.apply("one", "v1.30.0", "red");
    let url = format!("{}/v1/reports", scene.receiver.url());
    let config = scene.config("agent.yaml", &url, None);
    let kubeconfig = scene.server.kubeconfig(ADMIN_TOKEN);
    let agent = scene.start(&kubeconfig, &config);
    assert_eq!(scene.documents(1)[0].0, "kamaji-stats");
    assert!(agent.stop().success());
    scene.apply("one", "v1.31.0", "red");
    scene.apply("two", "v1.31.0", "red");
    let agent = scene.start(&kubeconfig, &config);
    let second = scene.documents(2).remove(1);
    assert_eq!(second.0, "kamaji-stats", "neither an update nor a creation");
    for request in scene.receiver.requests() {
        let failures = items(&request)[0]["failures"].to_string();
        assert!(failures.contains(r#"{"job":"kamaji-create","reason":"gap"}"#), "{failures}");
    }
    // What happens from now on is sent.
    scene.change_until_sent("three", "v1.32.0", 3);
    assert!(agent.stop().success());
    assert!(scene.documents(3)[2..].iter().all(|(_, section)| section["tcp_version"] == "v1.32.0"));
}

#[test]
fn kamaji_gets_bare_documents_on_its_routes() {
    let scene = Scene::new();
    let base = format!("{{url: '{}', form: kamaji}}", scene.receiver.url());
    let config = scene.config("agent.yaml", &base, None);
    let agent = scene.start(&scene.server.kubeconfig(ADMIN_TOKEN), &config);
    let stats = scene.receiver.wait_for(1, SOON)[0].json();
    let keys: Vec<&String> = stats.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        ["uuid", "kamaji_version", "kubernetes_version", "tenant_control_plane", "datastores"]
    );
    scene.apply("one", "v1.30.0", "red");
    scene.apply("one", "v1.31.0", "red");
    scene.delete("one");
    let requests = scene.receiver.wait_for(4, SOON);
    let mut got: Vec<(String, Value)> =
        requests[1..].iter().map(|one| (one.target.clone(), one.json())).collect();
    got.sort_by(|(one, _), (other, _)| one.cmp(other));
    let expected = [
        ("/create".to_owned(), created("v1.30.0").1),
        ("/delete".to_owned(), deleted("v1.31.0").1),
        ("/update".to_owned(), updated("v1.30.0", "v1.31.0").1),
    ];
    assert_eq!(got, expected);
    assert!(agent.stop().success());
}

#[test]
fn a_preview_shows_everything_and_leaves_nothing_behind() {
    let scene = Scene::new();
    let url = format!("{}/v1/reports", scene.receiver.url());
    let config = scene.config("agent.yaml", &url, Some("state"));
    let kubeconfig = scene.server.kubeconfig(ADMIN_TOKEN);
    let script = format!(
        "{} agent run --preview --config {} & sleep 10; kill -TERM $!; wait $!",
        crate::program::program().display(),
        config.display()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env_clear();
    shell.env("KUBECONFIG", &kubeconfig).env("PATH", "/usr/bin:/bin");
    let run = finish(shell, "");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains(&format!("to {url}, ")), "{}", run.stderr);
    let item: Value = serde_json::from_str(run.stdout.trim()).expect("one item");
    assert_eq!(item["installation"]["persisted"], json!(false));
    assert_eq!(item["data"]["kamaji-stats"]["tenant_control_plane"]["running"], json!(0));
    assert_eq!(scene.receiver.connections(), 0);
    let left = scene.server.kubectl(["get", "leases,secrets", "-n", "kamaji-system", "-o", "name"]);
    assert_eq!(left.expect("an answer"), "");
    assert!(!scene.place.path().join("state").exists());
}

#[test]
fn without_a_role_for_secrets_the_identity_says_that_it_ends() {
    let scene = Scene::new();
    let url = format!("{}/v1/reports", scene.receiver.url());
    let config = scene.config("agent.yaml", &url, None);
    let token = scene.token(&config);
    let rule = "[{\"op\": \"remove\", \"path\": \"/rules/3\"}, {\"op\": \"remove\", \"path\": \"/rules/2\"}]";
    let patch = ["patch", "role", "ktel-agent", "-n", "kamaji-system", "--type=json", "-p", rule];
    scene.server.kubectl(patch).expect("the role is there");
    let may = [
        "auth",
        "can-i",
        "create",
        "secrets",
        "-n",
        "kamaji-system",
        "--as=system:serviceaccount:kamaji-system:agent",
    ];
    wait::until("the authorizer sees the patch", SOON, || scene.server.kubectl(may).is_err());
    let _agent = scene.start(&scene.server.kubeconfig(&token), &config);
    let item = scene.receiver.wait_for(1, SOON)[0].json();
    assert_eq!(item["installation"]["persisted"], json!(false));
    assert_eq!(item["data"]["kamaji-stats"]["uuid"], item["installation"]["id"]);
}

#[test]
fn metadata_is_all_that_is_read_where_no_field_needs_more() {
    let scene = Scene::new();
    let schema = include_str!("../../telemetry/kamaji-create.yaml")
        .replace("ktel/kamaji-create", "acme/acme-made")
        .replace("  kamaji_version:", "  marked:")
        .replacen("type: version\n    exact: full\n    coarse: minor", "type: bool", 1)
        .replacen("example: v0.6.1", "example: true", 1)
        .replace("required: true", "required: false");
    std::fs::write(scene.place.path().join("acme-made.yaml"), schema).expect("a schema");
    let config = scene.place.path().join("agent.yaml");
    let text = format!(
        "{{ktel: 1, product: acme, namespace: kamaji-system, servers: ['{}/v1/reports'], schemas: [acme-made.yaml],
lifecycle: [{{resource: configmaps, created: acme-made, fields: {{marked: {{path: .metadata.labels.marked, exists: true}}}}}}]}}",
        scene.receiver.url()
    );
    std::fs::write(&config, text).expect("a configuration");
    let proxy = Proxy::to_port(scene.server.port());
    let through = format!("https://{}", proxy.address());
    let token = scene.token(&config);
    let kubeconfig = scene.server.kubeconfig_through(&through, &token);
    let large = "x".repeat(200_000);
    let make = |name: &str| {
        let manifest = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"large": large},
            "metadata": {"name": name, "namespace": "default", "labels": {"marked": ""}},
        });
        scene.server.apply(&manifest.to_string()).expect("an object");
    };
    make("before");
    let agent = scene.start(&kubeconfig, &config);
    // What was there is no news; so something new is made until the first list lies behind.
    wait::until("an event comes", SOON, || {
        make("probe");
        let delete = ["delete", "configmap", "probe", "-n", "default"];
        scene.server.kubectl(delete).expect("it is there");
        !scene.receiver.requests().is_empty()
    });
    let documents = scene.documents(1);
    assert_eq!(documents[0], ("acme-made".to_owned(), json!({"marked": true})));
    assert!(agent.stop().success());
    let received = proxy.traffic().received;
    assert!(received < 200_000, "{received} bytes");
}

#[test]
fn a_receiver_of_ours_stores_what_an_agent_signs_and_what_kamaji_would_be_sent() {
    let scene = Scene::new();
    let receiver = Ours::start();
    let kubeconfig = scene.server.kubeconfig(ADMIN_TOKEN);
    let signed = scene.config("signed.yaml", &format!("{}/v1/reports", receiver.url), None);
    let token = Some(("KTEL_TOKEN", receiver.token.as_str()));
    let agent = Agent::start(&kubeconfig, &signed, &[], token);
    receiver.wait_for_stored(1);
    scene.apply("one", "v1.30.0", "red");
    receiver.wait_for_stored(2);
    scene.apply("one", "v1.31.0", "red");
    receiver.wait_for_stored(3);
    assert!(agent.stop().success());
    let bare = format!("{{url: '{}', form: kamaji}}", receiver.for_kamaji);
    let agent = Agent::start(&kubeconfig, &scene.config("bare.yaml", &bare, None), &[], None);
    receiver.wait_for_stored(4);
    assert!(agent.stop().success());
    assert_eq!(receiver.count("rejected"), 0);
}
