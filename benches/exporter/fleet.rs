//! Many Exporters on one replica: what they cost the API server and the store, and how late they are.
//!
//! `KTEL_BENCH_EXPORTERS` sets how many there are: 1000 by default, in 50 namespaces, each a tenant.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use ktel_testkit::api_server::ApiServer;
use ktel_testkit::victoria_metrics::VictoriaMetrics;
use serde_json::{Value, json};

use audit::Asked;

use crate::process::{Process, build_ktel};
use crate::receiver;

mod audit;
mod scrape;

const TENANTS: usize = 50;
/// Series of each tenant; every Exporter of it ships them all.
const SERIES: usize = 20;
/// The time between two samples of a series.
const INTERVAL: Duration = Duration::from_secs(15);
/// How long each phase is measured.
const PHASE: Duration = Duration::from_secs(90);
/// Ends a hang.
const SOON: Duration = Duration::from_secs(300);

/// What all phases share.
struct Scene {
    api: ApiServer,
    store: VictoriaMetrics,
    received: std::sync::Arc<receiver::Counts>,
    folder: tempfile::TempDir,
    program: std::path::PathBuf,
    exporters: usize,
}

/// Measures them, and prints a table.
pub(crate) fn run() -> anyhow::Result<()> {
    let exporters = match std::env::var("KTEL_BENCH_EXPORTERS") {
        Ok(text) => text.parse().context("KTEL_BENCH_EXPORTERS is a number")?,
        Err(_) => 1000,
    };
    let (receiver, received) = receiver::start()?;
    let scene = Scene {
        api: ApiServer::start(),
        store: VictoriaMetrics::start(),
        received,
        folder: tempfile::tempdir()?,
        program: build_ktel()?,
        exporters,
    };
    eprintln!("applying {exporters} Exporters");
    let kubeconfig = scene.prepare(receiver)?;
    let ends = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                scene.store.import(&lines());
                std::thread::sleep(INTERVAL);
            }
        });
        let measured = scene.measure(&kubeconfig);
        ends.store(true, Ordering::Relaxed);
        measured
    })
}

impl Scene {
    /// Makes the definition, the namespaces, the account and the Exporters; gives the account's kubeconfig.
    fn prepare(&self, receiver: SocketAddr) -> anyhow::Result<std::path::PathBuf> {
        let definition = Command::new(&self.program).args(["exporter", "crd"]).output()?;
        ensure!(definition.status.success(), "there is no definition");
        self.api.apply(&String::from_utf8(definition.stdout)?)?;
        let name = "crd/exporters.telemetry.datumapis.com";
        self.api.kubectl(["wait", "--for=condition=Established", name, "--timeout=60s"])?;
        let mut manifests = String::new();
        for name in (0..TENANTS).map(tenant).chain(["monitoring".to_owned()]) {
            let namespace =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            manifests += &format!("---\n{namespace}\n");
        }
        self.api.apply(&manifests)?;
        self.api.kubectl(["create", "serviceaccount", "exporter", "-n", "monitoring"])?;
        // Its rights are tested elsewhere; here only the audit log has to name it.
        let role = ["--clusterrole=cluster-admin", "--serviceaccount=monitoring:exporter"];
        self.api.kubectl(["create", "clusterrolebinding", "exporter"].into_iter().chain(role))?;
        let mut manifests = String::new();
        for number in 0..self.exporters {
            manifests += &format!("---\n{}\n", exporter(number, receiver));
        }
        self.api.apply(&manifests)?;
        let token = self.api.token_for_service_account("monitoring", "exporter")?;
        Ok(self.api.kubeconfig(&token))
    }

    fn start(&self, kubeconfig: &Path, log: &str) -> anyhow::Result<(Process, SocketAddr)> {
        let settings = self.folder.path().join("settings.yaml");
        let text = format!(
            "ktel: 1
store: {{kind: victoria-metrics, version: '1.145', url: 'http://{}'}}
tenancy: {{labels: {{namespace: namespace_name}}}}
egress: {{allow_http: true, allowed_networks: [127.0.0.0/8]}}
",
            self.store.address()
        );
        std::fs::write(&settings, text)?;
        let log = self.folder.path().join(log);
        let mut command = Command::new(&self.program);
        command.args(["exporter", "run", "--namespace", "monitoring", "--listen", "127.0.0.1:0"]);
        command.arg("--config").arg(settings).env("KUBECONFIG", kubeconfig);
        let process = Process::start(&mut command, &log)?;
        let begun = Instant::now();
        loop {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let address = said.lines().find_map(|line| line.split_once("metrics on http://"));
            if let Some((_, address)) = address {
                return Ok((process, address.trim().parse()?));
            }
            ensure!(begun.elapsed() < SOON, "it does not listen: {said}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn measure(&self, kubeconfig: &Path) -> anyhow::Result<()> {
        println!(
            "| phase | API: reads | status writes (most in a second) | cursor writes | Events | other | store requests | points | kB to sinks | CPU | peak memory | lag |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
        let (mut process, mut metrics) = self.start(kubeconfig, "first.log")?;
        self.wait_for_all(metrics)?;
        self.phase("first 90 s", &mut process, metrics)?;
        self.phase("steady", &mut process, metrics)?;
        drop(process); // killed
        (process, metrics) = self.start(kubeconfig, "second.log")?;
        self.phase("after a kill", &mut process, metrics)?;
        self.phase("steady again", &mut process, metrics)?;
        Ok(())
    }

    /// Waits until all Exporters run.
    fn wait_for_all(&self, metrics: SocketAddr) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let running = scrape::sum(&scrape::get(metrics)?, "ktel_exporter_exporters");
            if running as usize >= self.exporters {
                eprintln!("all run after {:.1} s", begun.elapsed().as_secs_f64());
                return Ok(());
            }
            ensure!(begun.elapsed() < SOON, "{running} run");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Lets a phase pass, and prints its line: figures a second.
    fn phase(&self, name: &str, process: &mut Process, metrics: SocketAddr) -> anyhow::Result<()> {
        let (begun, from) = (Instant::now(), now_ms());
        let store = || anyhow::Ok(scrape::requests(&scrape::get(self.store.address())?));
        let (asked, before, used) = (store()?, self.received.now(), process.used()?);
        let mut lag: f64 = 0.0;
        while begun.elapsed() < PHASE {
            std::thread::sleep(Duration::from_secs(1));
            lag = scrape::largest(&scrape::get(metrics)?, "ktel_exporter_lag_seconds");
            ensure!(!process.has_ended()?, "it ended by itself");
        }
        let seconds = begun.elapsed().as_secs_f64();
        let api = audit::asked(&self.api, from)?;
        let mean = |what| api.get(&what).map_or(0.0, |each| total(each) as f64 / seconds);
        let peak = |what| api.get(&what).and_then(|each| each.values().max().copied()).unwrap_or(0);
        let (now, arrived) = (process.used()?, self.received.now());
        println!(
            "| {name} | {:.1} | {:.1} ({}) | {:.1} ({}) | {:.1} ({}) | {:.1} | {:.1} | {:.0} | {:.0} | {:.0} % | {:.0} MiB | {lag:.0} s |",
            mean(Asked::Read),
            mean(Asked::Status),
            peak(Asked::Status),
            mean(Asked::Cursors),
            peak(Asked::Cursors),
            mean(Asked::Event),
            peak(Asked::Event),
            mean(Asked::Other),
            (store()? - asked) / seconds,
            (arrived.points - before.points) as f64 / seconds,
            (arrived.wire_bytes - before.wire_bytes) as f64 / 1000.0 / seconds,
            (now.cpu - used.cpu).as_secs_f64() * 100.0 / seconds,
            now.peak_mib,
        );
        Ok(())
    }
}

fn total(each: &BTreeMap<i64, u64>) -> u64 {
    each.values().sum()
}

fn tenant(number: usize) -> String {
    format!("tenant-{number}")
}

fn exporter(number: usize, receiver: SocketAddr) -> Value {
    json!({
        "apiVersion": "telemetry.datumapis.com/v1alpha1", "kind": "Exporter",
        "metadata": {"name": format!("exporter-{number}"), "namespace": tenant(number % TENANTS)},
        "spec": {
            "sources": [{"name": "all", "metrics": {"metricsql": "load"}}],
            "sinks": [{"name": "here", "otlp_http": {"endpoint": format!("http://{receiver}")}}],
        },
    })
}

/// A sample of each series, of now.
fn lines() -> String {
    let time = now_ms();
    let series = (0..TENANTS).flat_map(|owner| (0..SERIES).map(move |number| (owner, number)));
    let line = |(owner, number): (usize, usize)| {
        let metric =
            json!({"__name__": "load", "namespace": tenant(owner), "series": number.to_string()});
        format!("{}\n", json!({"metric": metric, "values": [number], "timestamps": [time]}))
    };
    series.map(line).collect()
}

#[expect(clippy::disallowed_methods, reason = "the samples are of now")]
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_millis()).expect("a time")
}
