//! What a spool needs of a disk, as a trait, so that tests can use a disk that fails.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Whether bytes must be on the medium before a call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// They survive a crash of the machine.
    Synced,
    /// They survive a `kill -9`. A crash of the machine may lose the last ones.
    Written,
}

/// A lock that is held until this is dropped.
pub trait Guard: fmt::Debug + Send {
    /// Gives the note that the last holder of the lock left, at most `length` bytes; none where a lock
    /// keeps no notes.
    ///
    /// # Errors
    /// As the disk says.
    fn note(&self, length: usize) -> io::Result<Vec<u8>>;

    /// Leaves a note, always of the same length, for the next holder; an empty one removes it.
    ///
    /// # Errors
    /// As the disk says. The note is undefined then.
    fn leave(&self, note: &[u8]) -> io::Result<()>;
}

impl Guard for File {
    fn note(&self, length: usize) -> io::Result<Vec<u8>> {
        let mut note = vec![0; length];
        let read = self.read_at(&mut note, 0)?;
        note.truncate(read);
        Ok(note)
    }

    fn leave(&self, note: &[u8]) -> io::Result<()> {
        if note.is_empty() { self.set_len(0) } else { self.write_all_at(note, 0) }
    }
}

/// A directory of files. A fault-injecting test implements it; [`Directory`] is the real one.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Waits for the lock of this name and takes it, against other processes too.
    ///
    /// # Errors
    /// As the disk says.
    fn lock(&self, name: &str) -> io::Result<Box<dyn Guard>>;

    /// Takes the lock of this name; none if another process has it.
    ///
    /// # Errors
    /// As the disk says.
    fn try_lock(&self, name: &str) -> io::Result<Option<Box<dyn Guard>>>;

    /// Lists the files with their lengths; none when there is no directory.
    ///
    /// # Errors
    /// As the disk says.
    fn files(&self) -> io::Result<Vec<(String, u64)>>;

    /// Reads from `offset` on, at most `length` bytes.
    ///
    /// # Errors
    /// As the disk says; `NotFound` when the file is gone.
    fn read(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>>;

    /// Appends, creating the file. After an error the end of the file is undefined.
    ///
    /// # Errors
    /// As the disk says.
    fn append(&self, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()>;

    /// Appends to a file that has this length, and says whether there was one. After an error the end
    /// of the file is undefined.
    ///
    /// # Errors
    /// As the disk says.
    fn append_at(
        &self,
        name: &str,
        length: u64,
        bytes: &[u8],
        durability: Durability,
    ) -> io::Result<bool>;

    /// Cuts a file to this length.
    ///
    /// # Errors
    /// As the disk says.
    fn truncate(&self, name: &str, length: u64) -> io::Result<()>;

    /// Replaces the content of a file atomically.
    ///
    /// # Errors
    /// As the disk says.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// As the disk says.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// A directory of the file system with mode 0700, its files 0600. The first write creates it.
#[derive(Debug, Clone)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Names the directory without creating it.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Gives its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file, creating the directory if it is missing.
    fn open(&self, name: &str, options: &OpenOptions) -> io::Result<File> {
        let path = self.path.join(name);
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
                options.open(&path)
            }
            opened => opened,
        }
    }

    fn write(&self, file: &mut File, bytes: &[u8], durability: Durability) -> io::Result<()> {
        file.write_all(bytes)?;
        if durability == Durability::Synced {
            let begins = file.metadata()?.len() == bytes.len() as u64;
            file.sync_data()?;
            if begins {
                // After a crash a new file is found only if its directory was synced too.
                File::open(&self.path)?.sync_all()?;
            }
        }
        Ok(())
    }

    fn open_lock(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        // Not truncated: a lock may hold a note.
        self.open(name, options.create(true).truncate(false).read(true).write(true).mode(0o600))
    }
}

impl Disk for Directory {
    fn lock(&self, name: &str) -> io::Result<Box<dyn Guard>> {
        let file = self.open_lock(name)?;
        file.lock()?;
        Ok(Box::new(file))
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<Box<dyn Guard>>> {
        let file = self.open_lock(name)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn files(&self) -> io::Result<Vec<(String, u64)>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            // A name that is not text is not ours.
            let Ok(name) = entry.file_name().into_string() else { continue };
            match entry.metadata() {
                Ok(metadata) => files.push((name, metadata.len())),
                // Another process has just removed it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }

    fn read(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let file = File::open(self.path.join(name))?;
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match file.read_at(&mut bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn append(&self, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
        let mut file = self.open(name, OpenOptions::new().create(true).append(true).mode(0o600))?;
        self.write(&mut file, bytes, durability)
    }

    fn append_at(
        &self,
        name: &str,
        length: u64,
        bytes: &[u8],
        durability: Durability,
    ) -> io::Result<bool> {
        let mut file = match OpenOptions::new().append(true).open(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            opened => opened?,
        };
        let found = file.metadata()?.len() == length;
        if found {
            self.write(&mut file, bytes, durability)?;
        }
        Ok(found)
    }

    fn truncate(&self, name: &str, length: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.path.join(name))?.set_len(length)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let aside = format!("{name}.new");
        self.remove(&aside)?;
        self.append(&aside, bytes, Durability::Written)?;
        fs::rename(self.path.join(aside), self.path.join(name))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}
