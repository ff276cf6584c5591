//! Why an agent file cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// It cannot be read.
    #[error("read the configuration `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not of this format.
    #[error("`{file}` is not a configuration of an agent: {message}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong, and where.
        message: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// One of its schemas cannot be read.
    #[error("read the schema `{schema}` of `{file}`")]
    SchemaFile {
        /// The configuration.
        file: String,
        /// The schema.
        schema: String,
        /// Why not.
        source: io::Error,
    },
    /// One of its schemas is none.
    #[error("the schema `{schema}` of `{file}`")]
    Schema {
        /// The configuration.
        file: String,
        /// The schema.
        schema: String,
        /// Why not.
        source: Box<ktel_model::standard::Error>,
    },
}

impl Error {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Format { hint, .. } => hint.clone(),
            Self::Read { .. } | Self::SchemaFile { .. } | Self::Schema { .. } => None,
        }
    }
}

/// What is wrong, and what to write instead.
pub(super) struct Wrong(pub(super) String, pub(super) Option<String>);

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self(message, None)
    }
}

pub(super) fn hinted(message: String, hint: impl Into<String>) -> Wrong {
    Wrong(message, Some(hint.into()))
}
