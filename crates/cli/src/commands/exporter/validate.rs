//! `ktel exporter validate`: Exporters in files, checked without a cluster.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use ktel_exporter::resource::validate::{Checked, Remark, validate};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::limits::EXPORTER_FILE_BYTES_MAX;
use crate::printer::Printer;

/// Says what the API server and the exporter would say, by field, with the line of the file. Objects of
/// other kinds in a file are not checked.
#[derive(Debug, Args)]
pub(crate) struct ValidateArguments {
    /// YAML files, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Checks every file, also behind one that is wrong.
pub(super) fn run(arguments: &ValidateArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let mut is_wrong = false;
    for file in &arguments.files {
        let name = file.display().to_string();
        let text = read(file)?;
        match validate(&text) {
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

fn read(file: &Path) -> Result<String, Failure> {
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
    let bytes = read().with_context(|| format!("read `{}`", file.display()));
    let bytes = bytes.map_err(|error| Failure::usage(error, None::<String>))?;
    String::from_utf8(bytes).map_err(|_| {
        Failure::usage(anyhow!("`{}` is not UTF-8", file.display()), Some("YAML is text in UTF-8"))
    })
}
