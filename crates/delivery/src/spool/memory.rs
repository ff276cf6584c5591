//! A disk in memory, for programs that must not or cannot write files.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::disk::{Disk, Durability, Guard};

/// Files in memory. They are gone when it is dropped.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

/// A lock that locks nothing: no other process can see the files.
#[derive(Debug)]
struct Alone;

impl Guard for Alone {
    fn note(&self, _length: usize) -> io::Result<Vec<u8>> {
        Ok(Vec::new()) // reading the files is as fast here
    }

    fn leave(&self, _note: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

impl Memory {
    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.files.lock().expect("no holder panics")
    }
}

impl Disk for Memory {
    fn lock(&self, _name: &str) -> io::Result<Box<dyn Guard>> {
        Ok(Box::new(Alone))
    }

    fn try_lock(&self, _name: &str) -> io::Result<Option<Box<dyn Guard>>> {
        Ok(Some(Box::new(Alone)))
    }

    fn files(&self) -> io::Result<Vec<(String, u64)>> {
        Ok(Self::files(self).iter().map(|(name, file)| (name.clone(), file.len() as u64)).collect())
    }

    fn read(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let files = Self::files(self);
        let file = files.get(name).ok_or(io::ErrorKind::NotFound)?;
        let place = |at: u64| usize::try_from(at).map_or(file.len(), |at| at.min(file.len()));
        Ok(file[place(offset)..place(offset.saturating_add(length))].to_vec())
    }

    fn append(&self, name: &str, bytes: &[u8], _durability: Durability) -> io::Result<()> {
        Self::files(self).entry(name.to_owned()).or_default().extend_from_slice(bytes);
        Ok(())
    }

    fn append_at(
        &self,
        name: &str,
        length: u64,
        bytes: &[u8],
        _durability: Durability,
    ) -> io::Result<bool> {
        let mut files = Self::files(self);
        let file = files.get_mut(name).filter(|file| file.len() as u64 == length);
        let found = file.map(|file| file.extend_from_slice(bytes));
        Ok(found.is_some())
    }

    fn truncate(&self, name: &str, length: u64) -> io::Result<()> {
        let mut files = Self::files(self);
        let file = files.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        file.truncate(usize::try_from(length).map_err(io::Error::other)?);
        Ok(())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        Self::files(self).insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        Self::files(self).remove(name);
        Ok(())
    }
}
