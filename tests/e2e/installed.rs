//! The chart, installed by helm on a real API server: every pod of it works with its own roles, and
//! may do nothing else.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ktel_testkit::api_server::ApiServer;
use ktel_testkit::capture::Http;
use ktel_testkit::certificates::Authority;
use ktel_testkit::ports::TcpPort;
use ktel_testkit::postgres::Postgres;
use ktel_testkit::victoria_metrics::VictoriaMetrics;
use ktel_testkit::{real, wait};
use serde_json::{Value, json};

use crate::helm::{CHART, Helm, documents};
use crate::kubelet::Container;
use crate::manifests::populate;
use crate::program::ktel;
use crate::roles::{Right, rights, rights_in};

/// Ends a hang.
const SOON: Duration = Duration::from_secs(60);
/// What somebody made with `openssl rand -hex 32`.
const TOKEN: &str = "a0b1c2d3e4f5a6b7c8d9eafbfcfdfe0fa0b1c2d3e4f5a6b7c8d9eafbfcfdfe0f";
/// Everything that a release could leave behind.
const KINDS: &str = "deployments,cronjobs,jobs,pods,replicasets,services,ingresses,networkpolicies,configmaps,secrets,\
persistentvolumeclaims,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,leases";

struct Scene {
    server: ApiServer,
    helm: Helm,
    port: TcpPort,
    metrics_port: TcpPort,
}

impl Scene {
    fn new() -> Self {
        let (helm, server) = (Helm::find(), ApiServer::start());
        for namespace in ["obs", "kamaji-system"] {
            server.kubectl(["create", "namespace", namespace]).expect("a namespace");
        }
        let strict = "pod-security.kubernetes.io/enforce=restricted";
        server.kubectl(["label", "namespace", "obs", strict]).expect("a label");
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tokens", "namespace": "obs"},
            "stringData": {"ingest": TOKEN, "admin": TOKEN.replace('a', "1")},
        });
        server.apply(&secret.to_string()).expect("a secret");
        // The chart needs numbers.
        let (port, metrics_port) =
            (TcpPort::hold().expect("a free port"), TcpPort::hold().expect("a free port"));
        Self { server, helm, port, metrics_port }
    }

    #[track_caller]
    fn helm(&self, words: &[&str]) -> String {
        let kubeconfig = self.server.admin_kubeconfig();
        self.helm.run(Some(&kubeconfig), words).expect("helm does it")
    }

    #[track_caller]
    fn get(&self, kind: &str, name: &str) -> Value {
        let words = ["get", kind, name, "--namespace=obs", "--output=json"];
        serde_json::from_str(&self.server.kubectl(words).expect("it is there")).expect("JSON")
    }

    fn container(&self, template: &Value) -> Container {
        self.admitted(template);
        Container::of(&self.server, "obs", template)
    }

    /// The API server itself finds that the pod is as the strictest of its standards wants it.
    fn admitted(&self, template: &Value) {
        let mut pod = template.clone();
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
        pod["metadata"]["name"] = "tried".into();
        pod["metadata"]["namespace"] = "obs".into();
        if pod["spec"]["restartPolicy"].is_null() {
            pod["spec"]["restartPolicy"] = "Always".into();
        }
        self.server.apply(&pod.to_string()).expect("a restricted namespace admits it");
        let delete = ["delete", "pod", "tried", "--namespace=obs", "--grace-period=0", "--force"];
        self.server.kubectl(delete).expect("it is there");
    }

    /// Asks the receiver, which a container runs.
    fn ask(&self, path: &str) -> Option<String> {
        let port = if path == "/metrics" { &self.metrics_port } else { &self.port };
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port.number())).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text)
    }

    #[track_caller]
    fn wait_until_it_answers(&self, path: &str, words: &str) {
        let waited = wait::poll(SOON, || {
            let answer = self.ask(path).unwrap_or_default();
            if answer.contains(words) { Ok(()) } else { Err(answer) }
        });
        waited.unwrap_or_else(|answer| panic!("{words} is not in {answer}"));
    }

    fn count(&self, result: &str) -> u64 {
        let name = format!("ktel_server_items_total{{result=\"{result}\"}} ");
        let text = self.ask("/metrics").expect("the receiver answers");
        let number = text.lines().find_map(|line| line.strip_prefix(&name));
        number.and_then(|number| number.trim().parse().ok()).expect("a counter")
    }

    #[track_caller]
    fn wait_for_stored(&self, count: u64) {
        self.wait_until_it_answers(
            "/metrics",
            &format!("ktel_server_items_total{{result=\"stored\"}} {count}\n"),
        );
        assert_eq!(self.count("rejected"), 0);
    }

    /// What an account may do in a namespace, in the words of the API server.
    fn may(&self, account: &str, namespace: &str) -> BTreeSet<Right> {
        let token = self.server.token_for_service_account("obs", account).expect("a token");
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        });
        let file = self.helm.values(&review.to_string());
        let token = format!("--token={token}");
        let words = ["create", "--output=json", "--validate=false", &token, "--filename", &file];
        let answer = self.server.kubectl(words).expect("everybody may ask");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(answer["status"]["incomplete"], false);
        let mut all = rights(&answer["status"]["resourceRules"]);
        all.extend(rights(&answer["status"]["nonResourceRules"]));
        all
    }

    /// Compares what an account may do, beyond what everybody may, with what the program prints.
    #[track_caller]
    fn may_only(&self, account: &str, printed: &str) {
        let printed = documents(printed);
        for namespace in ["obs", "kamaji-system", "default"] {
            let everybody = self.may("bare", namespace);
            let own: BTreeSet<_> =
                self.may(account, namespace).difference(&everybody).cloned().collect();
            let expected: BTreeSet<_> =
                rights_in(namespace, &printed).difference(&everybody).cloned().collect();
            assert_eq!(own, expected, "{account} in {namespace}");
        }
    }

    /// Names what there is with the labels of the release, and is not about to go.
    fn left(&self, labels: &str) -> Vec<String> {
        let words = ["get", KINDS, "-A", "-l", labels, "--output=json"];
        let list: Value =
            serde_json::from_str(&self.server.kubectl(words).expect("a list")).expect("JSON");
        let there = |object: &&Value| object["metadata"]["deletionTimestamp"].is_null();
        list["items"]
            .as_array()
            .expect("items")
            .iter()
            .filter(there)
            .map(crate::helm::name)
            .collect()
    }
}

fn values(port: u16, metrics_port: u16) -> String {
    format!(
        "
agent:
  enabled: true
  preset: kamaji
  config:
    namespace: kamaji-system
    servers: ['http://127.0.0.1:{port}/v1/reports']
    stats: {{initial_delay: 0s}}
    facts: {{kamaji_version: '=v0.6.1'}}
  credentials: {{token: {{secret: tokens, key: ingest}}}}
report:
  enabled: true
  workflow: all
  servers: ['http://127.0.0.1:{port}/v1/reports']
  product: {{name: example-gateway, namespace: default}}
  readHelmRelease: true
  credentials: {{token: {{secret: tokens, key: ingest}}}}
server:
  enabled: true
  bindAddress: 127.0.0.1
  port: {port}
  metricsPort: {metrics_port}
  publicPages: [example-gateway]
  products: {{acme.yaml: '{{ktel: 1, name: acme, consent: opt-in, commands: [plan]}}'}}
  tokens: {{secret: tokens}}
  ingress: {{enabled: true, host: telemetry.example.com}}
  networkPolicy: {{enabled: true, from: [{{podSelector: {{}}}}]}}
"
    )
}

#[test]
fn every_pod_of_a_release_works_with_its_own_roles_and_may_nothing_else() {
    let scene = Scene::new();
    let server = &scene.server;
    populate(server);
    server.apply(&crate::scene::kinds()).expect("the kinds are valid");
    for plural in ["tenantcontrolplanes", "datastores"] {
        let name = format!("crd/{plural}.kamaji.clastix.io");
        let wait = ["wait", "--for=condition=Established", &name, "--timeout=30s"];
        server.kubectl(wait).expect("the kind is served");
    }
    let values = scene.helm.values(&values(scene.port.number(), scene.metrics_port.number()));
    scene.helm(&["install", "x", CHART, "--namespace=obs", "--values", &values]);
    server.kubectl(["create", "serviceaccount", "bare", "--namespace=obs"]).expect("an account");

    let deployment = scene.get("deployment", "x-ktel-server");
    let receiver = scene.container(&deployment["spec"]["template"]);
    let running = receiver.start();
    scene.wait_until_it_answers("/readyz", "200 OK");
    scene.wait_until_it_answers("/healthz", "200 OK");

    // For everybody, without a token.
    scene.wait_until_it_answers("/public/example-gateway", "200 OK");
    scene.wait_until_it_answers("/public/another", "404 Not Found");

    let job = scene.get("cronjob", "x-ktel-report");
    let job = &job["spec"]["jobTemplate"]["spec"]["template"];
    let report = scene.container(job);
    // The authorizer hears of new bindings by a watch, a moment after the write.
    let printed = wait::poll(SOON, || {
        let output = report.finish();
        if output.status.success() { Ok(output.stdout) } else { Err(output.stderr) }
    });
    let printed = printed.unwrap_or_else(|said| panic!("{}", String::from_utf8_lossy(&said)));
    let printed: Value = serde_json::from_slice(&printed).expect("a report");
    assert_eq!(printed.as_object().map(serde_json::Map::len), Some(11), "{printed}");
    let stored = scene.count("stored");
    assert!(stored > 0);
    assert_eq!(scene.count("rejected"), 0);

    let deployment = scene.get("deployment", "x-ktel-agent");
    let agent = scene.container(&deployment["spec"]["template"]);
    let reporting = agent.start();
    scene.wait_for_stored(stored + 1);
    let made = json!({
        "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "TenantControlPlane",
        "metadata": {"name": "one", "namespace": "default"},
        "spec": {"kubernetes": {"version": "v1.30.0"}},
    });
    server.apply(&made.to_string()).expect("the object is valid");
    scene.wait_for_stored(stored + 2);
    assert_eq!(reporting.stop(), Some(0));
    let delete = ["delete", "tenantcontrolplanes.kamaji.clastix.io", "one", "--namespace=default"];
    server.kubectl(delete).expect("it is there");
    // Its volume tells the next one what is no longer there.
    let reporting = agent.start();
    scene.wait_for_stored(stored + 3);
    assert_eq!(reporting.stop(), Some(0));
    assert_eq!(running.stop(), Some(0));

    scene.nothing_else();
    scene.off_and_away(&values);
}

impl Scene {
    /// The API server allows what the program prints, and refuses another's Secret.
    fn nothing_else(&self) {
        let config = self.get("configmap", "x-ktel-agent");
        let config = self.helm.values(config["data"]["agent.yaml"].as_str().expect("a text"));
        let admin = self.server.admin_kubeconfig();
        let printed = ktel(&admin, &format!("agent rbac --config {config}"));
        self.may_only("x-ktel-agent", &printed.stdout);
        let jobs = ktel(&admin, "jobs list --output json");
        let jobs: Vec<Value> = serde_json::from_str(&jobs.stdout).expect("JSON");
        let jobs: Vec<&str> = jobs.iter().filter_map(|job| job["name"].as_str()).collect();
        let words = format!("jobs rbac --read-helm-release default --jobs {}", jobs.join(","));
        self.may_only("x-ktel-report", &ktel(&admin, &words).stdout);
        self.may_only("x-ktel-server", "{}");
        let token = self.server.token_for_service_account("obs", "x-ktel-agent").expect("a token");
        let token = format!("--token={token}");
        for (namespace, name, may) in [
            ("kamaji-system", "kamaji-telemetry-key", true),
            ("kamaji-system", "another", false),
            ("obs", "tokens", false),
        ] {
            let words = ["get", "secret", name, "--namespace", namespace, &token];
            let error = self.server.kubectl(words).err().map(|error| error.to_string());
            let forbidden = error.as_ref().is_some_and(|error| error.contains("Forbidden"));
            assert_eq!((error.is_none(), forbidden), (may, !may), "{name}: {error:?}");
        }
    }

    /// No takes everything that could send, and the end everything but what the notes name.
    fn off_and_away(&self, values: &str) {
        let words = ["upgrade", "x", CHART, "--namespace=obs", "--values", values];
        let off = ["--set", "telemetry.disabled=true"];
        let notes = self.helm(&[&words[..], &off[..]].concat());
        assert!(
            notes.contains("Telemetry is off: no agent and no report job is installed"),
            "{notes}"
        );
        let could_send = "app.kubernetes.io/instance=x,app.kubernetes.io/component!=server";
        assert_eq!(self.left(could_send), Vec::<String>::new());
        let notes = self.helm(&words);
        assert!(notes.contains("lease/kamaji-telemetry") && notes.contains("pvc/x-ktel-server"));
        assert!(!self.left(could_send).is_empty());

        self.helm(&["uninstall", "x", "--namespace=obs"]);
        let left = self.left("app.kubernetes.io/instance=x");
        assert_eq!(left, ["PersistentVolumeClaim/x-ktel-server"]);
        let releases =
            self.server.kubectl(["get", "secrets", "-n=obs", "-l=owner=helm", "-o=name"]);
        assert_eq!(releases.expect("a list"), "");
        let kept =
            ["get", "-n=kamaji-system", "secret/kamaji-telemetry-key", "lease/kamaji-telemetry"];
        self.server.kubectl(kept).expect("what it signed can still be forgotten");
    }
}

#[test]
fn a_server_finds_its_database_and_its_certificate_in_secrets() {
    let postgres = Postgres::shared();
    let [curl] = real::require(["curl"]);
    let scene = Scene::new();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "database", "namespace": "obs"},
        "stringData": {"uri": postgres.database()},
    });
    scene.server.apply(&secret.to_string()).expect("a secret");
    let (folder, authority) = (tempfile::tempdir().expect("a folder"), Authority::new());
    let files = authority.server().write(folder.path(), "tls").expect("a place to write to");
    let text = |path: &Path| std::fs::read_to_string(path).expect("a file");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "certificate", "namespace": "obs"},
        "stringData": {"tls.crt": text(&files.certificate), "tls.key": text(&files.key)},
    });
    scene.server.apply(&secret.to_string()).expect("a secret");
    let values = scene.helm.values(&format!(
        "server: {{enabled: true, replicas: 2, tls: {{secret: certificate}}, bindAddress: 127.0.0.1, port: {}, metricsPort: {}, \
         tokens: {{secret: tokens}}, store: {{postgres: {{secret: database}}}}}}",
        scene.port.number(),
        scene.metrics_port.number()
    ));
    scene.helm(&["install", "x", CHART, "--namespace=obs", "--values", &values]);
    let deployment = scene.get("deployment", "x-ktel-server");
    let receiver = scene.container(&deployment["spec"]["template"]);
    let running = receiver.start();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.certificate_pem()).expect("a place to write to");
    let probe = &deployment["spec"]["template"]["spec"]["containers"][0]["readinessProbe"];
    assert_eq!(probe["httpGet"]["scheme"], "HTTPS");
    let mut ask = Command::new(curl);
    ask.args(["--silent", "--fail", "--retry", "100", "--retry-all-errors", "--retry-delay", "1"]);
    ask.args(["--retry-max-time", "60", "--cacert"]).arg(&ca);
    let answer = ask.arg(format!("https://127.0.0.1:{}/readyz", scene.port.number())).output();
    assert_eq!(answer.expect("curl runs").stdout, b"ok\n");
    assert_eq!(running.stop(), Some(0));
    scene.helm(&["uninstall", "x", "--namespace=obs"]);
    assert_eq!(scene.left("app.kubernetes.io/instance=x"), Vec::<String>::new());
}

#[test]
fn an_exporter_delivers_with_its_own_roles_and_its_definition_outlives_the_release() {
    let scene = Scene::new();
    let (store, receiver) = (VictoriaMetrics::start(), Http::start());
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "store", "namespace": "obs"},
        "stringData": {"authorization": "Bearer of-the-store"},
    });
    scene.server.apply(&secret.to_string()).expect("a secret");
    let values = scene.helm.values(&format!(
        "
exporter:
  enabled: true
  bindAddress: 127.0.0.1
  port: {}
  config:
    store: {{kind: victoria-metrics, version: '1.145', url: 'http://{}'}}
    tenancy: {{labels: {{namespace: namespace_name}}}}
    egress: {{allow_http: true, allowed_networks: [127.0.0.0/8]}}
    reading: {{window: 5s, lag: 2s, lag_min: 1s}}
  storeCredentials: {{secret: store}}
",
        scene.port.number(),
        store.address()
    ));
    scene.helm(&["install", "x", CHART, "--namespace=obs", "--values", &values]);
    let definition = "crd/exporters.telemetry.datumapis.com";
    let wait = ["wait", "--for=condition=Established", definition, "--timeout=30s"];
    scene.server.kubectl(wait).expect("the definition is served");
    let exporter = json!({
        "apiVersion": "telemetry.datumapis.com/v1alpha1", "kind": "Exporter",
        "metadata": {"name": "all", "namespace": "kamaji-system"},
        "spec": {
            "sources": [{"name": "all", "metrics": {"metricsql": ""}}],
            "sinks": [{"name": "here", "otlp_http": {"endpoint": receiver.url()}}],
        },
    });
    scene.server.apply(&exporter.to_string()).expect("the Exporter is valid");
    let deployment = scene.get("deployment", "x-ktel-exporter");
    let container = scene.container(&deployment["spec"]["template"]);
    let running = container.start();
    scene.wait_until_it_answers("/readyz", "200 OK");
    let waited = wait::poll(SOON, || {
        store.import(&format!(
            r#"{{"metric":{{"__name__":"load","namespace":"kamaji-system"}},"values":[1],"timestamps":[{}]}}"#,
            now_ms()
        ));
        if receiver.requests().is_empty() { Err(()) } else { Ok(()) }
    });
    waited.expect("what is written is delivered");
    scene
        .server
        .kubectl(["create", "serviceaccount", "bare", "--namespace=obs"])
        .expect("an account");
    let printed = ktel(Path::new("/nonexistent"), "exporter rbac --namespace obs");
    scene.may_only("x-ktel-exporter", &printed.stdout);
    assert_eq!(running.stop(), Some(0));

    scene.helm(&["uninstall", "x", "--namespace=obs"]);
    scene.server.kubectl(["get", "exp", "all", "-n", "kamaji-system"]).expect("it is kept");
    // A second release finds it, and makes it its own with Helm's own flag.
    let take = ["install", "y", CHART, "--namespace=obs", "--values", &values, "--take-ownership"];
    scene.helm(&take);
}

#[expect(clippy::disallowed_methods, reason = "samples are of now")]
fn now_ms() -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    now.as_millis()
}
