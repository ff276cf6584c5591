//! Events in a file that the user can read, one JSON line each.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Record, Sink};
use crate::limits::EVENTS_FILE_BYTES_MAX;

/// Appends to a file. A full file is renamed and replaces the previous one.
#[derive(Debug, Clone)]
pub struct FileSink {
    path: PathBuf,
    bytes_max: u64,
}

impl FileSink {
    /// Names the file. The first event creates it, readable only by its owner.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), bytes_max: EVENTS_FILE_BYTES_MAX }
    }

    /// Gives the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Limits each of the two files.
    #[must_use]
    pub fn bounded(mut self, bytes_max: u64) -> Self {
        self.bytes_max = bytes_max;
        self
    }

    pub(crate) fn append(&self, line: &str) -> io::Result<()> {
        let line = format!("{line}\n");
        if let Some(directory) = self.path.parent() {
            let mut builder = DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(directory)?;
        }
        let full = fs::metadata(&self.path)
            .is_ok_and(|held| held.len() + line.len() as u64 > self.bytes_max);
        if full {
            fs::rename(&self.path, self.older())?;
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)?.write_all(line.as_bytes())
    }

    /// The file that was full.
    fn older(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".1");
        name.into()
    }

    /// Gives what both files hold, oldest first.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn read(&self) -> io::Result<String> {
        let mut text = String::new();
        for path in [self.older(), self.path.clone()] {
            match fs::read_to_string(path) {
                Ok(held) => text.push_str(&held),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(text)
    }
}

impl Sink for FileSink {
    fn emit(&mut self, record: &Record) -> io::Result<()> {
        self.append(record.json())
    }
}
