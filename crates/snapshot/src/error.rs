//! What can be wrong with a snapshot.

use std::path::PathBuf;

/// Tells why a snapshot could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or directory could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not valid JSON.
    #[error("`{}:{line}:{column}` is not valid JSON", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A file is not valid YAML.
    #[error("`{}:{line}:{column}` is not valid YAML", path.display())]
    Yaml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What the parser said.
        source: Box<serde_saphyr::Error>,
    },
    /// A file is larger than a snapshot may be.
    #[error("`{}` holds more than {bytes_max} bytes", path.display())]
    TooLarge {
        /// The file, or the directory whose files are too large together.
        path: PathBuf,
        /// The limit.
        bytes_max: u64,
    },
    /// A directory holds more files than a snapshot may.
    #[error("`{}` holds more than {files_max} files", path.display())]
    TooMany {
        /// The directory.
        path: PathBuf,
        /// The limit.
        files_max: usize,
    },
    /// Nothing in the file or directory is a Kubernetes object.
    #[error("`{}` holds no Kubernetes object ({skipped} skipped)", path.display())]
    Empty {
        /// The file or directory.
        path: PathBuf,
        /// How many files and values were looked at in vain.
        skipped: usize,
    },
    /// A value is not a Kubernetes object.
    #[error("`{what}` {reason}")]
    Object {
        /// The value, as far as it can be named.
        what: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}
