//! `ktel exporter validate`: Exporters in files, checked without a cluster.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use ktel_exporter::offline;
use ktel_exporter::resource::validate::{Checked, Remark, validate_with};

use super::file::{NamespaceArguments, read};
use super::settings;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Args)]
#[command(after_long_help = HELP)]
pub(crate) struct ValidateArguments {
    /// YAML files, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check against this settings file, too
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    namespace: NamespaceArguments,
}

const HELP: &str = "\
Examples:
  ktel exporter validate gateway.yaml
  kustomize build . | ktel exporter validate -
  ktel exporter validate gateway.yaml --config settings.yaml \\
    --namespace-label example.com/project=project-1

Exit codes:
  0  no errors, with or without warnings
  2  at least one error";

/// Checks every file, also behind one that is wrong.
pub(super) fn run(arguments: &ValidateArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let settings = arguments.config.as_deref().map(settings::load).transpose()?;
    if settings.is_none() && !arguments.namespace.is_empty() {
        let error = anyhow!("`--namespace-label` says nothing without `--config`");
        return Err(Failure::usage(error, Some("name the settings with `--config FILE`")));
    }
    let labels = arguments.namespace.labels();
    let mut is_wrong = false;
    for file in &arguments.files {
        let name = file.display().to_string();
        let text = read(file)?;
        let checked = validate_with(&text, |exporter| match &settings {
            Some(settings) => offline::findings(exporter, settings, &labels),
            None => Vec::new(),
        });
        match checked {
            Ok(checked) => is_wrong |= !say(&checked, &name, &text, printer)?,
            Err(fault) => {
                printer.error(&format!("{fault}\n{}", fault.place.show(&name, &text)), None);
                is_wrong = true;
            }
        }
    }
    Ok(if is_wrong { Exit::Usage } else { Exit::Done })
}

/// Says what was found in a file; gives whether it can be used.
fn say(checked: &Checked, name: &str, text: &str, printer: &mut Printer) -> Result<bool, Failure> {
    for remark in &checked.remarks {
        let shown = show(remark, name, text);
        if remark.finding.is_error() { printer.error(&shown, None) } else { printer.warn(&shown) }
    }
    let errors = checked.remarks.iter().filter(|remark| remark.finding.is_error()).count();
    if checked.exporters == 0 {
        let hint =
            "an Exporter has `apiVersion: telemetry.datumapis.com/v1alpha1` and `kind: Exporter`";
        printer.error(&format!("`{name}` has no Exporter"), Some(hint));
        return Ok(false);
    }
    let others = match checked.others {
        0 => String::new(),
        1 => "; 1 other object was not checked".to_owned(),
        others => format!("; {others} other objects were not checked"),
    };
    let warnings = checked.remarks.len() - errors;
    let exporters = counted(checked.exporters, "Exporter");
    let (errors, found) = (counted(errors, "error"), errors);
    printer.out(format!(
        "{name}: {exporters}, {errors}, {}{others}\n",
        counted(warnings, "warning")
    ))?;
    Ok(found == 0)
}

fn show(remark: &Remark, name: &str, text: &str) -> String {
    format!("{}\n{}", remark.finding, remark.place.show(name, text))
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
