//! A disk in memory that fills up, tears writes, and forgets at a crash what was not synced.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use ktel_delivery::spool::{Disk, Durability, Guard};

/// What happens to the next write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Only this many bytes get through, then the disk is full.
    FullAfter(usize),
    /// Only this many bytes get through, then the process is killed: nothing works until `reopen`.
    KilledAfter(usize),
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Faulty(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    /// What is on the medium.
    synced: BTreeMap<String, Vec<u8>>,
    fault: Option<Fault>,
    killed: bool,
    /// How often somebody looked at the directory.
    looks: u64,
}

/// The lock, with its note in a file that is never synced.
#[derive(Debug)]
struct Held {
    disk: Faulty,
    name: String,
}

impl Guard for Held {
    fn note(&self, length: usize) -> io::Result<Vec<u8>> {
        self.disk.read(&self.name, 0, length as u64).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(Vec::new()),
            _ => Err(error),
        })
    }

    fn leave(&self, note: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state()?;
        let file = state.files.entry(self.name.clone()).or_default();
        if note.is_empty() {
            file.clear();
        } else {
            file.splice(..note.len().min(file.len()), note.iter().copied());
        }
        Ok(())
    }
}

impl Faulty {
    pub(crate) fn fail_next_write(&self, fault: Fault) {
        self.0.lock().unwrap().fault = Some(fault);
    }

    /// The process is started anew.
    pub(crate) fn reopen(&self) {
        let mut state = self.0.lock().unwrap();
        state.killed = false;
        state.fault = None;
    }

    /// The machine is started anew: of what was not synced, each file keeps a part, and a file
    /// that was removed may be back.
    pub(crate) fn crash(&self, mut kept: impl FnMut(usize) -> usize) {
        let mut state = self.0.lock().unwrap();
        let (files, synced) = (std::mem::take(&mut state.files), state.synced.clone());
        let mut after = synced.clone();
        for (name, content) in files {
            let safe = synced.get(&name).map_or(0, Vec::len).min(content.len());
            let more = kept(content.len() - safe + 1) % (content.len() - safe + 1);
            if synced.contains_key(&name) || more > 0 {
                after.insert(name, content[..safe + more].to_vec());
            }
        }
        state.synced.clone_from(&after);
        state.files = after;
        state.killed = false;
        state.fault = None;
    }

    /// Flips a bit of a file.
    pub(crate) fn damage(&self, ending: &str, byte: usize) {
        let mut state = self.0.lock().unwrap();
        let file = state.files.iter_mut().find(|(name, _)| name.ends_with(ending));
        let (_, content) = file.unwrap();
        let at = byte % content.len();
        content[at] ^= 0x10;
    }

    pub(crate) fn looks(&self) -> u64 {
        self.0.lock().unwrap().looks
    }

    pub(crate) fn bytes(&self) -> u64 {
        let state = self.0.lock().unwrap();
        let parcels = |name: &str| name.ends_with(".log") || name.ends_with(".acks");
        state
            .files
            .iter()
            .filter(|(name, _)| parcels(name))
            .map(|(_, file)| file.len() as u64)
            .sum()
    }

    fn state(&self) -> io::Result<std::sync::MutexGuard<'_, State>> {
        let state = self.0.lock().unwrap();
        if state.killed { Err(io::Error::other("the process is gone")) } else { Ok(state) }
    }
}

impl Disk for Faulty {
    fn lock(&self, name: &str) -> io::Result<Box<dyn Guard>> {
        drop(self.state()?);
        Ok(Box::new(Held { disk: self.clone(), name: name.to_owned() }))
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<Box<dyn Guard>>> {
        self.lock(name).map(Some)
    }

    fn files(&self) -> io::Result<Vec<(String, u64)>> {
        let mut state = self.state()?;
        state.looks += 1;
        Ok(state.files.iter().map(|(name, file)| (name.clone(), file.len() as u64)).collect())
    }

    fn read(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let state = self.state()?;
        let file = state.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        let from = usize::try_from(offset).unwrap().min(file.len());
        let to = usize::try_from(offset + length).unwrap().min(file.len());
        Ok(file[from..to].to_vec())
    }

    fn append(&self, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
        let mut state = self.state()?;
        let fault = state.fault.take();
        let through = match fault {
            Some(Fault::FullAfter(bytes) | Fault::KilledAfter(bytes)) => bytes,
            None => usize::MAX,
        };
        let through = through.min(bytes.len());
        let file = state.files.entry(name.to_owned()).or_default();
        file.extend_from_slice(&bytes[..through]);
        let content = file.clone();
        match fault {
            Some(Fault::FullAfter(_)) => return Err(io::ErrorKind::StorageFull.into()),
            Some(Fault::KilledAfter(_)) => {
                state.killed = true;
                return Err(io::Error::other("killed"));
            }
            None => {}
        }
        if durability == Durability::Synced {
            if content.len() == bytes.len() {
                // The directory is synced with a new file, and with it what was removed before.
                let State { files, synced, .. } = &mut *state;
                synced.retain(|name, _| files.contains_key(name));
            }
            state.synced.insert(name.to_owned(), content);
        }
        Ok(())
    }

    fn append_at(
        &self,
        name: &str,
        length: u64,
        bytes: &[u8],
        durability: Durability,
    ) -> io::Result<bool> {
        let found = self.state()?.files.get(name).is_some_and(|file| file.len() as u64 == length);
        if found {
            self.append(name, bytes, durability)?;
        }
        Ok(found)
    }

    fn truncate(&self, name: &str, length: u64) -> io::Result<()> {
        let mut state = self.state()?;
        let file = state.files.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        file.truncate(usize::try_from(length).unwrap());
        Ok(())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.state()?.files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.state()?.files.remove(name);
        Ok(())
    }
}
