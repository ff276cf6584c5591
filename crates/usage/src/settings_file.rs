//! Reads settings files: short texts that a person wrote.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::limits;

/// Reads a whole file.
///
/// Never blocks: a pipe is an error, because opening it would wait for a writer.
///
/// # Errors
/// When it cannot be read, is not a regular file, or is too long.
pub fn read(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut text = String::new();
    File::open(path)?.take(limits::SETTINGS_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limits::SETTINGS_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}
