//! `ktel exporter local`: the engine without Kubernetes, for a laptop or a virtual machine.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Args;
use ktel::directories::{Directories, process_environment};
use ktel_delivery::private_file;
use ktel_exporter::compile::{Cluster, Compiled, Input, Missing, compile};
use ktel_exporter::credentials::Credentials;
use ktel_exporter::cursor::Cursors;
use ktel_exporter::engine::{Engine, OverHttp};
use ktel_exporter::plan::{ExporterId, Plan};
use ktel_exporter::report::{LaneReport, Report};
use ktel_exporter::resource::file::exporters;
use ktel_exporter::resource::spec::SecretKey;
use ktel_exporter::resource::{Exporter, Finding, normalise};
use ktel_exporter::settings::Settings;
use ktel_exporter::time::Millis;
use ktel_process::health::{self, Readiness};
use ktel_process::metrics::Metrics;
use ktel_process::signals;
use kube::ResourceExt;
use tokio::time::{MissedTickBehavior, interval};

use super::metrics::ExporterMetrics;
use super::settings;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::limits::{EXPORTER_DRAIN_WITHIN, EXPORTER_LOOKS_EVERY};
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::{clock, listening};

/// Secrets come from directories with a file for each key, as Kubernetes mounts them, else from the
/// environment: `KTEL_SECRET_GRAFANA_API_KEY_TOKEN` is the key `token` of the Secret `grafana-api-key`.
#[derive(Debug, Args)]
pub(crate) struct ExporterLocalArguments {
    /// A YAML file with Exporters
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Keep the cursors in this directory [default: ktel/_exporter in the user's directory for state]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Read a Secret from a directory with a file for each key; may be repeated
    #[arg(long, value_name = "NAME=DIR", value_parser = secret)]
    secret: Vec<(String, PathBuf)>,
    /// Serve /healthz, /readyz and /metrics here; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

fn secret(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, directory)) if !name.is_empty() && !directory.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(directory)))
        }
        _ => Err("write NAME=DIR, such as grafana-api-key=/run/secrets/grafana".to_owned()),
    }
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
    let settings = settings::load(&arguments.config)?;
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
        let mut cursors = BTreeMap::new();
        for Ready { key, plan, credentials, cursors: own } in ready {
            cursors.insert(key, own.clone());
            engine.apply(plan, credentials, own);
        }
        // Where new lanes begin is written before they begin.
        state.save(&cursors)?;
        let work = async {
            let mut looks = interval(EXPORTER_LOOKS_EVERY);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = &mut first => break,
                    _ = looks.tick() => state.note(&mut cursors, &engine.reports())?,
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

/// Compiles the Exporters of the file, and says what is wrong with them.
fn prepare(
    arguments: &ExporterLocalArguments,
    settings: &Settings,
    saved: &BTreeMap<String, Cursors>,
    printer: &mut Printer,
) -> Result<Vec<Ready>, Failure> {
    let name = arguments.file.display();
    let text = std::fs::read_to_string(&arguments.file);
    let text = text.with_context(|| format!("read `{name}`"));
    let text = text.map_err(|error| Failure::usage(error, None::<String>))?;
    let found = exporters(&text).map_err(|error| {
        Failure::usage(error, Some(format!("`ktel exporter validate {name}` says what is wrong")))
    })?;
    let ready: Vec<Ready> = found
        .iter()
        .filter_map(|exporter| ready(exporter, arguments, settings, saved, printer))
        .collect();
    if ready.is_empty() {
        return Err(Failure::usage(
            anyhow!("`{name}` has no Exporter that can be used"),
            Some(format!("`ktel exporter validate {name}` says what is wrong")),
        ));
    }
    Ok(ready)
}

fn ready(
    exporter: &Exporter,
    arguments: &ExporterLocalArguments,
    settings: &Settings,
    saved: &BTreeMap<String, Cursors>,
    printer: &mut Printer,
) -> Option<Ready> {
    let namespace = exporter.namespace().unwrap_or_else(|| "default".to_owned());
    let key = format!("{namespace}/{}", exporter.name_any());
    let saved = saved.get(&key).cloned().unwrap_or_default();
    let (spec, mut findings) = normalise(&exporter.spec);
    let now = Millis(i64::try_from(clock::since_epoch().as_millis()).unwrap_or(i64::MAX));
    let created = exporter.metadata.creation_timestamp.as_ref();
    let created = created.map_or(now, |time| Millis(time.0.as_millisecond()));
    let is_new = saved.is_empty();
    let late = spec.sources.iter().filter(|source| !is_new && !saved.has_source(&source.name));
    let added = late.map(|source| (source.name.clone(), now)).collect();
    let mut cluster = Cluster::default();
    cluster.namespaces.insert(namespace.clone(), BTreeMap::new());
    let id = ExporterId { namespace, name: exporter.name_any(), uid: key.clone() };
    let input = Input { id: &id, generation: 1, spec: &spec, created, added: &added };
    let compiled = compile(input, settings, &cluster);
    findings.extend(compiled.findings.iter().cloned());
    say(&key, &findings, printer);
    let Compiled { plan: Some(plan), secrets, .. } = compiled else { return None };
    let credentials = plan.sinks.iter().zip(&secrets).map(|(sink, needs)| {
        let found = needs.credentials(|key| value(key, &arguments.secret));
        found.unwrap_or_else(|missing: Vec<Missing>| {
            for one in missing {
                printer.warn(&format!("{key}: sink `{}`: {one}", sink.name));
            }
            Credentials::default()
        })
    });
    let credentials = credentials.map(Arc::new).collect();
    let mut cursors = Cursors::default();
    for sink in &plan.sinks {
        for source in sink.sources.iter().filter_map(|index| plan.sources.get(*index)) {
            let cursor = saved.get(&source.name, &sink.name).unwrap_or(source.begin);
            cursors.set(&source.name, &sink.name, cursor);
            let older = Cursors::backfill(&source.name);
            if let Some(cursor) = saved.get(&older, &sink.name) {
                cursors.set(&older, &sink.name, cursor);
            }
        }
    }
    Some(Ready { key, plan: Arc::new(plan), credentials, cursors })
}

fn say(key: &str, findings: &[Finding], printer: &mut Printer) {
    for finding in findings {
        let text = format!("{key}: {finding}");
        if finding.is_error() { printer.error(&text, None) } else { printer.warn(&text) }
    }
}

/// Gives the value of a key of a Secret.
fn value(key: &SecretKey, directories: &[(String, PathBuf)]) -> Option<Vec<u8>> {
    match directories.iter().find(|(name, _)| *name == key.name) {
        // What cannot be read is not there: the message names Secret and key.
        Some((_, directory)) => std::fs::read(directory.join(&key.key)).ok(),
        None => {
            let word = |text: &str| {
                text.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_ascii_uppercase()
            };
            let variable = format!("KTEL_SECRET_{}_{}", word(&key.name), word(&key.key));
            std::env::var(variable).ok().map(String::into_bytes)
        }
    }
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
