//! A cluster with an agent in it, a receiver behind it, and what came there.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ktel_model::signature;
use ktel_testkit::api_server::ApiServer;
use ktel_testkit::capture::Http;
use ktel_testkit::http::Request;
use ktel_testkit::wait;
use serde_json::{Value, json};

use crate::program::{command, ktel, program};

/// Ends a hang; an agent that has to wait for a lease takes 15 s.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Waits until a condition holds, as [`wait::until`] does in code that is not async. The caller
/// sets the deadline.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        tokio::time::sleep(wait::LOOK_EVERY).await;
    }
}

/// Kinds like Kamaji's, of which ktel reads a few fields.
pub(crate) fn kinds() -> String {
    let kind = |kind: &str, plural: &str, scope: &str| {
        format!(
            "---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.kamaji.clastix.io}}
spec:
  group: kamaji.clastix.io
  scope: {scope}
  names: {{plural: {plural}, kind: {kind}}}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
"
        )
    };
    kind("TenantControlPlane", "tenantcontrolplanes", "Namespaced")
        + &kind("DataStore", "datastores", "Cluster")
}

/// A cluster, a receiver, and a place for the agent's files.
pub(crate) struct Scene {
    pub(crate) server: ApiServer,
    pub(crate) receiver: Http,
    pub(crate) place: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let server = ApiServer::start();
        server.apply(&kinds()).expect("the kinds are valid");
        for plural in ["tenantcontrolplanes", "datastores"] {
            let name = format!("crd/{plural}.kamaji.clastix.io");
            let wait = ["wait", "--for=condition=Established", &name, "--timeout=30s"];
            server.kubectl(wait).expect("the kind is served");
        }
        server.kubectl(["create", "namespace", "kamaji-system"]).expect("a namespace");
        let place = tempfile::tempdir().expect("a place");
        Self { server, receiver: Http::start(), place }
    }

    /// Applies a tenant control plane of a version.
    pub(crate) fn apply(&self, name: &str, version: &str, label: &str) {
        let manifest = json!({
            "apiVersion": "kamaji.clastix.io/v1alpha1", "kind": "TenantControlPlane",
            "metadata": {"name": name, "namespace": "default", "labels": {"colour": label}},
            "spec": {
                "kubernetes": {"version": version},
                "controlPlane": {"service": {"serviceType": "NodePort"}},
            },
            "status": {"kubernetesResources": {"version": {"status": "Ready"}}},
        });
        self.server.apply(&manifest.to_string()).expect("the object is valid");
    }

    pub(crate) fn delete(&self, name: &str) {
        let kind = "tenantcontrolplanes.kamaji.clastix.io";
        self.server.kubectl(["delete", kind, name, "-n", "default"]).expect("it is there");
    }

    /// Makes and deletes an object until so many requests have come: what is there before an
    /// agent's first list is no news.
    #[track_caller]
    pub(crate) fn change_until_sent(&self, name: &str, version: &str, requests: usize) {
        let deadline = Instant::now() + SOON;
        while self.receiver.requests().len() < requests {
            assert!(Instant::now() < deadline, "no event was sent");
            self.apply(name, version, "red");
            self.delete(name);
        }
    }

    /// Writes the ready-made configuration with a server and a state directory of our own.
    pub(crate) fn config(&self, name: &str, server: &str, state: Option<&str>) -> PathBuf {
        let ready = include_str!("../../deploy/kamaji/agent.yaml");
        let state =
            state.map(|state| format!("\nstate: {}", self.place.path().join(state).display()));
        let text = ready
            .replace("servers: []", &format!("servers: [{server}]{}", state.unwrap_or_default()))
            .replace("initial_delay: 10m", "initial_delay: 0s")
            // Nothing of Kamaji's own runs here.
            .replace("identify-deployment.version", "=v0.6.1");
        let path = self.place.path().join(name);
        std::fs::write(&path, text).expect("the configuration can be written");
        path
    }

    pub(crate) fn start(&self, kubeconfig: &Path, config: &Path) -> Agent {
        Agent::start(kubeconfig, config, &[], None)
    }

    /// Gives a token that may do what `ktel agent rbac` prints, and nothing else.
    pub(crate) fn token(&self, config: &Path) -> String {
        let run = ktel(
            &self.server.admin_kubeconfig(),
            &format!("agent rbac --config {}", config.display()),
        );
        assert_eq!(run.code, 0, "{}", run.stderr);
        self.server.apply(&run.stdout).expect("the roles are valid");
        let account = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: agent, namespace: kamaji-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: agent}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ktel-agent}
subjects: [{kind: ServiceAccount, name: agent, namespace: kamaji-system}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: agent, namespace: kamaji-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ktel-agent}
subjects: [{kind: ServiceAccount, name: agent, namespace: kamaji-system}]
";
        self.server.apply(account).expect("the account is valid");
        self.server.token_for_service_account("kamaji-system", "agent").expect("a token")
    }

    /// Waits until so many documents have come, and gives them in order. As receivers do, it takes
    /// one that comes again with its id for the same.
    #[track_caller]
    pub(crate) fn documents(&self, count: usize) -> Vec<(String, Value)> {
        let mut wanted = 1;
        loop {
            let requests = self.receiver.wait_for(wanted, SOON);
            let mut ids = BTreeSet::new();
            let mut items: Vec<Value> = requests.iter().flat_map(items).collect();
            items.retain(|item| ids.insert(item["id"].to_string()));
            if items.len() >= count {
                return items.iter().map(document).collect();
            }
            wanted = requests.len() + 1;
        }
    }
}

/// Verifies the items of a request: one, or one a line.
#[track_caller]
pub(crate) fn items(request: &Request) -> Vec<Value> {
    let body = request.body().expect("the body is whole");
    let lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
    let many = request.header("content-type") == Some("application/x-ndjson");
    assert_eq!(many, lines.len() > 1, "{:?}", request.header("content-type"));
    let items: Vec<Value> = lines.into_iter().map(item).collect();
    if let [item] = &items[..] {
        assert_eq!(item["id"].as_str(), request.header("idempotency-key"));
    }
    items
}

/// Verifies an item.
#[track_caller]
fn item(line: &[u8]) -> Value {
    let signed = signature::split(line).expect("the item is signed");
    let item: Value = serde_json::from_slice(&signed.bytes).expect("the item is JSON");
    assert_eq!(item["schema"], "ktel/report");
    assert_eq!(item["installation"]["id"], json!(signature::installation_id(&signed.key)));
    item
}

/// Gives the only section of an item with its name.
#[track_caller]
fn document(item: &Value) -> (String, Value) {
    let data = item["data"].as_object().expect("sections");
    assert_eq!(data.len(), 1, "{item}");
    let (name, section) = data.iter().next().expect("one");
    (name.clone(), section.clone())
}

/// A running agent; it ends with the test.
pub(crate) struct Agent {
    child: Child,
    said: Receiver<String>,
}

impl Agent {
    pub(crate) fn start(
        kubeconfig: &Path,
        config: &Path,
        words: &[&str],
        variable: Option<(&str, &str)>,
    ) -> Self {
        let mut command = command(kubeconfig);
        command.args(["-v", "agent", "run", "--config"]).arg(config).args(words);
        command.envs(variable);
        Self::spawn(command)
    }

    /// Starts one whose calls are written down; it stays a child of ours.
    pub(crate) fn traced(strace: &Path, log: &Path, kubeconfig: &Path, config: &Path) -> Self {
        let mut traced = Command::new(strace);
        traced.args(["-D", "-f", "-y", "-s", "1000", "-o"]).arg(log);
        traced.args(["-e", "trace=write,writev,sendto,sendmsg,fsync,fdatasync"]);
        traced.arg(program()).args(["-v", "agent", "run", "--config"]).arg(config);
        traced.env_clear().env("KUBECONFIG", kubeconfig).env("NO_COLOR", "1");
        Self::spawn(traced)
    }

    fn spawn(mut command: Command) -> Self {
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("ktel can be started");
        let stderr = BufReader::new(child.stderr.take().expect("it was piped"));
        let (say, said) = channel();
        // It ends with the agent, or with whoever listens.
        std::thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .take_while(|line| say.send(line.clone()).is_ok())
                .count()
        });
        Self { child, said }
    }

    /// Reads what it prints until a line has these words, and gives what follows them.
    #[track_caller]
    pub(crate) fn wait_for(&self, words: &str) -> String {
        let deadline = Instant::now() + SOON;
        let left = || deadline.saturating_duration_since(Instant::now());
        while let Ok(line) = self.said.recv_timeout(left()) {
            if let Some((_, rest)) = line.split_once(words) {
                return rest.to_owned();
            }
        }
        panic!("`{words}` was not printed");
    }

    /// Gives the address of the endpoint for health and metrics, which `--listen` asks for.
    #[track_caller]
    pub(crate) fn health(&self) -> SocketAddr {
        self.wait_for("health and metrics on http://").parse().expect("an address")
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(status.expect("every unix has kill").success());
    }

    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().expect("it ends")
    }
}

/// Asks an endpoint for health and metrics, and gives status and body.
#[track_caller]
pub(crate) fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers with text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}

/// Waits until the metrics have these lines.
#[track_caller]
pub(crate) fn wait_for_metrics(address: SocketAddr, lines: &[&str]) {
    let deadline = Instant::now() + SOON;
    loop {
        let (status, text) = get(address, "/metrics");
        assert_eq!(status, 200, "{text}");
        if lines.iter().all(|line| text.lines().any(|one| one == *line)) {
            return;
        }
        assert!(Instant::now() < deadline, "{lines:?} are not in {text}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

impl Drop for Agent {
    #[expect(clippy::print_stderr, reason = "what it said is half of what one wants to know")]
    fn drop(&mut self) {
        // It may have ended already; that is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            self.said.try_iter().for_each(|line| eprintln!("the agent said: {line}"));
        }
    }
}
