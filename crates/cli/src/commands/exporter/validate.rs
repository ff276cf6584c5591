//! `ktel exporter validate`: Exporters in files, checked without a cluster.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use ktel_exporter::offline;
use ktel_exporter::resource::file::Fault;
use ktel_exporter::resource::validate::{Checked, Remark, validate_with};
use serde_json::{Value, json};

use super::file::{NamespaceArguments, read};
use super::settings;
use crate::arguments::shared::{Format, OutputFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::listing;
use crate::printer::Printer;

#[derive(Debug, Args)]
pub(crate) struct ValidateArguments {
    /// YAML files, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check against this settings file, too
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    namespace: NamespaceArguments,
    #[command(flatten)]
    format: Format,
}

/// Checks every file, also behind one that is wrong.
pub(super) fn run(arguments: &ValidateArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let settings = arguments.config.as_deref().map(settings::load).transpose()?;
    if settings.is_none() && !arguments.namespace.is_empty() {
        let error = anyhow!("`--namespace-label` says nothing without `--config`");
        return Err(Failure::usage(error, Some("name the settings with `--config FILE`")));
    }
    let labels = arguments.namespace.labels();
    let output = arguments.format.output;
    let (mut is_wrong, mut files) = (false, Vec::new());
    for file in &arguments.files {
        let name = file.display().to_string();
        let text = read(file)?;
        let checked = validate_with(&text, |exporter| match &settings {
            Some(settings) => offline::findings(exporter, settings, &labels),
            None => Vec::new(),
        });
        is_wrong |= is_unusable(&checked);
        match (output, checked) {
            (OutputFormat::Table, Ok(checked)) => say(&checked, &name, &text, printer)?,
            (OutputFormat::Table, Err(fault)) => {
                printer.error(&format!("{fault}\n{}", fault.place.show(&name, &text)), None);
            }
            (_, checked) => files.push(as_json(&name, &checked)),
        }
    }
    if output != OutputFormat::Table {
        printer.out(listing::text(output, String::new, &files.into()))?;
    }
    Ok(if is_wrong { Exit::Usage } else { Exit::Done })
}

fn is_unusable(checked: &Result<Checked, Fault>) -> bool {
    checked.as_ref().map_or(true, |checked| {
        checked.exporters == 0 || checked.remarks.iter().any(|remark| remark.finding.is_error())
    })
}

fn as_json(name: &str, checked: &Result<Checked, Fault>) -> Value {
    match checked {
        Err(fault) => json!({
            "file": name, "exporters": 0, "others": 0,
            "findings": [{
                "exporter": null, "line": fault.place.line, "column": fault.place.column,
                "severity": "error", "field": null, "reason": "InvalidYAML",
                "message": fault.to_string(),
            }],
        }),
        Ok(Checked { exporters, others, remarks }) => {
            let finding = |Remark { exporter, place, finding }: &Remark| {
                json!({
                    "exporter": exporter, "line": place.line, "column": place.column,
                    "severity": if finding.is_error() { "error" } else { "warning" },
                    "field": finding.path.to_string(), "reason": finding.reason,
                    "message": finding.message,
                })
            };
            let findings: Vec<Value> = remarks.iter().map(finding).collect();
            json!({"file": name, "exporters": exporters, "others": others, "findings": findings})
        }
    }
}

/// Says what was found in a file.
fn say(checked: &Checked, name: &str, text: &str, printer: &mut Printer) -> Result<(), Failure> {
    for remark in &checked.remarks {
        let shown = show(remark, name, text);
        if remark.finding.is_error() { printer.error(&shown, None) } else { printer.warn(&shown) }
    }
    let errors = checked.remarks.iter().filter(|remark| remark.finding.is_error()).count();
    if checked.exporters == 0 {
        let hint =
            "an Exporter has `apiVersion: telemetry.datumapis.com/v1alpha1` and `kind: Exporter`";
        printer.error(&format!("`{name}` has no Exporter"), Some(hint));
        return Ok(());
    }
    let others = match checked.others {
        0 => String::new(),
        1 => "; 1 other object was not checked".to_owned(),
        others => format!("; {others} other objects were not checked"),
    };
    let warnings = checked.remarks.len() - errors;
    let exporters = counted(checked.exporters, "Exporter");
    let errors = counted(errors, "error");
    printer.out(format!(
        "{name}: {exporters}, {errors}, {}{others}\n",
        counted(warnings, "warning")
    ))?;
    Ok(())
}

fn show(remark: &Remark, name: &str, text: &str) -> String {
    format!("{}\n{}", remark.finding, remark.place.show(name, text))
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
