use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::{SHELLS, TARGET, VERSION};

#[path = "../../../../tests/pages/program.rs"]
mod built;

/// Names the manual page of every command.
fn pages(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
    found.insert(format!("{path}.1"));
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        pages(inner, &format!("{path}-{}", inner.get_name()), found);
    }
}

fn names(folder: PathBuf) -> BTreeSet<String> {
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    folder.read_dir().unwrap().map(name).collect()
}

#[test]
fn every_command_has_a_manual_page_and_every_shell_its_completions() {
    let place = tempfile::tempdir().unwrap();
    super::write_documents(built::program(), place.path()).unwrap();
    let mut expected = BTreeSet::new();
    pages(&ktel_cli::command(), "ktel", &mut expected);
    assert!(expected.contains("ktel-exporter-preview.1"), "{expected:?}");
    assert_eq!(names(place.path().join("man")), expected);
    let scripts: BTreeSet<String> = SHELLS.iter().map(|(_, name)| (*name).to_owned()).collect();
    assert_eq!(names(place.path().join("completions")), scripts);
}

#[test]
fn a_program_that_was_built_before_is_of_this_commit() {
    let built = |key: &str, value: &str| {
        let mut built = json!({"version": VERSION, "commit": "a1b2c3d", "target": TARGET});
        built[key] = value.into();
        built
    };
    let check = |key, value| super::compare(&built(key, value), "a1b2c3d4e5");
    assert!(check("commit", "a1b2c3d").is_ok());
    for (key, value) in [
        ("commit", "a1b2c3e"),
        ("commit", "unknown"),
        ("commit", ""),
        ("version", "0.0.1"),
        ("target", "x86_64-unknown-linux-gnu"),
    ] {
        let error = check(key, value).unwrap_err().to_string();
        assert!(error.contains(&format!("`{value}`")), "{key}: {error}");
    }
    assert!(super::check(Path::new("."), Path::new("/nonexistent")).is_err());
}

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

#[test]
fn links_of_the_archive_lead_to_its_own_files_or_to_the_repository() {
    let text = "[a](docs/a.md#b) [c](LICENSE) [d](https://example.com/d) [e](#f)\n![g](docs/g.png)";
    let repository = super::REPOSITORY;
    assert_eq!(
        super::published_links(text),
        format!(
            "[a]({repository}/blob/v{VERSION}/docs/a.md#b) [c](LICENSE) [d](https://example.com/d) [e](#f)\n\
             ![g]({repository}/raw/v{VERSION}/docs/g.png)"
        )
    );
}

#[test]
fn the_archive_has_the_texts_with_links_that_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("ktel.tar.gz");
    let changelog = "# Changelog\n\n[Collected data](docs/reference/collected.md)\n";
    fs::write(&file, super::archive(root, built::program(), changelog).unwrap()).unwrap();
    let mut tar = Command::new("tar");
    assert!(tar.arg("-xzf").arg(file).arg("-C").arg(place.path()).status().unwrap().success());
    let folder = place.path().join(format!("ktel-{VERSION}-{TARGET}"));
    for name in super::TEXTS {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        for (_, after) in text.match_indices("](").map(|(at, _)| text.split_at(at + 2)) {
            let target = after.split(')').next().unwrap();
            let leads = target.contains("://") || folder.join(target).exists();
            assert!(leads, "{name}: {target}");
        }
    }
    let version = Command::new(folder.join("ktel")).arg("version").output().unwrap();
    assert!(version.status.success());
}
