//! `cargo xtask check`: the rules of this repository that cargo and clippy cannot check.
//!
//! Every check is a module with `run(root)`, which gives one line of text for each finding.

use std::path::Path;

use anyhow::{Context, bail};

mod circles;
mod examples;
mod layers;
mod limits;
mod links;
mod metadata;
mod reference;
mod source;
mod twins;
mod words;

type Check = fn(&Path) -> anyhow::Result<Vec<String>>;

/// All checks, by the name that stands before their findings.
const CHECKS: [(&str, Check); 7] = [
    ("circles", circles::run),
    ("examples", examples::run),
    ("layers", layers::run),
    ("limits", limits::run),
    ("links", links::run),
    ("reference", reference::run),
    ("words", words::run),
];

/// What is worth knowing and fails nothing.
const REPORTS: [(&str, Check); 1] = [("types", twins::report)];

/// Runs every check, prints what they find, and fails if that is anything.
pub(crate) fn run(report: bool) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("find the repository")?;
    if report {
        print(&gather(root, &REPORTS)?);
        return Ok(());
    }
    let findings = gather(root, &CHECKS)?;
    print(&findings);
    match findings.len() {
        0 => Ok(()),
        1 => bail!("`cargo xtask check` found one thing to change"),
        many => bail!("`cargo xtask check` found {many} things to change"),
    }
}

fn gather(root: &Path, checks: &[(&str, Check)]) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for (name, check) in checks {
        let found = check(root).with_context(|| format!("check {name}"))?;
        findings.extend(found.into_iter().map(|finding| format!("{name}: {finding}")));
    }
    Ok(findings)
}

#[expect(clippy::print_stdout, reason = "a chore talks to its user")]
fn print(findings: &[String]) {
    for finding in findings {
        println!("{finding}");
    }
}
