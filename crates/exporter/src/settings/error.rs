//! Why settings cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why settings cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The text is no settings file.
    #[error("`{file}` is no settings file of the exporter: {message}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong, and where.
        message: String,
        /// What to write instead.
        hint: Option<&'static str>,
    },
}

impl Error {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Format { hint, .. } => *hint,
            Self::Read { .. } => None,
        }
    }
}

/// What is wrong with a text, and what to write instead.
#[derive(Debug)]
pub(super) struct Wrong {
    message: String,
    hint: Option<&'static str>,
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Puts the path of a key before the message.
    pub(super) fn at(key: &str, message: impl std::fmt::Display) -> Self {
        Self::new(format!("`{key}`: {message}"))
    }

    pub(super) fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    pub(super) fn of(self, file: &str) -> Error {
        Error::Format { file: file.to_owned(), message: self.message, hint: self.hint }
    }
}
