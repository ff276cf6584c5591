//! The decision of a user about one product, in a file of its own: `on` or `off`.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::directories::Directories;
use crate::product_name::ProductName;
use ktel_delivery::private_file;

const FILE: &str = "preference";

/// The decision of a user about one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// Telemetry may be sent.
    On,
    /// Telemetry must not be sent.
    Off,
}

/// Why a preference cannot be stored.
#[derive(Debug, Error)]
pub enum PreferenceError {
    /// No directory is known.
    #[error(
        "there is no directory for the preference: neither `XDG_CONFIG_HOME` nor `HOME` is set"
    )]
    NoDirectory,
    /// The file cannot be written.
    #[error("write the preference to `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl PreferenceError {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "set `DO_NOT_TRACK=1` in the environment to turn telemetry off without a file"
    }
}

impl Preference {
    /// Gives the file that holds the preference about a product.
    #[must_use]
    pub fn path(directories: &Directories, product: &ProductName) -> Option<PathBuf> {
        Some(directories.config(product)?.join(FILE))
    }

    /// Writes it: the whole file or nothing, readable only by its owner.
    ///
    /// # Errors
    /// When no directory is known, or the file cannot be written.
    pub fn write(
        self,
        directories: &Directories,
        product: &ProductName,
    ) -> Result<PathBuf, PreferenceError> {
        let path = Self::path(directories, product).ok_or(PreferenceError::NoDirectory)?;
        let text: &[u8] = match self {
            Self::On => b"on\n",
            Self::Off => b"off\n",
        };
        match private_file::write(&path, text) {
            Ok(()) => Ok(path),
            Err(source) => Err(PreferenceError::Write { path, source }),
        }
    }
}
