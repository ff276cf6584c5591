//! What a user has decided, kept in a file of its own: `on` or `off`.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::directories::Directories;
use crate::product_name::ProductName;
use ktel_delivery::private_file;

const FILE: &str = "preference";

/// A user's lasting decision about one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// Telemetry may be sent.
    On,
    /// It must not be.
    Off,
}

/// Why a preference cannot be kept.
#[derive(Debug, Error)]
pub enum Error {
    /// There is no place for it.
    #[error(
        "there is no directory for the preference: neither `XDG_CONFIG_HOME` nor `HOME` is set"
    )]
    NoDirectory,
    /// The place cannot be written to.
    #[error("keep the preference in `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Error {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "`DO_NOT_TRACK=1` in the environment says no without a file"
    }
}

impl Preference {
    /// Gives the file in which the preference about a product is kept.
    #[must_use]
    pub fn path(directories: &Directories, product: &ProductName) -> Option<PathBuf> {
        Some(directories.config(product)?.join(FILE))
    }

    /// Keeps it: the whole file or none of it, for its owner alone.
    ///
    /// # Errors
    /// When there is no place for it, or the place cannot be written to.
    pub fn write(self, directories: &Directories, product: &ProductName) -> Result<PathBuf, Error> {
        let path = Self::path(directories, product).ok_or(Error::NoDirectory)?;
        let text: &[u8] = match self {
            Self::On => b"on\n",
            Self::Off => b"off\n",
        };
        match private_file::write(&path, text) {
            Ok(()) => Ok(path),
            Err(source) => Err(Error::Write { path, source }),
        }
    }
}
