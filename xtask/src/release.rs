//! `cargo xtask release`: everything that is published for a version, in one directory.
//!
//! The steps are in [`run`]; each kind of artefact has a file of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use clap::Args;
use jiff::civil::Date;
use serde_json::Value;

use crate::{image, oci, size};

mod changelog;
mod chart;
mod command;
mod lock;
mod packages;
mod program;
mod sbom;
mod version;

use command::said;
use version::{TARGET, VERSION};

const PACKAGE: &str = "ktel-cli";

/// What is released, where to, and when.
#[derive(Debug, Args)]
pub(crate) struct Release {
    /// The date of the release, for the changelog and the SBOM
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Date,
    /// The directory to make; it must not be there yet
    #[arg(long, value_name = "DIRECTORY")]
    output: PathBuf,
    /// Check the conditions and print the entries of the changelog; build and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Pack this program instead of building one; it must be of this commit
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// The authorities that the image trusts
    #[arg(long, value_name = "FILE", default_value = image::AUTHORITIES)]
    authorities: PathBuf,
}

pub(crate) fn run(release: &Release) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("find the repository")?;
    let changes = said(Command::new("git").args(["status", "--porcelain"]).current_dir(root))?;
    ensure!(changes.is_empty(), "the checkout has changes; commit or stash them:\n{changes}");
    let changelog = root.join("CHANGELOG.md");
    let text = fs::read_to_string(&changelog).context("read CHANGELOG.md")?;
    let dated = changelog::date(&text, VERSION, release.date)?;
    ensure!(!release.output.exists(), "`{}` is there already", release.output.display());
    print(&format!("ktel {VERSION}\n\n{}", dated.notes));
    if release.dry_run {
        return Ok(());
    }

    let metadata = metadata(root)?;
    let binary = match &release.binary {
        Some(binary) => {
            program::check(root, binary)?;
            binary.clone()
        }
        None => build(root, &metadata)?,
    };
    size::run(&binary)?;
    fs::create_dir_all(&release.output)
        .with_context(|| format!("make the directory `{}`", release.output.display()))?;
    let artifacts = Artifacts { output: &release.output };
    let archive = program::archive(root, &binary, &dated.changelog)?;
    let digest = oci::digest(&archive);
    artifacts.add(&packages::archive(), &archive)?;
    artifacts.add("ktel.krew.yaml", packages::krew(&digest).as_bytes())?;
    artifacts.add("ktel.rb", packages::formula(&digest).as_bytes())?;
    for (name, schema) in program::editor_schemas(&binary)? {
        artifacts.add(&name, schema.as_bytes())?;
    }
    artifacts.add(&format!("ktel-{VERSION}.cdx.json"), &sbom(root, &metadata, release.date)?)?;
    let chart = chart::archive(root)?;
    artifacts.add(&format!("ktel-{VERSION}.tgz"), &chart)?;
    artifacts.add_layout("chart", |place| chart::layout(root, chart, place, VERSION))?;
    artifacts.add_layout("image", |output| {
        let authorities = release.authorities.clone();
        image::run(&image::Image { binary, output: output.to_owned(), authorities })
    })?;
    artifacts.sum()?;
    fs::write(&changelog, dated.changelog).context("write CHANGELOG.md")?;
    print(&format!("\nIn `{}`. Commit CHANGELOG.md.", release.output.display()));
    Ok(())
}

fn metadata(root: &Path) -> anyhow::Result<Value> {
    let words = ["metadata", "--locked", "--format-version=1", "--filter-platform", TARGET];
    let metadata = said(Command::new("cargo").args(words).current_dir(root))?;
    serde_json::from_str(&metadata).context("read `cargo metadata`")
}

/// Builds the program and says where it is.
fn build(root: &Path, metadata: &Value) -> anyhow::Result<PathBuf> {
    let words = ["build", "--release", "--locked", "--package", PACKAGE, "--target", TARGET];
    let status = Command::new("cargo").args(words).current_dir(root).status();
    ensure!(status.context("start cargo")?.success(), "the program does not build");
    let target = metadata["target_directory"].as_str().context("find the target directory")?;
    Ok(Path::new(target).join(TARGET).join("release/ktel"))
}

fn sbom(root: &Path, metadata: &Value, date: Date) -> anyhow::Result<Vec<u8>> {
    let lock = fs::read_to_string(root.join("Cargo.lock")).context("read Cargo.lock")?;
    let document = sbom::document(metadata, &lock::checksums(&lock), PACKAGE, date)?;
    Ok(format!("{document:#}\n").into_bytes())
}

/// The directory that is published.
struct Artifacts<'a> {
    output: &'a Path,
}

impl Artifacts<'_> {
    fn add(&self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        fs::write(self.output.join(name), content).with_context(|| format!("write `{name}`"))
    }

    /// Adds an OCI layout as one archive, which `skopeo` and `podman` call `oci-archive`.
    fn add_layout(
        &self,
        name: &str,
        write: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let place = tempfile::tempdir().context("make a temporary directory")?;
        let layout = place.path().join(name);
        write(&layout)?;
        let mut archive = Vec::new();
        program::add_tree(&mut archive, &layout, "")?;
        crate::tar::end(&mut archive);
        self.add(&format!("ktel-{VERSION}-{name}.oci.tar"), &archive)
    }

    /// Writes the digests of all files that are there, for `sha256sum --check`.
    fn sum(&self) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for entry in fs::read_dir(self.output).context("list the artefacts")? {
            let path = entry.context("list the artefacts")?.path();
            let content = fs::read(&path).context("read an artefact")?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            lines.push((name.into_owned(), oci::digest(&content)));
        }
        lines.sort();
        let sums: String =
            lines.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
        self.add("SHA256SUMS", sums.as_bytes())
    }
}

#[expect(clippy::print_stdout, reason = "a chore talks to its user")]
fn print(text: &str) {
    println!("{text}");
}
