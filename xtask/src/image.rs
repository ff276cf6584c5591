//! `cargo xtask image`: the container image as an OCI layout, without a container engine.
//!
//! The same binary and the same authorities make the same bytes, wherever and whenever that is done.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;

use crate::oci::{self, Artifact, Blob};
use crate::tar;

mod elf;

/// Nobody in particular: what the images of distroless call nonroot.
const USER: &str = "65532:65532";
pub(crate) const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What an image is made of.
#[derive(Debug, Args)]
pub(crate) struct Image {
    /// A static program, such as target/x86_64-unknown-linux-musl/release/ktel
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: PathBuf,
    /// The directory to make; it must not be there yet
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) output: PathBuf,
    /// The authorities that the program trusts
    #[arg(long, value_name = "FILE", default_value = AUTHORITIES)]
    pub(crate) authorities: PathBuf,
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
    write(&image.output, &layer, program.architecture)
}

fn write(output: &Path, layer: &[u8], architecture: &str) -> anyhow::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let labels = json!({
        "org.opencontainers.image.title": "ktel",
        "org.opencontainers.image.description": "Telemetry for Kubernetes software",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": env!("CARGO_PKG_LICENSE"),
        "org.opencontainers.image.source": env!("CARGO_PKG_REPOSITORY"),
    });
    let config = json!({
        "architecture": architecture, "os": "linux",
        "config": {"User": USER, "Entrypoint": ["/ktel"], "WorkingDir": "/", "Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", oci::digest(layer))]},
        "history": [{"created_by": "cargo xtask image"}],
    });
    let artifact = Artifact {
        config: Blob {
            media_type: "application/vnd.oci.image.config.v1+json",
            bytes: config.to_string().into_bytes(),
        },
        layer: Blob {
            media_type: "application/vnd.oci.image.layer.v1.tar+gzip",
            bytes: oci::compressed(layer)?,
        },
        annotations: labels,
        platform: Some(json!({"architecture": architecture, "os": "linux"})),
    };
    oci::write(output, &artifact, version)
}
