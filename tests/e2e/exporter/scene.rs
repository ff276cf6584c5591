//! A cluster, a store, a receiver, and the exporter between them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ktel_testkit::api_server::ApiServer;
use ktel_testkit::capture::Http;
use ktel_testkit::http::Request;
use ktel_testkit::otlp_series::{Labels, Samples};
use ktel_testkit::victoria_metrics::VictoriaMetrics;
use ktel_testkit::wait;
use serde_json::{Value, json};

use crate::program::{command, ktel};

/// Ends a hang. A window is 5 s, the lag 2 s.
pub(crate) const SOON: Duration = Duration::from_secs(60);
/// The endpoint of the requirement's example.
const GRAFANA: &str = "https://otlp-gateway-prod-eu-west-0.grafana.net/otlp";

/// A cluster, a store and a receiver.
pub(crate) struct Scene {
    pub(crate) api: ApiServer,
    pub(crate) store: VictoriaMetrics,
    pub(crate) receiver: Http,
    /// Where the exporter finds the store.
    pub(crate) store_address: SocketAddr,
    /// The tenancy of the operator's settings.
    pub(crate) tenancy: &'static str,
    /// More lines of the operator's settings.
    pub(crate) more: &'static str,
    place: tempfile::TempDir,
    /// Where the exporter serves its metrics.
    metrics: std::sync::Mutex<Option<SocketAddr>>,
}

/// A running exporter.
pub(crate) struct Exporter {
    process: Child,
    log: PathBuf,
}

impl Exporter {
    /// What it has said.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Stops it as Kubernetes does, and waits for its end.
    pub(crate) fn stop(mut self) {
        let pid = self.process.id().to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("kill can be started").success());
        let status = self.process.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }

    /// Ends it without a warning.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Scene {
    pub(crate) fn start() -> Self {
        let store = VictoriaMetrics::start();
        let scene = Self {
            api: ApiServer::start(),
            store_address: store.address(),
            store,
            receiver: Http::start(),
            tenancy: "{labels: {project: {namespace_label: example.com/project}}}",
            more: "",
            place: tempfile::tempdir().expect("a place"),
            metrics: std::sync::Mutex::default(),
        };
        let definition = ktel(Path::new("/dev/null"), "exporter crd");
        assert_eq!(definition.code, 0, "{definition:?}");
        scene.api.apply(&definition.stdout).expect("the definition is valid");
        let name = "crd/exporters.telemetry.datumapis.com";
        scene.kubectl(&["wait", "--for=condition=Established", name, "--timeout=30s"]);
        scene
    }

    pub(crate) fn kubectl(&self, words: &[&str]) -> String {
        self.api.kubectl(words.iter().copied()).expect("kubectl succeeds")
    }

    /// Makes a namespace of a project.
    pub(crate) fn namespace(&self, name: &str, project: &str) {
        let manifest = format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{example.com/project: {project}}}}}}}"
        );
        self.api.apply(&manifest).expect("the namespace is valid");
    }

    /// Writes a Secret with a token.
    pub(crate) fn secret(&self, namespace: &str, name: &str, token: &str) {
        let manifest = format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: {name}, namespace: {namespace}}}, stringData: {{token: {token}}}}}"
        );
        self.api.apply(&manifest).expect("the Secret is valid");
    }

    /// Puts the receiver of this test in the place of the one of the example.
    pub(crate) fn here(&self, text: &str) -> String {
        assert!(text.contains(GRAFANA));
        text.replace(GRAFANA, &self.receiver.url())
    }

    /// Applies manifests as a user does.
    #[track_caller]
    pub(crate) fn apply(&self, namespace: &str, text: &str) {
        self.apply_with(namespace, text, &[]).expect("they are valid");
    }

    /// Applies an Exporter, and gives what kubectl said if it is rejected. Client-side, the whole text would be in an
    /// annotation too, which has a limit of its own.
    pub(crate) fn try_apply(&self, namespace: &str, text: &str) -> Result<(), String> {
        self.apply_with(namespace, text, &["--server-side"])
    }

    fn apply_with(&self, namespace: &str, text: &str, more: &[&str]) -> Result<(), String> {
        let file = self.place.path().join("exporter.yaml");
        std::fs::write(&file, text).expect("a file");
        let file = file.display().to_string();
        let words = ["apply", "-n", namespace, "-f", &file].into_iter().chain(more.iter().copied());
        self.api.kubectl(words).map(drop).map_err(|error| format!("{error:#}"))
    }

    /// Writes `seconds` seconds of samples of a project's gateways in `shop`. Gives the time before the first one, in
    /// milliseconds.
    pub(crate) fn feed(&self, project: &str, seconds: u32) -> i64 {
        let labels = [
            ("project", project),
            ("service_name", "networking.datumapis.com"),
            ("resource_kind", "Gateway"),
            ("resource_namespace", "shop"),
        ];
        self.feed_labels(&[&labels], seconds)
    }

    /// Writes `seconds` seconds of samples, each 200 ms, as time goes by: for each list of labels those of four gateways.
    pub(crate) fn feed_labels(&self, targets: &[&[(&str, &str)]], seconds: u32) -> i64 {
        let mut step = 0;
        self.feed_lines(
            |time| {
                let mut lines = String::new();
                for (labels, gateway) in
                    targets.iter().flat_map(|labels| (0..4).map(move |gateway| (labels, gateway)))
                {
                    for (name, value) in [
                        ("network_bytes_total", time as f64 / 1000.0 + f64::from(gateway)),
                        ("network_bytes_queued", f64::from(step % 7_u32) + 0.25),
                    ] {
                        let mut metric: serde_json::Map<String, Value> = labels
                            .iter()
                            .map(|(name, value)| ((*name).to_owned(), (*value).into()))
                            .collect();
                        metric.insert("__name__".to_owned(), name.into());
                        metric.insert(
                            "resource_name".to_owned(),
                            format!("gateway-{gateway}").into(),
                        );
                        lines += &format!(
                            "{}\n",
                            json!({"metric": metric, "values": [value], "timestamps": [time]})
                        );
                    }
                }
                step += 1;
                lines
            },
            seconds,
        )
    }

    /// Writes lines of samples, each 200 ms, for some seconds.
    pub(crate) fn feed_lines(&self, mut lines: impl FnMut(i64) -> String, seconds: u32) -> i64 {
        let begun = now_ms();
        for _ in 0..seconds * 5 {
            self.store.import(&lines(now_ms()));
            std::thread::sleep(Duration::from_millis(200));
        }
        begun
    }

    /// Starts the exporter, and waits until it serves its metrics.
    pub(crate) fn start_exporter(&self) -> Exporter {
        self.start_exporter_with(&self.api.admin_kubeconfig(), &[])
    }

    /// Starts the exporter as somebody else, with more arguments.
    pub(crate) fn start_exporter_with(&self, kubeconfig: &Path, more: &[&str]) -> Exporter {
        let settings = self.settings();
        let log = self.place.path().join(format!("exporter-{}.log", now_ms()));
        let file = std::fs::File::create(&log).expect("a file");
        let mut command = command(kubeconfig);
        command.args(["--verbose", "exporter", "run", "--listen", "127.0.0.1:0", "--config"]);
        command.arg(settings).args(more).env("POD_NAME", format!("exporter-{}", now_ms()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let exporter = Exporter { process: command.spawn().expect("ktel can be started"), log };
        wait::until("the exporter listens", SOON, || {
            let said = exporter.said();
            let address = said.lines().find_map(|line| line.split_once("metrics on http://"));
            let address = address.and_then(|(_, address)| address.trim().parse().ok());
            *self.metrics.lock().expect("no holder panics") = address;
            address.is_some()
        });
        exporter
    }

    fn settings(&self) -> PathBuf {
        let file = self.place.path().join("settings.yaml");
        let text = format!(
            "ktel: 1
store: {{kind: victoria-metrics, version: '1.145', url: 'http://{}'}}
tenancy: {}
egress: {{allow_http: true, allowed_networks: [127.0.0.0/8]}}
reading: {{window: 5s, lag: 2s, lag_min: 1s}}
{}
",
            self.store_address, self.tenancy, self.more
        );
        std::fs::write(&file, text).expect("a file");
        file
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.receiver.requests()
    }

    /// What arrived, repeats included.
    pub(crate) fn arrived(&self) -> Samples {
        self.read(|_| true)
    }

    /// What arrived with a value of the `Authorization` header.
    pub(crate) fn arrived_with(&self, authorization: &str) -> Samples {
        self.read(|request| request.header("authorization") == Some(authorization))
    }

    fn read(&self, is_wanted: impl Fn(&Request) -> bool) -> Samples {
        let mut samples = Samples::default();
        for request in self.requests().iter().filter(|request| is_wanted(request)) {
            samples.read(&request.body().expect("it can be decompressed")).expect("it is OTLP");
        }
        samples
    }

    /// What the store has of a selector, from a moment on.
    pub(crate) fn stored(&self, selector: &str, from_ms: i64) -> Samples {
        self.store.flush();
        let from = from_ms.to_string();
        let text = self.store.ask("/api/v1/export", &[("match[]", selector), ("start", &from)]);
        let mut samples = Samples::default();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let metric = line["metric"].as_object().expect("labels");
            let labels =
                metric.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("text")));
            let labels = Labels::new(labels);
            let values = line["values"].as_array().expect("values").iter();
            let times = line["timestamps"].as_array().expect("timestamps").iter();
            for (value, time) in values.zip(times) {
                let value = value.as_f64().expect("a number");
                samples.number(labels.clone(), time.as_i64().expect("a time"), value);
            }
        }
        samples
    }

    pub(crate) fn status(&self, namespace: &str, name: &str) -> Value {
        let text = self.kubectl(&["get", "exp", name, "-n", namespace, "-o", "json"]);
        let object: Value = serde_json::from_str(&text).expect("JSON");
        object["status"].clone()
    }

    /// The names and statuses of all Exporters of a namespace.
    pub(crate) fn statuses(&self, namespace: &str) -> Vec<(String, Value)> {
        let text = self.kubectl(&["get", "exp", "-n", namespace, "-o", "json"]);
        let list: Value = serde_json::from_str(&text).expect("JSON");
        let objects = list["items"].as_array().expect("items").iter();
        objects
            .map(|object| {
                let name = object["metadata"]["name"].as_str().expect("a name");
                (name.to_owned(), object["status"].clone())
            })
            .collect()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        now_ms()
    }

    /// When an Exporter was made, in milliseconds.
    pub(crate) fn created(&self, namespace: &str, name: &str) -> i64 {
        let path = "jsonpath={.metadata.creationTimestamp}";
        let text = self.kubectl(&["get", "exp", name, "-n", namespace, "-o", path]);
        text.parse::<jiff::Timestamp>().expect("a time").as_millisecond()
    }

    /// Waits until the status says that all is delivered that is in the store now.
    #[track_caller]
    pub(crate) fn wait_until_delivered(&self, namespace: &str, name: &str) {
        let now = now_ms() + 1000; // a status has whole seconds
        wait::until("all is delivered", SOON * 2, || {
            let status = self.status(namespace, name);
            let through = status["deliveredThrough"].as_str().unwrap_or_default();
            through.parse::<jiff::Timestamp>().is_ok_and(|time| time.as_millisecond() > now)
        });
    }

    /// Gives the sum of a metric of the exporter.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let address = self.metrics.lock().expect("no holder panics").expect("it runs");
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").expect("it takes a request");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        let values = text.lines().filter(|line| line.starts_with(name));
        values.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }
}

#[expect(clippy::disallowed_methods, reason = "samples are of now")]
pub(crate) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_millis()).expect("a time")
}
