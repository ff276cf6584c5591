//! `cargo xtask image`: the container image as an OCI layout, without a container engine.
//!
//! The same binary and the same authorities make the same bytes, wherever and whenever that is done.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

mod elf;
mod tar;

/// Nobody in particular: what the images of distroless call nonroot.
const USER: &str = "65532:65532";
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What an image is made of.
#[derive(Debug, Args)]
pub(crate) struct Image {
    /// A static program, such as target/x86_64-unknown-linux-musl/release/ktel
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// The directory to make; it must not be there yet
    #[arg(long, value_name = "DIRECTORY")]
    output: PathBuf,
    /// The authorities that the program trusts
    #[arg(long, value_name = "FILE", default_value = AUTHORITIES)]
    authorities: PathBuf,
}

pub(crate) fn run(image: &Image) -> anyhow::Result<()> {
    let read = |path: &Path| fs::read(path).with_context(|| format!("read `{}`", path.display()));
    let (binary, authorities) = (read(&image.binary)?, read(&image.authorities)?);
    let program = elf::Program::parse(&binary)
        .with_context(|| format!("`{}` is no program for Linux", image.binary.display()))?;
    ensure!(
        program.is_static,
        "`{}` wants libraries that the image does not have; build it with --target x86_64-unknown-linux-musl",
        image.binary.display()
    );
    let mut layer = Vec::new();
    for folder in ["etc", "etc/ssl", "etc/ssl/certs"] {
        tar::folder(&mut layer, folder)?;
    }
    tar::file(&mut layer, "etc/ssl/certs/ca-certificates.crt", 0o644, &authorities)?;
    tar::file(&mut layer, "ktel", 0o755, &binary)?;
    tar::end(&mut layer);
    fs::create_dir(&image.output)
        .and_then(|()| fs::create_dir_all(image.output.join("blobs/sha256")))
        .with_context(|| format!("make the directory `{}`", image.output.display()))?;
    write(&image.output, &layer, program.architecture)
}

/// Writes the layout: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.
fn write(output: &Path, layer: &[u8], architecture: &str) -> anyhow::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let labels = json!({
        "org.opencontainers.image.title": "ktel",
        "org.opencontainers.image.description": "Telemetry for Kubernetes software",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": env!("CARGO_PKG_LICENSE"),
        "org.opencontainers.image.source": env!("CARGO_PKG_REPOSITORY"),
    });
    let blob = |media_type: &str, bytes: &[u8]| -> anyhow::Result<Value> {
        let digest = digest(bytes);
        fs::write(output.join("blobs/sha256").join(&digest), bytes).context("write a blob")?;
        Ok(json!({
            "mediaType": format!("application/vnd.oci.image.{media_type}"),
            "digest": format!("sha256:{digest}"), "size": bytes.len(),
        }))
    };
    let config = json!({
        "architecture": architecture, "os": "linux",
        "config": {"User": USER, "Entrypoint": ["/ktel"], "WorkingDir": "/", "Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", digest(layer))]},
        "history": [{"created_by": "cargo xtask image"}],
    });
    let config = blob("config.v1+json", config.to_string().as_bytes())?;
    let layer = blob("layer.v1.tar+gzip", &compressed(layer)?)?;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config, "layers": [layer], "annotations": labels,
    });
    let mut manifest = blob("manifest.v1+json", manifest.to_string().as_bytes())?;
    manifest["platform"] = json!({"architecture": architecture, "os": "linux"});
    manifest["annotations"] = json!({"org.opencontainers.image.ref.name": version});
    let index = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [manifest],
    });
    let layout = json!({"imageLayoutVersion": "1.0.0"});
    for (name, content) in [("index.json", index), ("oci-layout", layout)] {
        fs::write(output.join(name), content.to_string())
            .with_context(|| format!("write `{name}`"))?;
    }
    Ok(())
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compresses without the time, or anything else of this machine.
fn compressed(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let unknown_system = 255;
    let builder = GzBuilder::new().mtime(0).operating_system(unknown_system);
    let mut gzip: GzEncoder<Vec<u8>> = builder.write(Vec::new(), Compression::best());
    gzip.write_all(bytes).and_then(|()| gzip.finish()).context("compress the layer")
}
