//! `ktel exporter run`: watches the Exporters of a cluster, and delivers what they select.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use ktel_exporter::control::{self, Fenced, Phase, Setup, Status};
use ktel_exporter::engine::{Engine, OverHttp};
use ktel_process::health::{self, Readiness};
use ktel_process::metrics::Metrics;
use ktel_process::signals;
use tokio_util::sync::CancellationToken;

use super::metrics::ExporterMetrics;
use super::settings::{self, engine_settings};
use crate::arguments::shared::ClusterArguments;
use crate::arguments::values::listener;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::{clock, cluster, listening};

#[derive(Debug, Args)]
pub(crate) struct ExporterRunArguments {
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    cluster: ClusterArguments,
    /// Keep the lease and the cursors in this namespace [default: that of the Pod, else `default`]
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// Serve /healthz, /readyz and /metrics here; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", value_parser = listener)]
    listen: Option<SocketAddr>,
}

pub(super) fn run(
    arguments: &ExporterRunArguments,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let settings = settings::load(&arguments.config)?;
    let reader = settings::reader(&settings)?;
    runtime()?.block_on(async {
        let client = cluster::connect(&arguments.cluster).await?;
        let listener = listening::listen(arguments.listen, printer).await?;
        let (first, second) = (signals::first()?, signals::second()?);
        let (own_namespace, pod) = cluster::own_pod().unzip();
        let namespace = arguments.namespace.clone().or(own_namespace);
        let setup = Setup {
            client,
            namespace: namespace.unwrap_or_else(|| "default".to_owned()),
            identity: pod.unwrap_or_else(identity),
            clock: lease_clock(),
            lease: ktel_lease::Settings::default(),
            settings,
        };
        let status = Status::default();
        let stop = CancellationToken::new();
        let engine_settings = engine_settings(&setup.settings);
        let engine = |guard| {
            let connects = Arc::new(Fenced { connects: OverHttp, guard });
            Engine::new(Arc::new(reader.clone()), connects, engine_settings, clock::clock())
        };
        let work = async {
            tokio::select! {
                ended = control::run(&setup, &status, engine, stop.clone()) => ended,
                // The first signal lets it finish, the second ends it.
                () = async { first.await; stop.cancel(); second.await } => Ok(()),
            }
        };
        let ended = match listener {
            Some(listener) => Box::pin(health::serve_during(listener, routes(&status), work)).await,
            None => work.await,
        };
        ended.map_err(|error| Failure::usage(error, None::<&str>))?;
        Ok(Exit::Done)
    })
}

/// Names this process where no Pod is named: two of one host are two.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "localhost".to_owned());
    format!("{host}-{}", std::process::id())
}

fn lease_clock() -> ktel_lease::Clock {
    let clock = clock::clock();
    ktel_lease::Clock { now: clock.now, jitter: clock.jitter }
}

fn routes(status: &Status) -> axum::Router {
    let shown = status.clone();
    let look = move || (shown.engine(), shown.phase() == Phase::Leading);
    let collector = Box::new(ExporterMetrics(Box::new(look)));
    let metrics = Metrics::new("exporter").with(|registry| registry.register_collector(collector));
    let asked = status.clone();
    health::routes(Arc::new(metrics), move || {
        let readiness = match asked.phase() {
            Phase::Starting => Readiness::NotReady("the lease was not asked for yet".to_owned()),
            Phase::StandingBy | Phase::Leading => Readiness::Ready,
        };
        async { readiness }
    })
}
