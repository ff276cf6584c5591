//! `ktel exporter local`: the engine without Kubernetes, for a laptop or a virtual machine.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use clap::Args;
use ktel::directories::{Directories, process_environment};
use ktel_delivery::private_file;
use ktel_exporter::credentials::Credentials;
use ktel_exporter::cursor::Cursors;
use ktel_exporter::engine::{Engine, OverHttp};
use ktel_exporter::plan::Plan;
use ktel_exporter::report::{LaneReport, Report};
use ktel_exporter::resource::Spec;
use ktel_exporter::settings::Settings;
use ktel_process::health::{self, Readiness};
use ktel_process::metrics::Metrics;
use ktel_process::signals;
use tokio::time::{MissedTickBehavior, interval};

use super::file::{FileArguments, FromFile, compiled, now};
use super::metrics::ExporterMetrics;
use super::secrets::SecretArguments;
use super::settings;
use crate::arguments::values::listener;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::limits::{EXPORTER_DRAIN_WITHIN, EXPORTER_LOOKS_EVERY};
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::{clock, listening};

#[derive(Debug, Args)]
pub(crate) struct ExporterLocalArguments {
    #[command(flatten)]
    of_file: FileArguments,
    /// Keep the cursors in this directory [default: ktel/_exporter in the user's directory for state]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    #[command(flatten)]
    secrets: SecretArguments,
    /// Serve /healthz, /readyz and /metrics here; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", value_parser = listener)]
    listen: Option<SocketAddr>,
}

/// An Exporter of the file, ready to run.
struct Ready {
    key: String,
    plan: Arc<Plan>,
    credentials: Vec<Arc<Credentials>>,
    cursors: Cursors,
}

pub(super) fn run(
    arguments: &ExporterLocalArguments,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let settings = settings::load(&arguments.of_file.config)?;
    let reader = settings::reader(&settings)?;
    let state = State::open(arguments.state.as_deref())?;
    let ready = prepare(arguments, &settings, &state.load()?, printer)?;
    let engine_settings = settings::engine_settings(&settings);
    runtime()?.block_on(async {
        let listener = listening::listen(arguments.listen, printer).await?;
        let (mut first, second) = (Box::pin(signals::first()?), signals::second()?);
        let connects = Arc::new(OverHttp);
        let engine = Engine::new(Arc::new(reader), connects, engine_settings, clock::clock());
        let engine = Arc::new(engine);
        let (mut cursors, mut plans) = (BTreeMap::new(), Vec::new());
        for Ready { key, plan, credentials, cursors: own } in ready {
            cursors.insert(key, own.clone());
            plans.push((plan, credentials, own));
        }
        // Where new lanes begin is written before they begin.
        state.save(&cursors)?;
        for (plan, credentials, own) in plans {
            engine.apply(plan, credentials, own);
        }
        let work = async {
            let mut looks = interval(EXPORTER_LOOKS_EVERY);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = &mut first => break,
                    _ = looks.tick() => {}
                    () = engine.save_wanted() => {}
                }
                let reports = engine.reports();
                state.note(&mut cursors, &reports)?;
                for report in &reports {
                    engine.saved(&report.id, &cursors[&report.id.uid]);
                }
            }
            tokio::select! {
                () = second => {}
                reports = engine.stop(EXPORTER_DRAIN_WITHIN) => {
                    state.note(&mut cursors, &reports)?;
                    for lane in reports.iter().flat_map(|report| &report.lanes) {
                        printer.say(&summary(lane));
                    }
                }
            }
            Ok(Exit::Done)
        };
        match listener {
            Some(listener) => health::serve_during(listener, routes(&engine), work).await,
            None => work.await,
        }
    })
}

/// Compiles the Exporters of the file, and finds their secrets and cursors.
fn prepare(
    arguments: &ExporterLocalArguments,
    settings: &Settings,
    saved: &BTreeMap<String, Cursors>,
    printer: &mut Printer,
) -> Result<Vec<Ready>, Failure> {
    let now = now();
    let added = |key: &str, spec: &Spec| {
        let saved = saved.get(key).filter(|saved| !saved.is_empty());
        let sources = spec.sources.iter().filter(|_| saved.is_some());
        let late =
            sources.filter(|source| !saved.is_some_and(|saved| saved.has_source(&source.name)));
        late.map(|source| (source.name.clone(), now)).collect()
    };
    let found = compiled(&arguments.of_file, settings, &added, printer)?;
    let ready = |exporter: FromFile| {
        let saved = saved.get(&exporter.key).cloned().unwrap_or_default();
        ready(exporter, &arguments.secrets, &saved, printer)
    };
    Ok(found.into_iter().map(ready).collect())
}

fn ready(
    exporter: FromFile,
    secrets: &SecretArguments,
    saved: &Cursors,
    printer: &mut Printer,
) -> Ready {
    let FromFile { key, plan, secrets: needs, .. } = exporter;
    let credentials = plan.sinks.iter().zip(&needs).map(|(sink, needs)| {
        let found = secrets.credentials(needs).unwrap_or_else(|missing| {
            for one in missing {
                printer.warn(&format!("{key}: sink `{}`: {one}", sink.name));
            }
            Credentials::default()
        });
        Arc::new(found)
    });
    let credentials = credentials.collect();
    let cursors = saved.of_plan(&plan);
    Ready { key, plan: Arc::new(plan), credentials, cursors }
}

fn summary(lane: &LaneReport) -> String {
    let LaneReport { source, sink, points, .. } = lane;
    format!(
        "{source} to {sink}: {} points acknowledged, {} rejected, {} dropped",
        points.acknowledged, points.rejected, points.dropped
    )
}

fn routes(engine: &Arc<Engine>) -> axum::Router {
    let engine = Arc::clone(engine);
    let look = move || (Some(Arc::clone(&engine)), true);
    let collector = Box::new(ExporterMetrics(Box::new(look)));
    let metrics = Metrics::new("exporter").with(|registry| registry.register_collector(collector));
    health::routes(Arc::new(metrics), || async { Readiness::Ready })
}

/// Where cursors are kept.
struct State(PathBuf);

impl State {
    fn open(directory: Option<&Path>) -> Result<Self, Failure> {
        let directory = match directory {
            Some(directory) => directory.to_owned(),
            None => Directories::of(&process_environment).exporter().ok_or_else(|| {
                Failure::usage(
                    anyhow!("no directory for the cursors"),
                    Some("name one with `--state`, or set HOME or XDG_STATE_HOME"),
                )
            })?,
        };
        Ok(Self(directory.join("cursors.json")))
    }

    fn load(&self) -> Result<BTreeMap<String, Cursors>, Failure> {
        let text = match std::fs::read(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(self.failure(error)),
        };
        serde_json::from_slice(&text).map_err(|error| self.failure(error))
    }

    /// Takes the cursors of reports, and writes them if one moved.
    fn note(
        &self,
        cursors: &mut BTreeMap<String, Cursors>,
        reports: &[Arc<Report>],
    ) -> Result<(), Failure> {
        let mut moved = false;
        for report in reports {
            let now = Cursors::of(report);
            let before = cursors.get(&report.id.uid);
            if !now.is_empty() && before != Some(&now) {
                cursors.insert(report.id.uid.clone(), now);
                moved = true;
            }
        }
        if moved { self.save(cursors) } else { Ok(()) }
    }

    fn save(&self, cursors: &BTreeMap<String, Cursors>) -> Result<(), Failure> {
        let text = serde_json::to_vec(cursors).map_err(|error| self.failure(error))?;
        private_file::write(&self.0, &text).map_err(|error| self.failure(error))
    }

    fn failure(&self, error: impl Into<anyhow::Error>) -> Failure {
        let error = error.into().context(format!("the cursors in `{}`", self.0.display()));
        Failure::usage(error, Some("name another directory with `--state`"))
    }
}
