//! A real kube-apiserver with its etcd: TLS, tokens and RBAC on, no kubelet, no controllers.
//!
//! Every object is only an object: Pods stay `Pending`, and a deleted namespace stays
//! `Terminating`. Serving certificate and CA are the server's own self-signed ones, made at start.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::etcd::Etcd;
use crate::ports::TcpPort;
use crate::real;
use crate::watched::{Launch, Stop, Watched};

mod audit;
mod credentials;
mod seed;

pub use audit::Access;

/// The token of a user in `system:masters`.
pub const ADMIN_TOKEN: &str = "admin-token";
/// The token of a user whom no role binds.
pub const NOBODY_TOKEN: &str = "nobody-token";

/// A start takes 3 s on two idle cores; ten at once on busy ones still fit.
const START_WITHIN: Duration = Duration::from_secs(90);
/// Issuer of, and audience in, the service accounts' tokens.
const ISSUER: &str = "https://kubernetes.default.svc";

/// A running kube-apiserver with its own etcd; both end when it is dropped or this process ends.
#[derive(Debug)]
pub struct ApiServer {
    // Dropped in this order: the server before its etcd, which sweeps the directory.
    process: Option<Watched>,
    etcd: Etcd,
    directory: PathBuf,
    port: TcpPort,
    program: PathBuf,
    kubectl: PathBuf,
}

/// A server that does nothing until this is dropped.
#[derive(Debug)]
pub struct Frozen<'a>(&'a Watched);

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        self.0.signal("CONT").expect("a stopped program goes on");
    }
}

impl ApiServer {
    /// Starts a server of the caller's own.
    ///
    /// # Panics
    ///
    /// A program is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        let [etcd, program, kubectl] = real::require(["etcd", "kube-apiserver", "kubectl"]);
        Self::start_with(&etcd, program, kubectl).expect("a real API server starts")
    }

    /// Gives the one server that this process's tests share, started by the first who asks.
    ///
    /// Tests keep apart by namespaces of their own; one that counts cluster-wide, stops the
    /// server or installs CRDs starts its own.
    ///
    /// # Panics
    ///
    /// As [`ApiServer::start`].
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<ApiServer> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn start_with(etcd: &Path, program: PathBuf, kubectl: PathBuf) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("ktel-api-server-").tempdir();
        let directory = directory.context("make a data directory")?;
        let etcd = Etcd::start(etcd, directory.path())?;
        let directory = directory.keep(); // etcd's watchdog removes it from now on
        // It does not take port 0, and a restart takes the same port again.
        let port = TcpPort::hold()?;
        let mut server = Self { process: None, etcd, directory, port, program, kubectl };
        server.write_credentials()?;
        server.write_audit_policy()?;
        server.launch()?;
        Ok(server)
    }

    fn launch(&mut self) -> anyhow::Result<()> {
        let file = |name: &str| self.directory.join(name).display().to_string();
        let arguments = [
            format!("--etcd-servers={}", self.etcd.url()),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(), // works without any network
            "--endpoint-reconciler-type=none".to_owned(), // it would refuse a loopback address
            format!("--secure-port={}", self.port()),
            format!("--cert-dir={}", file("certificates")),
            format!("--token-auth-file={}", file("tokens.csv")),
            "--authorization-mode=RBAC".to_owned(),
            format!("--service-account-issuer={ISSUER}"),
            format!("--service-account-signing-key-file={}", file("service-account.key")),
            format!("--service-account-key-file={}", file("service-account.pub")),
            format!("--api-audiences={ISSUER}"),
            // It would hold Pods back until a controller has made the account's objects.
            "--disable-admission-plugins=ServiceAccount".to_owned(),
            "--service-cluster-ip-range=10.0.0.0/16".to_owned(),
            format!("--audit-policy-file={}", file("audit.yaml")),
            format!("--audit-log-path={}", file("audit.log")),
            "--audit-log-mode=blocking".to_owned(), // a request is there when its answer is
        ];
        let log = self.directory.join("kube-apiserver.log");
        let launch = Launch {
            program: &self.program,
            arguments: &arguments,
            log,
            sweep: None,
            stop: Stop::Kill,
        };
        let mut process = Watched::start(launch)?;
        let mut last = String::new();
        let waited = process.wait_until(START_WITHIN, || {
            self.is_ready().inspect_err(|error| last = format!("{error:#}")).is_ok()
        });
        waited.with_context(|| format!("wait for the API server: {last}"))?;
        self.process = Some(process);
        Ok(())
    }

    /// Ready means: the server says so, and the namespaces that it makes itself are there.
    fn is_ready(&self) -> anyhow::Result<()> {
        self.keep_ca()?;
        self.kubectl(["get", "--raw=/readyz", "--request-timeout=5s"])?;
        self.kubectl(["get", "namespace", "default", "kube-system"]).map(|_namespaces| ())
    }

    /// Gives the address that clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port())
    }

    /// Gives the port on 127.0.0.1, for a proxy in front of it.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Ends the server at once, as a crash would; etcd keeps running.
    pub fn stop(&mut self) {
        self.process.take();
    }

    /// Starts the stopped server again: same port, same CA, same objects.
    ///
    /// # Panics
    ///
    /// The server does not become ready.
    pub fn restart(&mut self) {
        self.stop();
        self.launch().expect("a real API server starts again");
    }

    /// Stops the server in the middle of what it does, until the result is dropped: connections stay
    /// open, and nobody answers. What was sent in the meantime is done afterwards.
    ///
    /// # Panics
    ///
    /// The server does not run.
    #[must_use]
    pub fn freeze(&self) -> Frozen<'_> {
        let process = self.process.as_ref().expect("the server runs");
        process.signal("STOP").expect("a program of ours can be stopped");
        Frozen(process)
    }

    /// Runs the real kubectl as admin and gives what it printed.
    ///
    /// # Errors
    ///
    /// kubectl does not end with 0; the error holds what it said.
    pub fn kubectl<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> anyhow::Result<String> {
        let output = Command::new(&self.kubectl)
            .arg("--kubeconfig")
            .arg(self.admin_kubeconfig())
            .arg("--cache-dir")
            .arg(self.directory.join("discovery"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .context("run kubectl")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "kubectl: {}", said.trim_end());
        String::from_utf8(output.stdout).context("read what kubectl printed")
    }

    /// Applies manifests, server-side and taking over every field; any number of documents.
    ///
    /// # Errors
    ///
    /// The server rejects one of them.
    pub fn apply(&self, manifests: &str) -> anyhow::Result<()> {
        let file = self.file_with("manifests.yaml", manifests)?;
        let name = file.display().to_string();
        self.kubectl(["apply", "--server-side", "--force-conflicts", "-f", &name])?;
        fs::remove_file(&file).context("remove the manifests")
    }

    /// Writes a file of a unique name into the server's directory.
    fn file_with(&self, suffix: &str, content: &str) -> anyhow::Result<PathBuf> {
        let file = tempfile::Builder::new().suffix(suffix).tempfile_in(&self.directory);
        let (_open, path) = file.and_then(|file| Ok(file.keep()?)).context("make a file")?;
        fs::write(&path, content).with_context(|| format!("write `{}`", path.display()))?;
        Ok(path)
    }

    /// Gives where data and logs are, for somebody who wants to look while it runs.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}
