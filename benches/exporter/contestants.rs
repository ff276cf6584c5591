//! Who takes part, and how each is started.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use ktel_testkit::ports::TcpPort;
use ktel_testkit::real;

use crate::process::{Process, build_ktel};
use crate::scene::{SAMPLES, Scene, write};

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// `ktel exporter local`, from the store, with gzip.
    KtelGzip,
    /// The same with zstd.
    KtelZstd,
    /// The same without compression.
    KtelPlain,
    /// The Collector, from the store by `/federate`: one scrape of the minute.
    CollectorFederate,
    /// The Collector, fed with OTLP: it has nothing to read and nothing to map.
    CollectorOtlp,
}

impl Contestant {
    pub(crate) const ALL: [Self; 5] = [
        Self::KtelGzip,
        Self::KtelZstd,
        Self::KtelPlain,
        Self::CollectorFederate,
        Self::CollectorOtlp,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::KtelGzip => "ktel gzip",
            Self::KtelZstd => "ktel zstd",
            Self::KtelPlain => "ktel none",
            Self::CollectorFederate => "Collector federate gzip",
            Self::CollectorOtlp => "Collector OTLP gzip",
        }
    }

    /// How many points should arrive.
    pub(crate) const fn expected(self, scene: &Scene) -> u64 {
        match self {
            Self::CollectorOtlp => scene.series as u64,
            _ => (scene.series * SAMPLES) as u64,
        }
    }

    /// Starts it; gives where it wants to be fed, if it does.
    pub(crate) fn start(
        self,
        scene: &Scene,
        receiver: SocketAddr,
        log: &Path,
    ) -> anyhow::Result<(Process, Option<SocketAddr>)> {
        match self {
            Self::KtelGzip => ktel(scene, receiver, log, "gzip"),
            Self::KtelZstd => ktel(scene, receiver, log, "zstd"),
            Self::KtelPlain => ktel(scene, receiver, log, "none"),
            Self::CollectorFederate => federate(scene, receiver, log),
            Self::CollectorOtlp => forward(scene, receiver, log),
        }
    }
}

fn ktel(
    scene: &Scene,
    receiver: SocketAddr,
    log: &Path,
    compression: &str,
) -> anyhow::Result<(Process, Option<SocketAddr>)> {
    let start = jiff::Timestamp::from_millisecond(i64::try_from(scene.start_ms)?)?;
    let exporter = format!(
        "apiVersion: telemetry.datumapis.com/v1alpha1
kind: Exporter
metadata: {{name: bench, creationTimestamp: \"{start}\"}}
spec:
  sources:
  - name: all
    metrics: {{metricsql: '{{job=\"edge-proxy\"}}'}}
  sinks:
  - name: counting
    otlp_http: {{endpoint: \"http://{receiver}\", compression: {compression}}}
    batch: {{maxSize: 1000}}
"
    );
    let store = &scene.store;
    let settings = format!(
        "ktel: 1
store: {{kind: victoria-metrics, version: \"1.145\", url: \"{store}\"}}
tenancy: {{single_tenant: true}}
reading: {{window: 60s}}
egress: {{allow_http: true, allowed_networks: [127.0.0.0/8]}}
"
    );
    let folder = scene.folder.path();
    let exporter = write(folder, "exporter.yaml", &exporter)?;
    let settings = write(folder, "settings.yaml", &settings)?;
    let state = tempfile::tempdir_in(folder)?.keep();
    let mut command = Command::new(build_ktel()?);
    command.args(["exporter", "local"]).arg(exporter).arg("--config").arg(settings);
    command.arg("--state").arg(state);
    Ok((Process::start(&mut command, log)?, None))
}

fn federate(
    scene: &Scene,
    receiver: SocketAddr,
    log: &Path,
) -> anyhow::Result<(Process, Option<SocketAddr>)> {
    let target = scene.store.trim_start_matches("http://");
    let config = format!(
        "receivers:
  prometheus:
    config:
      scrape_configs:
      - job_name: federate
        honor_labels: true
        honor_timestamps: true
        metrics_path: /federate
        params: {{'match[]': ['{{job=\"edge-proxy\"}}'], max_lookback: [1h]}}
        scrape_interval: 60s
        scrape_timeout: 60s
        static_configs: [{{targets: ['{target}']}}]
processors: {{batch: {{send_batch_size: 1000, send_batch_max_size: 1000}}}}
exporters: {{otlp_http: {{endpoint: 'http://{receiver}', compression: gzip}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{metrics: {{receivers: [prometheus], processors: [batch], exporters: [otlp_http]}}}}
"
    );
    collector(scene, &config, log).map(|process| (process, None))
}

fn forward(
    scene: &Scene,
    receiver: SocketAddr,
    log: &Path,
) -> anyhow::Result<(Process, Option<SocketAddr>)> {
    let port = TcpPort::hold()?;
    let input = SocketAddr::from(([127, 0, 0, 1], port.number()));
    let config = format!(
        "receivers: {{otlp: {{protocols: {{http: {{endpoint: '{input}'}}}}}}}}
exporters: {{otlp_http: {{endpoint: 'http://{receiver}', compression: gzip}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{metrics: {{receivers: [otlp], exporters: [otlp_http]}}}}
"
    );
    let process = collector(scene, &config, log)?;
    drop(port); // it has to be free for the Collector; nobody else takes it meanwhile
    Ok((process, Some(input)))
}

fn collector(scene: &Scene, config: &str, log: &Path) -> anyhow::Result<Process> {
    let [program] = real::require(["otelcol"]);
    let config = write(scene.folder.path(), "collector.yaml", config)?;
    let mut command = Command::new(program);
    command.arg("--config").arg(config).env("GOMAXPROCS", "1");
    Process::start(&mut command, log)
}
