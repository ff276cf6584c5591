//! `ktel schema lint`: which files it reads, and how findings are written.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use ktel_model::standard::{Finding, Severity, check};
use serde_json::{Value, json};

use crate::clock;
use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::{listing, schemas};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintOutput {
    /// Lines for reading
    #[value(alias = "text")]
    Table,
    /// A JSON list
    Json,
    /// A YAML list
    Yaml,
    /// SARIF 2.1.0, which code scanners read
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// Prints every finding of every file; a file with an error makes the command fail.
pub(super) fn lint(
    paths: &[PathBuf],
    output: LintOutput,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let (mut files, mut passed_over) = (Vec::new(), Vec::new());
    for path in paths {
        collect(path, &mut files, &mut passed_over)?;
    }
    if !passed_over.is_empty() {
        let names: Vec<String> =
            passed_over.iter().map(|path| path.display().to_string()).collect();
        printer.say(&format!("not read, because they have no key `kts`: {}", names.join(", ")));
    }
    let (mut wrong, mut findings) = (0, Vec::new());
    for (file, text) in &files {
        match check(text, &file.display().to_string(), clock::today()) {
            Ok(checked) => findings.extend(checked.warnings),
            Err(errors) => {
                wrong += 1;
                findings.extend(errors);
            }
        }
    }
    printer.out(written(&findings, output))?;
    let files = count(files.len() as u64, "file");
    printer.say(&match wrong {
        0 => format!("{files}, no errors"),
        wrong => format!("{files}, {wrong} with errors"),
    });
    Ok(if wrong == 0 { Exit::Done } else { Exit::JobsFailed })
}

/// Reads a file, or the schema files of a directory.
fn collect(
    path: &Path,
    files: &mut Vec<(PathBuf, String)>,
    passed_over: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push((path.to_owned(), schemas::read(path)?));
        return Ok(());
    }
    let list = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut paths = list().map_err(|error| schemas::unreadable(path, error))?;
    paths.retain(|file| file.extension().is_some_and(|kind| kind == "yaml" || kind == "yml"));
    paths.sort();
    let before = files.len();
    for path in paths {
        let text = schemas::read(&path)?;
        // The key that every schema file begins with, and no other file has.
        if text.lines().any(|line| line.starts_with("kts:")) {
            files.push((path, text));
        } else {
            passed_over.push(path);
        }
    }
    if files.len() == before {
        let error = anyhow::anyhow!("`{}` has no schema file", path.display());
        return Err(Failure::usage(error, Some("a schema file is YAML and begins with `kts: 1`")));
    }
    Ok(())
}

fn written(findings: &[Finding], output: LintOutput) -> String {
    match output {
        LintOutput::Table => findings.iter().map(|finding| format!("{finding}\n")).collect(),
        LintOutput::Json => listing::json(&findings.iter().map(as_json).collect()),
        LintOutput::Yaml => listing::yaml(&findings.iter().map(as_json).collect()),
        LintOutput::Sarif => format!("{:#}\n", sarif(findings)),
        LintOutput::Github => findings.iter().map(annotation).collect(),
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn as_json(finding: &Finding) -> Value {
    let Finding { file, line, severity, message, fix } = finding;
    json!({"file": file, "line": line, "severity": word(*severity), "message": message, "fix": fix})
}

fn sarif(findings: &[Finding]) -> Value {
    let result = |finding: &Finding| {
        let Finding { file, line, severity, message, fix } = finding;
        json!({
            "level": word(*severity),
            "message": {"text": format!("{message}. Fix: {fix}")},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": file.trim_start_matches("./")},
                "region": {"startLine": line},
            }}],
        })
    };
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "ktel schema lint", "version": env!("CARGO_PKG_VERSION")}},
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// Writes a workflow command; its text is escaped as GitHub says.
fn annotation(finding: &Finding) -> String {
    let Finding { file, line, severity, message, fix } = finding;
    let text = format!("{message}\nfix: {fix}");
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| text.replace('%', "%25").replace(':', "%3A").replace(',', "%2C");
    format!("::{} file={},line={line}::{text}\n", word(*severity), property(file))
}

#[cfg(test)]
mod tests {
    use super::{Finding, LintOutput, Severity, written};

    #[test]
    fn findings_are_written_for_people_and_for_tools() {
        let finding = Finding {
            file: "./a,b.yaml".into(),
            line: 3,
            severity: Severity::Error,
            message: "100% wrong".into(),
            fix: "write\nit".into(),
        };
        let of = |output| written(std::slice::from_ref(&finding), output);
        assert_eq!(of(LintOutput::Table), "./a,b.yaml:3: error: 100% wrong\n  fix: write\nit\n");
        assert_eq!(
            of(LintOutput::Github),
            "::error file=./a%2Cb.yaml,line=3::100%25 wrong%0Afix: write%0Ait\n"
        );
        let json: serde_json::Value = serde_json::from_str(&of(LintOutput::Json)).unwrap();
        assert_eq!(json[0]["line"], 3);
        let yaml: serde_json::Value = serde_saphyr::from_str(&of(LintOutput::Yaml)).unwrap();
        assert_eq!(yaml, json);
        let sarif: serde_json::Value = serde_json::from_str(&of(LintOutput::Sarif)).unwrap();
        let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(location["region"]["startLine"], 3);
        assert_eq!(location["artifactLocation"]["uri"], "a,b.yaml");
    }
}
