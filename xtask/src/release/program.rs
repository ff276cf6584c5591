//! The archive of the program, with its manual pages and completions.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::command::said;
use super::version::{REPOSITORY, TARGET, VERSION};
use crate::{oci, tar};

const SHELLS: [(&str, &str); 3] = [("bash", "ktel.bash"), ("fish", "ktel.fish"), ("zsh", "_ktel")];

/// What stands beside the program.
const TEXTS: [&str; 3] = ["LICENSE", "README.md", "CHANGELOG.md"];

/// Packs the program and what it writes about itself.
pub(super) fn archive(root: &Path, binary: &Path, changelog: &str) -> anyhow::Result<Vec<u8>> {
    let folder = format!("ktel-{VERSION}-{TARGET}");
    let read = |path: &Path| fs::read(path).with_context(|| format!("read `{}`", path.display()));
    let mut archive = Vec::new();
    tar::folder(&mut archive, &folder)?;
    let readme = fs::read_to_string(root.join("README.md")).context("read README.md")?;
    let [license, readme_name, changelog_name] = TEXTS;
    for (name, content) in [
        (license, read(&root.join(license))?),
        (readme_name, published_links(&readme).into_bytes()),
        (changelog_name, published_links(changelog).into_bytes()),
    ] {
        tar::file(&mut archive, &format!("{folder}/{name}"), 0o644, &content)?;
    }
    tar::file(&mut archive, &format!("{folder}/ktel"), 0o755, &read(binary)?)?;

    let place = tempfile::tempdir().context("make a temporary directory")?;
    write_documents(binary, place.path())?;
    add_tree(&mut archive, place.path(), &format!("{folder}/"))?;
    tar::end(&mut archive);
    oci::compressed(&archive)
}

/// Turns links to files that are not in the archive into links to the repository.
fn published_links(text: &str) -> String {
    let mut published = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        published.push_str(before);
        published.push_str("](");
        let target = after.split(')').next().unwrap_or_default();
        if !TEXTS.contains(&target) && !target.contains("://") && !target.starts_with('#') {
            let view = if target.ends_with(".png") { "raw" } else { "blob" };
            published.push_str(&format!("{REPOSITORY}/{view}/v{VERSION}/"));
        }
        rest = after;
    }
    published + rest
}

/// Lets the program write about itself: completions and manual pages.
fn write_documents(binary: &Path, place: &Path) -> anyhow::Result<()> {
    let completions = place.join("completions");
    fs::create_dir(&completions).context("make a directory")?;
    for (shell, name) in SHELLS {
        let script = said(program(binary).args(["completions", shell]))?;
        fs::write(completions.join(name), script).with_context(|| format!("write `{name}`"))?;
    }
    said(program(binary).args(["man", "--dir"]).arg(place.join("man"))).map(drop)
}

/// Checks that a program is of this version, of the commit at hand, and for the machines of a release.
pub(super) fn check(root: &Path, binary: &Path) -> anyhow::Result<()> {
    let built = said(program(binary).args(["version", "--output", "json"]))?;
    let built: Value = serde_json::from_str(&built).context("read what `ktel version` prints")?;
    let head = said(Command::new("git").args(["rev-parse", "HEAD"]).current_dir(root))?;
    compare(&built, head.trim())
}

fn compare(built: &Value, head: &str) -> anyhow::Result<()> {
    let word = |key: &str| built[key].as_str().unwrap_or_default();
    let (version, commit, target) = (word("version"), word("commit"), word("target"));
    ensure!(version == VERSION, "the program is of version `{version}`, not {VERSION}");
    ensure!(target == TARGET, "the program is for `{target}`, not for {TARGET}");
    ensure!(
        !commit.is_empty() && head.starts_with(commit),
        "the program is of the commit `{commit}`, not of {head}"
    );
    Ok(())
}

/// Gives the JSON Schemas for editors, under the names that files refer to.
pub(super) fn editor_schemas(binary: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let schema = |file: &&str| {
        let schema = said(program(binary).args(["schema", "editor", file]))?;
        Ok((format!("{file}.schema.json"), schema))
    };
    ["product", "agent", "schema", "decisions"].iter().map(schema).collect()
}

/// Runs the new program itself, without the settings of who releases it.
fn program(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env_clear();
    command
}

/// Adds the files of a directory, in the order of their names.
pub(super) fn add_tree(archive: &mut Vec<u8>, from: &Path, prefix: &str) -> anyhow::Result<()> {
    let entries = fs::read_dir(from).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.with_context(|| format!("list `{}`", from.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = format!("{prefix}{}", name.to_str().context("a name that is not UTF-8")?);
        if path.is_dir() {
            tar::folder(archive, &name)?;
            add_tree(archive, &path, &format!("{name}/"))?;
        } else {
            let content = fs::read(&path).with_context(|| format!("read `{}`", path.display()))?;
            tar::file(archive, &name, 0o644, &content)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
