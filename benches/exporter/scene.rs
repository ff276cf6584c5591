//! What all contestants share.

use std::path::{Path, PathBuf};

/// Samples of each series, one in 15 s.
pub(crate) const SAMPLES: usize = 4;
/// What all contestants share.
pub(crate) struct Scene {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: String,
    pub(crate) series: usize,
    /// When the first sample was taken; the minute after it has them all.
    pub(crate) start_ms: u64,
}

/// Writes a file of a contestant.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}
