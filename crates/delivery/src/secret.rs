//! Secrets, which are never printed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::limits;

/// A token or a header's value. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret without the white space around it.
    #[must_use]
    pub fn new(word: &str) -> Self {
        Self(word.trim().to_owned())
    }

    /// Reads the secret in a file.
    ///
    /// # Errors
    /// When it cannot be read, is too large or is empty.
    pub fn read(path: &Path) -> io::Result<Self> {
        let word = Self::new(&read_text(path)?);
        if word.0.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty"));
        }
        Ok(word)
    }

    /// Gives the secret, to be sent.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Reads a small text file.
///
/// # Errors
/// When it cannot be read, is too large or is no text.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let limit = limits::SECRET_FILE_BYTES_MAX;
    File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is too large"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_read_whole_and_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cr3t\n").unwrap();
        let secret = Secret::read(file.path()).unwrap();
        assert_eq!(secret.reveal(), "s3cr3t");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        std::fs::write(file.path(), " \n").unwrap();
        assert!(Secret::read(file.path()).is_err());
    }
}
