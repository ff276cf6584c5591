//! Why a product file cannot be used, and what to do next.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::event::InvalidVocabulary;
use crate::product_name::{InvalidName, ProductName};

/// Why a product file cannot be used.
#[derive(Debug, Error)]
pub enum ProductFileError {
    /// There is no such file.
    #[error("no product file is called `{name}`")]
    NotFound {
        /// As given.
        name: String,
        /// The paths that were tried.
        looked: Vec<PathBuf>,
    },
    /// The name is not a product name.
    #[error("look for the product file `{name}`")]
    Name {
        /// As given.
        name: String,
        /// The reason.
        source: InvalidName,
    },
    /// It cannot be read.
    #[error("read the product file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// It is not of the format.
    #[error("`{file}` is not a product file: {message}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// It is the file of another product.
    #[error("the product file `{file}` is the file of `{name}`")]
    OtherName {
        /// The file.
        file: String,
        /// The name in it.
        name: ProductName,
    },
    /// One of its commands is not valid.
    #[error("the commands of `{file}`")]
    Commands {
        /// The file.
        file: String,
        /// The reason.
        source: InvalidVocabulary,
    },
    /// One of its schemas cannot be read.
    #[error("read the schema `{schema}` of `{file}`")]
    SchemaFile {
        /// The product file.
        file: String,
        /// The schema.
        schema: String,
        /// The reason.
        source: io::Error,
    },
    /// One of its schemas is not valid.
    #[error("the schema `{schema}` of `{file}`")]
    Schema {
        /// The product file.
        file: String,
        /// The schema.
        schema: String,
        /// The reason.
        source: Box<ktel_model::standard::Error>,
    },
}

impl ProductFileError {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { looked, .. } => {
                let looked: Vec<_> =
                    looked.iter().map(|path| format!("`{}`", path.display())).collect();
                Some(format!("looked for {}", looked.join(", ")))
            }
            Self::OtherName { name, .. } => Some(format!("call the file `{name}.yaml`")),
            Self::Name { .. }
            | Self::Read { .. }
            | Self::Format { .. }
            | Self::Commands { .. }
            | Self::SchemaFile { .. }
            | Self::Schema { .. } => None,
        }
    }
}
