//! OCI layouts: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.
//!
//! The same input makes the same bytes, wherever and whenever that is done.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Bytes and their media type.
#[derive(Debug)]
pub(crate) struct Blob {
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// What the one manifest of a layout names.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub(crate) config: Blob,
    pub(crate) layer: Blob,
    pub(crate) annotations: Value,
    /// Where an image runs.
    pub(crate) platform: Option<Value>,
}

/// Makes the directory `output`, which must not be there yet, and writes the layout with the tag `version`.
pub(crate) fn write(output: &Path, artifact: &Artifact, version: &str) -> anyhow::Result<()> {
    fs::create_dir(output)
        .and_then(|()| fs::create_dir_all(output.join("blobs/sha256")))
        .with_context(|| format!("make the directory `{}`", output.display()))?;
    let blob = |blob: &Blob| -> anyhow::Result<Value> {
        let digest = digest(&blob.bytes);
        fs::write(output.join("blobs/sha256").join(&digest), &blob.bytes)
            .context("write a blob")?;
        Ok(json!({
            "mediaType": blob.media_type,
            "digest": format!("sha256:{digest}"), "size": blob.bytes.len(),
        }))
    };
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type,
        "config": blob(&artifact.config)?, "layers": [blob(&artifact.layer)?],
        "annotations": artifact.annotations,
    });
    let mut manifest = blob(&Blob { media_type, bytes: manifest.to_string().into_bytes() })?;
    if let Some(platform) = &artifact.platform {
        manifest["platform"] = platform.clone();
    }
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

/// Gives the SHA-256 digest in hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compresses without the time, or anything else of this machine.
pub(crate) fn compressed(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let unknown_system = 255;
    let builder = GzBuilder::new().mtime(0).operating_system(unknown_system);
    let mut gzip: GzEncoder<Vec<u8>> = builder.write(Vec::new(), Compression::best());
    gzip.write_all(bytes).and_then(|()| gzip.finish()).context("compress an archive")
}
