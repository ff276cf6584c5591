//! The Exporters of a file, compiled without a cluster.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use ktel_exporter::compile::{Compiled, Input, Labels, SecretNeeds, compile};
use ktel_exporter::offline;
use ktel_exporter::plan::{ExporterId, Plan};
use ktel_exporter::resource::file::exporters;
use ktel_exporter::resource::{Exporter, Finding, Spec, normalise};
use ktel_exporter::settings::Settings;
use ktel_exporter::time::Millis;
use kube::ResourceExt;

use crate::failure::Failure;
use crate::limits::EXPORTER_FILE_BYTES_MAX;
use crate::printer::Printer;
use crate::{clock, schemas};

#[derive(Debug, Args)]
pub(crate) struct FileArguments {
    /// A YAML file with Exporters, or - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
    #[command(flatten)]
    pub(super) namespace: NamespaceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct NamespaceArguments {
    /// A label of the Exporters' Namespace, where `tenancy` of the settings names one (repeatable)
    #[arg(long = "namespace-label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
}

impl NamespaceArguments {
    pub(super) fn labels(&self) -> Labels {
        self.labels.iter().cloned().collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE, such as example.com/project=project-1".to_owned()),
    }
}

/// An Exporter of a file, compiled.
pub(super) struct FromFile {
    /// Its namespace and name.
    pub(super) key: String,
    pub(super) spec: Spec,
    pub(super) plan: Plan,
    /// What the sinks of the plan need, in their order.
    pub(super) secrets: Vec<SecretNeeds>,
}

/// Compiles the Exporters of a file, and says what is wrong with them. `added` says when sources were added.
pub(super) fn compiled(
    arguments: &FileArguments,
    settings: &Settings,
    added: &dyn Fn(&str, &Spec) -> BTreeMap<String, Millis>,
    printer: &mut Printer,
) -> Result<Vec<FromFile>, Failure> {
    let name = arguments.file.display();
    let text = read(&arguments.file)?;
    let hint = format!("`ktel exporter validate {name}` says what is wrong");
    let found = exporters(&text).map_err(|error| Failure::usage(error, Some(hint.clone())))?;
    let labels = arguments.namespace.labels();
    let mut usable = Vec::new();
    for exporter in &found {
        usable.extend(one(exporter, settings, &labels, added, printer));
    }
    if usable.is_empty() {
        let error = anyhow!("`{name}` has no Exporter that can be used");
        return Err(Failure::usage(error, Some(hint)));
    }
    Ok(usable)
}

fn one(
    exporter: &Exporter,
    settings: &Settings,
    labels: &Labels,
    added: &dyn Fn(&str, &Spec) -> BTreeMap<String, Millis>,
    printer: &mut Printer,
) -> Option<FromFile> {
    let namespace = exporter.namespace().unwrap_or_else(|| offline::NAMESPACE.to_owned());
    let key = format!("{namespace}/{}", exporter.name_any());
    let (spec, mut findings) = normalise(&exporter.spec);
    let created = exporter.metadata.creation_timestamp.as_ref();
    let created = created.map_or_else(now, |time| Millis(time.0.as_millisecond()));
    let added = added(&key, &spec);
    let cluster = offline::cluster(&namespace, labels);
    let id = ExporterId { namespace, name: exporter.name_any(), uid: key.clone() };
    let input = Input { id: &id, generation: 1, spec: &spec, created, added: &added };
    let Compiled { plan, secrets, findings: of_settings } = compile(input, settings, &cluster);
    findings.extend(of_settings);
    say(&key, &findings, printer);
    Some(FromFile { key, spec, plan: plan?, secrets })
}

fn say(key: &str, findings: &[Finding], printer: &mut Printer) {
    for finding in findings {
        let text = format!("{key}: {finding}");
        let hint = (finding.reason == "UnknownTenant")
            .then_some("without a cluster, `--namespace-label KEY=VALUE` gives the label");
        if finding.is_error() { printer.error(&text, hint) } else { printer.warn(&text) }
    }
}

/// Gives the time.
pub(in crate::commands) fn now() -> Millis {
    Millis(i64::try_from(clock::since_epoch().as_millis()).unwrap_or(i64::MAX))
}

/// Reads a file of Exporters.
pub(super) fn read(file: &Path) -> Result<String, Failure> {
    let read = || -> std::io::Result<Vec<u8>> {
        // One byte more than allowed, so that the reader says which limit it was.
        let most = EXPORTER_FILE_BYTES_MAX + 1;
        let mut bytes = Vec::new();
        if file == Path::new("-") {
            std::io::stdin().lock().take(most).read_to_end(&mut bytes)?;
        } else {
            fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    };
    let bytes = read().map_err(|error| schemas::unreadable(file, error))?;
    String::from_utf8(bytes).map_err(|_| {
        Failure::usage(anyhow!("`{}` is not UTF-8", file.display()), Some("YAML is text in UTF-8"))
    })
}
