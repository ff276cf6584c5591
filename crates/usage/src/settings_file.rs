//! Reads files of settings: short texts that a human wrote.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::limits;

/// Reads a file whole.
///
/// Never waits: opening a pipe would hold up the command until somebody writes into it.
///
/// # Errors
/// When it cannot be read, is no regular file, or is too long.
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
