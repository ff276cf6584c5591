//! What cargo says about the workspace.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

/// Asks `cargo metadata`; `arguments` narrow or widen the question.
pub(super) fn ask(root: &Path, arguments: &[&str]) -> anyhow::Result<Value> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .output()
        .context("run `cargo metadata`")?;
    ensure!(
        output.status.success(),
        "`cargo metadata` failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout).context("read the answer of `cargo metadata`")
}

/// Names what is compiled for a package and its features, as normal dependencies. `cargo metadata` has
/// the features of the whole workspace only.
pub(super) fn compiled(root: &Path, arguments: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .output()
        .context("run `cargo tree`")?;
    ensure!(
        output.status.success(),
        "`cargo tree` failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let text = String::from_utf8(output.stdout).context("read the answer of `cargo tree`")?;
    Ok(text.lines().filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect())
}

/// Finds the first file of every target of the workspace, relative to `root`.
pub(super) fn targets(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let metadata = ask(root, &["--no-deps"])?;
    let packages = metadata["packages"].as_array().context("`packages` is missing")?;
    let mut files: Vec<PathBuf> = packages
        .iter()
        .filter_map(|package| package["targets"].as_array())
        .flatten()
        .filter_map(|target| target["src_path"].as_str())
        .filter_map(|file| Some(Path::new(file).strip_prefix(root).ok()?.to_path_buf()))
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}
