//! The archive of the program, with its manual pages and completions.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use super::command::said;
use super::version::{TARGET, VERSION};
use crate::{oci, tar};

const SHELLS: [(&str, &str); 3] = [("bash", "ktel.bash"), ("fish", "ktel.fish"), ("zsh", "_ktel")];

/// Packs the program and what it writes about itself.
pub(super) fn archive(root: &Path, binary: &Path, changelog: &str) -> anyhow::Result<Vec<u8>> {
    let folder = format!("ktel-{VERSION}-{TARGET}");
    let read = |path: &Path| fs::read(path).with_context(|| format!("read `{}`", path.display()));
    let mut archive = Vec::new();
    tar::folder(&mut archive, &folder)?;
    for name in ["LICENSE", "README.md"] {
        tar::file(&mut archive, &format!("{folder}/{name}"), 0o644, &read(&root.join(name))?)?;
    }
    tar::file(&mut archive, &format!("{folder}/CHANGELOG.md"), 0o644, changelog.as_bytes())?;
    tar::file(&mut archive, &format!("{folder}/ktel"), 0o755, &read(binary)?)?;

    tar::folder(&mut archive, &format!("{folder}/completions"))?;
    for (shell, name) in SHELLS {
        let script = said(program(binary).args(["completions", shell]))?;
        let name = format!("{folder}/completions/{name}");
        tar::file(&mut archive, &name, 0o644, script.as_bytes())?;
    }
    let place = tempfile::tempdir().context("make a temporary directory")?;
    said(program(binary).args(["man", "--dir"]).arg(place.path()))?;
    tar::folder(&mut archive, &format!("{folder}/man"))?;
    add_tree(&mut archive, place.path(), &format!("{folder}/man/"))?;
    tar::end(&mut archive);
    oci::compressed(&archive)
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
mod tests {
    use std::fs;
    use std::process::Command;

    #[test]
    fn a_tree_is_packed_in_the_order_of_names_and_tar_reads_it() {
        let place = tempfile::tempdir().unwrap();
        let tree = place.path().join("tree");
        fs::create_dir_all(tree.join("b/c")).unwrap();
        for (name, content) in [("z", "1"), ("a", "2"), ("b/c/d", "3")] {
            fs::write(tree.join(name), content).unwrap();
        }
        let mut archive = Vec::new();
        super::add_tree(&mut archive, &tree, "top/").unwrap();
        crate::tar::end(&mut archive);
        let file = place.path().join("archive.tar");
        fs::write(&file, archive).unwrap();
        let listed = Command::new("tar").arg("-tf").arg(file).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert_eq!(listed, "top/a\ntop/b/\ntop/b/c/\ntop/b/c/d\ntop/z\n");
    }
}
