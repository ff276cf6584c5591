//! Writes what is generated: the dictionary, the JSON Schemas, the roles, the reference pages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ktel::Catalog;
use ktel::event::EventSchema;
use ktel_model::envelope::Envelope;
use ktel_model::standard::{dictionary, rbac};
use ktel_model::{Schema, around, batch};
use serde_json::Value;

mod chart;
mod commands;
mod exporter;
mod keys;
mod pages;
mod server;

/// Directories in which nothing but generated files stands; others in them are stale.
const OWNED: [&str; 6] = [
    "docs/reference/schemas",
    "deploy/rbac",
    "deploy/chart/files",
    "deploy/chart/files/agent",
    "deploy/chart/files/crds",
    "deploy/chart/files/rbac",
];

/// Writes every generated file, or proves them fresh.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("find the repository")?;
    let mut files = files();
    chart::add(root, &mut files)?;
    pages::add(root, &mut files)?;
    let mut differing = Vec::new();
    for (name, text) in &files {
        let path = root.join(name);
        if fs::read_to_string(&path).ok().as_ref() == Some(text) {
            continue;
        }
        differing.push(name.clone());
        if !check {
            write(&path, text).with_context(|| format!("write `{}`", name.display()))?;
        }
    }
    for name in stale(root, &files)? {
        if !check {
            fs::remove_file(root.join(&name))
                .with_context(|| format!("remove `{}`", name.display()))?;
        }
        differing.push(name);
    }
    report(check, files.len(), &differing)
}

#[expect(clippy::print_stdout, reason = "a chore talks to its user")]
fn report(check: bool, all: usize, differing: &[PathBuf]) -> anyhow::Result<()> {
    let names: String = differing.iter().map(|name| format!("\n  {}", name.display())).collect();
    if check && !differing.is_empty() {
        bail!("not fresh; run `cargo xtask generate`:{names}");
    }
    println!("{all} generated files, {} changed{names}", differing.len());
    Ok(())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, text)
}

fn files() -> BTreeMap<PathBuf, String> {
    let catalog = Catalog::built_in();
    let schemas: Vec<&Schema> = catalog.jobs().map(|job| job.schema()).collect();
    let event = EventSchema::template();
    let documents = ktel::built_in::DOCUMENTS.iter().map(|file| file.schema()).collect::<Vec<_>>();
    let collected: Vec<&Schema> =
        schemas.iter().copied().chain([&event]).chain(&documents).collect();
    let mut files = BTreeMap::new();
    let mut add = |name: String, text: String| files.insert(PathBuf::from(name), text);
    let dictionary = dictionary::dictionary(&collected) + &around::markdown();
    add("docs/reference/collected.md".into(), dictionary);
    add("docs/reference/schemas/events.json".into(), pretty(&batch::json_schema()));
    add("docs/reference/cli.md".into(), commands::reference(ktel_cli::command()));
    add("docs/reference/schemas/envelope.json".into(), pretty(&Envelope::json_schema()));
    add(exporter::CRD.into(), exporter::definition());
    add("deploy/rbac/all.yaml".into(), rbac::cluster_role("ktel", &schemas));
    for schema in [&event].into_iter().chain(&documents) {
        add(format!("docs/reference/schemas/{}.json", schema.name), pretty(&schema.json_schema()));
    }
    for schema in schemas {
        let name = &schema.name;
        add(format!("docs/reference/schemas/{name}.json"), pretty(&schema.json_schema()));
        let role = rbac::cluster_role(&format!("ktel-{name}"), &[schema]);
        add(format!("deploy/rbac/{name}.yaml"), role);
    }
    files
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Finds files that are no longer generated.
fn stale(root: &Path, files: &BTreeMap<PathBuf, String>) -> anyhow::Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for directory in OWNED {
        let path = root.join(directory);
        if !path.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&path).with_context(|| format!("read `{directory}`"))? {
            let entry = entry?;
            let name = Path::new(directory).join(entry.file_name());
            if !entry.path().is_dir() && !files.contains_key(&name) {
                stale.push(name);
            }
        }
    }
    stale.sort();
    Ok(stale)
}
